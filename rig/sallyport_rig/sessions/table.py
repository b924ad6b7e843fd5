"""The report as a table and as a plot."""

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sallyport_models.figure import figure_at
from sallyport_rig.sessions.kiosk import Layer
from sallyport_rig.sessions.report import SessionReport, Share


def show(report: SessionReport) -> None:
    """On standard output."""
    console = Console()
    left = ", ".join(f"{count} {action}" for action, count in report.undrawn.items()) or "nobody"
    console.print(
        f"{report.people} rendered people ({report.with_another_photograph} compared with another photograph); "
        f"left out: {report.unfit} photographs, and for an action that cannot be seen in the drawing {left}"
    )
    console.print(f"genuine: suspected (BPCER) {told(report.bpcer)}, otherwise no match {told(report.not_matched)}")
    light = _counts(report.genuine_light)
    console.print(f"  challenged again {report.genuine_doubted}; light: {light}; median {report.seconds:.0f} s")
    for reason, count in report.genuine_reasons.items():
        console.print(f"  {count}: {reason}")
    table = Table()
    table.add_column("species", no_wrap=True)
    for heading in ("shown", "accepted"):
        table.add_column(heading, justify="right")
    table.add_column("APCER %, 95 %", no_wrap=True)
    table.add_column("stopped first by")
    for layer in Layer:
        table.add_column(f"{layer} alone", justify="right")
    table.add_column("s", justify="right")
    for name, each in report.species.items():
        shown, alone = each.apcer, [str(each.alone[str(layer)]) for layer in Layer]
        row = (name, str(shown.sessions), str(shown.count), _bounds(shown), _counts(each.first))
        table.add_row(*row, *alone, f"{each.seconds:.0f}")
    console.print(table)
    console.print(report.not_shown)


def told(share: Share) -> str:
    """In words."""
    return f"{share.count} of {share.sessions} ({_bounds(share)} %)"


def draw(path: Path, report: SessionReport) -> None:
    """Share of each species that each layer alone stops, and what is accepted. Raises RoadError."""
    names = list(report.species)
    with figure_at(path, size=(9.0, 0.42 * len(names) + 1.5)) as axes:
        columns = [*map(str, Layer), "accepted"]
        values = [
            [*(each.alone[str(layer)] / each.apcer.sessions for layer in Layer), each.apcer.rate]
            for each in report.species.values()
        ]
        axes.imshow(values, vmin=0.0, vmax=1.0, cmap="Greys", aspect="auto")
        for row, shares in enumerate(values):
            for column, share in enumerate(shares):
                axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", color=_ink(share))
        axes.set_xticks(range(len(columns)), columns)
        axes.set_yticks(range(len(names)), names)
        axes.set_title("% of sessions that each layer alone stops, and that are accepted (rendered)")


def _ink(share: float) -> str:
    return "white" if share > 0.5 else "black"


def _bounds(share: Share) -> str:
    return f"{100 * share.rate:.1f}, {100 * share.interval.low:.1f} to {100 * share.interval.high:.1f}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name or 'time'} {count}" for name, count in sorted(counts.items(), key=lambda each: -each[1]))
