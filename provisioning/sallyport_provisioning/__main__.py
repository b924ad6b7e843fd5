"""`sallyport-estate`: make, show, verify and change an estate of kiosks, gateways, interlocks and officers."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sallyport_link.program import ENDINGS, Version, run_program
from sallyport_provisioning import lifecycle
from sallyport_provisioning.apply import MOST_REVOCATIONS, apply, create_development_estate, plan_of
from sallyport_provisioning.approved import approved_now
from sallyport_provisioning.broker import run_in_foreground
from sallyport_provisioning.estate import Estate, open_estate
from sallyport_provisioning.examine import examine
from sallyport_provisioning.overview import overview
from sallyport_provisioning.publish import approved_before

_HELP = f"""Make, show, verify and change an estate of kiosks, gateways, interlocks and officers.

Begin with `dev DIR`, or write DIR/estate.toml and say `plan DIR`.

{ENDINGS}"""

app = typer.Typer(help=_HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Place = Annotated[Path, typer.Argument(metavar="DIR", help="The estate's directory", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output")]


@app.callback()
def _root(told: Version = False) -> None:
    """Options of the program itself."""


@app.command("dev")
def make_development_estate(
    place: Place,
    force: Annotated[bool, typer.Option("--force", help="Replace the estate there: keys, records and all")] = False,
    broker_port: Annotated[int, typer.Option(help="Where devices and gateways meet")] = 8883,
    gateway_port: Annotated[int, typer.Option(help="Of the officers' pages")] = 8080,
    screen_port: Annotated[int, typer.Option(help="Of the prisoner's page")] = 8081,
    camera: Annotated[str, typer.Option(help="URI of the camera; a path in it is relative to kiosk.toml")] = "",
    sensor: Annotated[str, typer.Option(help="URI of the fingerprint sensor")] = "",
    lock: Annotated[str, typer.Option(help="URI of the interlock's line")] = "",
    gateways: Annotated[int, typer.Option(help="How many; several need --store", min=1)] = 1,
    store: Annotated[str, typer.Option(help="postgresql+psycopg://… that the gateways share")] = "",
    as_json: Json = False,
) -> None:
    """Make a development estate: authority, identities, keys, signed documents, broker."""
    estate = create_development_estate(
        place,
        broker_port=broker_port,
        gateway_port=gateway_port,
        screen_port=screen_port,
        camera=camera,
        sensor=sensor,
        lock=lock,
        gateways=gateways,
        store=store,
        force=force,
    )
    _show(estate, as_json)


@app.command()
def show(place: Place, as_json: Json = False) -> None:
    """Show holders, roles, fingerprints, ends of certificates, versions of documents."""
    _show(open_estate(place), as_json)


@app.command()
def verify(place: Place, as_json: Json = False) -> None:
    """Check chains, keys, permissions, signatures and digests. Exit code 1: something is wrong."""
    findings = examine(open_estate(place), _now())
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in findings], indent=2))
    else:
        table = Table("", "who", "what", "finding")
        for each in findings:
            table.add_row(
                "[green]✓ good[/]" if each.good else "[red]✗ BAD[/]", each.subject, each.what, escape(each.detail)
            )
        Console().print(table)
    if not all(each.good for each in findings):
        raise typer.Exit(1)


@app.command("plan")
def plan_changes(place: Place, as_json: Json = False) -> None:
    """Show what `apply` would do about keys and certificates. Exit code 2: there is something to do."""
    steps = plan_of(open_estate(place))
    if as_json:
        typer.echo(json.dumps([asdict(step) for step in steps], indent=2))
    else:
        typer.echo("\n".join(f"{step.do} {step.name}: {step.why}" for step in steps) or "nothing to do")
    raise typer.Exit(2 if steps else 0)


@app.command("apply")
def apply_description(
    place: Place,
    revoke_at_most: Annotated[
        int, typer.Option("--revoke", help="Holders that may vanish from estate.toml at once")
    ] = MOST_REVOCATIONS,
    as_json: Json = False,
) -> None:
    """Make the directory what estate.toml says: enrol, renew, revoke, sign and deliver what differs."""
    applied = apply(open_estate(place), now=_now(), most_revocations=revoke_at_most)
    if as_json:
        typer.echo(json.dumps(asdict(applied), indent=2))
        return
    steps = [f"{step.do} {step.name}" for step in applied.steps]
    for what, done in (("keys", steps), ("signed", applied.signed), ("delivered", applied.delivered)):
        typer.echo(f"{what}: {', '.join(done[:12]) or 'nothing'}{f' and {len(done) - 12} more' if done[12:] else ''}")


@app.command()
def approve(
    place: Place,
    keep: Annotated[bool, typer.Option("--keep", help="Leave earlier builds approved while a roll-out runs")] = False,
) -> None:
    """Approve the manifest's models and the installed builds of kiosk and interlock, after a change of any."""
    estate = open_estate(place)
    approved = approved_now()
    apply(estate, now=_now(), approved=approved.besides(approved_before(estate)) if keep else approved)
    signed = estate.model_set()
    typer.echo(f"model set version {signed.version}: {signed.digest.hex()}, {len(signed.models)} models")
    for what, digests in (("kiosk", signed.software), ("interlock", signed.firmware)):
        typer.echo(f"{what} builds: {', '.join(each.hex() for each in digests)}")


@app.command()
def revoke(
    place: Place,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The holder, as `show` names it")],
    reason: Annotated[str, typer.Option(help="Kept with the authority")] = "unspecified",
) -> None:
    """Revoke a holder's certificate or keys; list and registry are signed again."""
    told = lifecycle.revoke(open_estate(place), name, reason, _now())
    already = " (it was already)" if told.already else ""
    typer.echo(f"{name} is revoked{already}; registry version {told.registry_version}. {_RELOAD}")


@app.command()
def renew(
    place: Place,
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Holders, as `show` names them")] = None,
) -> None:
    """Renew keys and certificates of NAMEs, else of all that end within 30 days; the old ones are revoked."""
    estate = open_estate(place)
    chosen = names or lifecycle.due_for_renewal(estate, _now())
    for name in chosen:
        lifecycle.renew(estate, name, _now())
    apply(estate, now=_now())
    typer.echo(f"renewed: {', '.join(chosen) or 'nobody was due'}. {_RELOAD if chosen else ''}".strip())


@app.command()
def broker(place: Place) -> None:
    """Run the estate's broker in the foreground, installing Mosquitto where this account may."""
    raise typer.Exit(run_in_foreground(open_estate(place), typer.echo))


_RELOAD = "Gateways read it by themselves; send the broker SIGHUP or restart it."


def main() -> None:
    """The console script: errors of ours end in one line and exit code 1."""
    run_program("sallyport-estate", app)


def _show(estate: Estate, as_json: bool) -> None:
    view: dict[str, Any] = overview(estate, _now())
    if as_json:
        typer.echo(json.dumps(view, indent=2))
        return
    table = Table("name", "roles", "where", "fingerprint", "until", "status", title=f"Estate {view['estate']}")
    for row in view["holders"]:
        where = row["lane"] or row["prison"] or "estate"
        style = "red" if row["status"] != "ACTIVE" or row["expired"] else ""
        until = row["until"] or f"epoch {row['epoch']}"
        cells = (row["name"], ", ".join(row["roles"]), where, row["fingerprint"][:16], until, row["status"])
        table.add_row(*cells, style=style)
    console = Console()
    console.print(table)
    console.print(", ".join(f"{name} version {number}" for name, number in view["versions"].items()), highlight=False)


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
