"""`sallyport-gateway watch`: how the models in use behave, by site, model set and group, and what is stopped."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from sallyport_gateway.commands.options import GATEWAY_TOML, Config, Json
from sallyport_gateway.configuration import load_configuration
from sallyport_gateway.store import Store
from sallyport_gateway.watch.cusum import make_test, sessions_to_alarm
from sallyport_gateway.watch.fold import Key, Watch
from sallyport_gateway.watch.plot import draw_watch
from sallyport_gateway.watch.policy import WatchPolicy, watch_policy
from sallyport_gateway.watch.rounds import Lookout
from sallyport_gateway.watch.simulate import simulate
from sallyport_gateway.watch.sketch import LOWEST


def watch_command(
    config: Config = GATEWAY_TOML,
    as_json: Json = False,
    plot: Annotated[Path | None, typer.Option(help="Draw the charts and distributions here (PNG or SVG)")] = None,
    simulated: Annotated[
        bool,
        typer.Option("--simulate", help="No store: how soon the stop rule acts, and how often for nothing"),
    ] = False,
) -> None:
    """Show how the models in use score, retry and raise alarms, from the audit log; no biometric is in it."""
    policy = watch_policy()
    if simulated:
        _show_simulation(policy, as_json)
        return
    lookout = Lookout(policy)
    with Store(load_configuration(config).store_url) as store:
        store.read_now(lambda conn: lookout.look(conn, datetime.now(UTC)))
    if plot:
        draw_watch(plot, lookout.watch)
    if as_json:
        typer.echo(json.dumps(as_map(lookout.watch), indent=2))
    else:
        _show(lookout.watch)


def as_map(watch: Watch) -> dict[str, Any]:
    """Everything that is watched, for other programs."""
    return {
        "charts": [
            {
                **_named(key),
                "sessions": chart.sessions,
                "events": chart.events,
                "share": chart.events / chart.sessions if chart.sessions else None,
                "usual": chart.test.usual,
                "sum": chart.total,
                "limit": chart.test.limit,
                "stopped": chart.stopped,
            }
            for key, chart in sorted(watch.charts.items(), key=lambda pair: str(pair[0]))
        ],
        "distributions": [
            {
                "prison": place[0],
                "model_set": place[1],
                "modality": place[2],
                "group": place[3],
                "lowest": LOWEST,
                "counts": sketch.counts,
                "median": sketch.quantile(0.5),
            }
            for place, sketch in sorted(watch.sketches.items())
        ],
        "alarms": [{**_named(each.key), "at": each.at, "sentence": each.sentence} for each in watch.alarms],
        "held": sorted(watch.stopped),
    }


def _named(key: Key) -> dict[str, str]:
    return {
        "prison": key.prison,
        "model_set": key.model_set,
        "measure": key.measure,
        "modality": key.part,
        "group": key.group,
    }


def _show(watch: Watch) -> None:
    console = Console()
    if not watch.charts:
        console.print("Nothing to show: no release by a kiosk is in the audit log yet.")
        return
    table = Table("prison, models", "measure", "group", "events", "usual", "sum, limit")
    for key, chart in sorted(watch.charts.items(), key=lambda pair: str(pair[0])):
        state = f"{chart.total:.1f}, {chart.test.limit:.1f}"
        table.add_row(
            f"{key.prison} {key.model_set[:8]}",
            f"{key.measure} {key.part}".strip(),
            key.group or "everybody",
            f"{chart.events} of {chart.sessions}",
            f"{chart.test.usual:.0%}",
            f"[bold red]{state} STOPPED[/]" if chart.stopped else state,
        )
    console.print(table)
    for alarm in watch.alarms:
        console.print(
            f"{datetime.fromtimestamp(alarm.at / 1_000, UTC):%Y-%m-%d %H:%M} {alarm.sentence}", soft_wrap=True
        )


def _show_simulation(policy: WatchPolicy, as_json: bool) -> None:
    rows = []
    for name, measure in (("retry", policy.retry), ("weak", policy.weak)):
        test = make_test(measure.usual, measure.bad, policy.sessions_to_false_alarm)
        for share in (measure.usual, (measure.usual + measure.bad) / 2, measure.bad):
            found = simulate(test, share)
            rows.append({"measure": name, "share": share, "stated_sessions": sessions_to_alarm(test, share), **found})
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table(
        "measure", "share of events", "sessions to an alarm, worked out", "simulated, median", "stopped in all"
    )
    for row in rows:
        table.add_row(
            row["measure"],
            f"{row['share']:.0%}",
            f"{row['stated_sessions']:,.0f}",
            f"{row['median']:,.0f}" if row["median"] is not None else "none",
            f"{row['stopped']} of {row['runs']} within {row['sessions']:,}",
        )
    Console().print(table)
