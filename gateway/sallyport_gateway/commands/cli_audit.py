"""Look at a gateway's audit log and verify it. Exit code 0: sound; 1: it was tampered with; 2: it cannot be read."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from sallyport_gateway.audit import checkpoint, heads, log, shown, statistics, tree, verify
from sallyport_gateway.audit.witness import FileWitness, HttpWitness, Witness
from sallyport_gateway.commands.opened_log import OpenedLog, reads_a_log
from sallyport_gateway.commands.options import Json
from sallyport_protocol.errors import RoadError

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

WitnessPlace = Annotated[str | None, typer.Option("--witness", help="The witness's folder or http(s) address")]
Index = Annotated[int, typer.Argument(min=0, help="The entry's index")]
Since = Annotated[datetime | None, typer.Option(help="From this time on (UTC)")]
Until = Annotated[datetime | None, typer.Option(help="Before this time (UTC)")]
Kind = Annotated[str | None, typer.Option("--kind", help="Only entries of this kind")]


@app.command("verify")
@reads_a_log
def verify_log(opened: OpenedLog, witness: WitnessPlace = None, as_json: Json = False) -> None:
    """Verify every entry, every signed head and, with --witness, what the witness has seen."""
    note = _witness(witness).latest(opened.name) if witness else None
    size, started = log.size(opened.conn, opened.name), time.perf_counter()
    with _progress(size, quiet=as_json) as tell:
        report = verify.verify(opened.conn, opened.name, opened.keys, note, tell)
    seconds = time.perf_counter() - started
    if as_json:
        _print_json(asdict(report) | {"sound": report.sound, "seconds": round(seconds, 3)})
    else:
        _show_report(report, seconds, witnessed=note is not None)
    raise typer.Exit(0 if report.sound else 1)


@app.command()
@reads_a_log
def head(opened: OpenedLog, as_json: Json = False) -> None:
    """Show the newest signed head that is kept with the log, its signature checked."""
    conn, which = opened.conn, opened.name
    note, size = heads.newest(conn, which), log.size(conn, which)
    if note is None:
        raise RoadError(f"No head of {which} is signed yet ({size} entries): start the gateway and wait a minute.")
    signed = checkpoint.verify(note, opened.keys)
    agrees = signed.size <= size and log.root(conn, which, signed.size) == signed.root
    if as_json:
        _print_json({"log": which, "size": signed.size, "root": signed.root, "agrees": agrees, "note": note})
    else:
        typer.echo(note, nl=False)
        typer.echo("The entries agree with this head." if agrees else "The entries do NOT agree with this head.")
    raise typer.Exit(0 if agrees else 1)


@app.command()
@reads_a_log
def prove(opened: OpenedLog, index: Index, as_json: Json = False) -> None:
    """Prove by its Merkle path that an entry is under the newest signed head."""
    conn, which = opened.conn, opened.name
    note, entry = heads.newest(conn, which), log.find(conn, which, index)
    if entry is None:
        raise RoadError(f"{which} has no entry {index}: it has {log.size(conn, which)}.")
    signed = checkpoint.verify(note, opened.keys) if note else None
    if note is None or signed is None or signed.size <= index:
        raise RoadError(f"No kept head covers entry {index} yet: wait a minute while the gateway runs.")
    path = tree.inclusion_proof(index, signed.size, log.reader(conn, which))
    holds = tree.root_by_inclusion(entry.leaf, index, signed.size, path) == signed.root
    if as_json:
        _print_json({"entry": shown.as_map(entry), "path": path, "head": note, "holds": holds})
    else:
        typer.echo(f"entry {index} of {which}, leaf {entry.leaf.hex()}")
        typer.echo("".join(f"  {step.hex()}\n" for step in path) + note, nl=False)
        typer.echo("The path leads to the signed root." if holds else "The path does NOT lead to the signed root.")
    raise typer.Exit(0 if holds else 1)


@app.command()
@reads_a_log
def show(
    opened: OpenedLog,
    index: Annotated[int | None, typer.Argument(min=0, help="One entry; without it, the last ones")] = None,
    last: Annotated[int, typer.Option(min=1, help="How many entries from the end")] = 20,
    kind: Kind = None,
    as_json: Json = False,
) -> None:
    """Show one entry, or the last ones."""
    conn, which = opened.conn, opened.name
    size = log.size(conn, which)
    low, high = (max(0, size - last), size) if index is None else (index, index + 1)
    found = [entry for entry in log.entries(conn, which, low, high) if kind in (None, entry.kind)]
    if index is not None and not found:
        raise RoadError(f"{which} has no entry {index}: it has {size}.")
    maps = [shown.as_map(entry) for entry in found]
    if as_json:
        _print_json(maps if index is None else maps[0])
        return
    table = Table("index", "at", "kind", "body")
    for each in maps:
        table.add_row(str(each["index"]), each["at"], each["kind"], json.dumps(each["body"], ensure_ascii=False))
    Console().print(table)


@app.command()
@reads_a_log
def export(
    opened: OpenedLog,
    out: Annotated[Path | None, typer.Option("--out", help="File to write", show_default="standard output")] = None,
    form: Annotated[str, typer.Option("--format", help="jsonl or csv")] = "jsonl",
    kind: Kind = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """Write entries as JSON lines or CSV, for statistics."""
    writers = {"jsonl": shown.json_lines, "csv": shown.csv_lines}
    if form not in writers:
        raise typer.BadParameter(f"{form!r} is not a format: use jsonl or csv", param_hint="--format")
    low, high = _millis(since, 0), _millis(until, 2**62)
    every = log.entries(opened.conn, opened.name)
    lines = writers[form](e for e in every if low <= e.at < high and kind in (None, e.kind))
    if out is None:
        sys.stdout.writelines(lines)
    else:
        _write(out, lines)


@app.command("statistics")
@reads_a_log
def count_decisions(
    opened: OpenedLog,
    out: Annotated[Path | None, typer.Option("--out", help="CSV file to write", show_default="standard output")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="SVG picture to write as well")] = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """Count decisions by month, prison, verdict and cause."""
    low, high = _millis(since, 0), _millis(until, 2**62)
    every = log.entries(opened.conn, opened.name)
    counts = statistics.count(entry for entry in every if low <= entry.at < high)
    if plot is not None:
        _write(plot, iter([statistics.as_svg(counts)]))
    if out is not None:
        _write(out, iter([statistics.as_csv(counts)]))
    else:
        typer.echo(statistics.as_csv(counts), nl=False)


def _witness(place: str) -> Witness:
    if place.startswith(("http://", "https://")):
        return HttpWitness(httpx.Client(timeout=10.0), place.rstrip("/"))
    return FileWitness(Path(place))


@contextmanager
def _progress(size: int, quiet: bool) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("verifying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as bar:
        task = bar.add_task("", total=size)
        yield lambda done: bar.update(task, completed=done)


def _show_report(report: verify.Report, seconds: float, witnessed: bool) -> None:
    console = Console()
    console.print(f"{report.log}: {report.size} entries in {seconds:.1f} s, root {report.root.hex()}")
    seen = "the witness among them" if witnessed else "no witness was asked"
    console.print(f"{report.heads} signed heads agree ({seen}); the newest covers {report.covered} entries")
    for fault in report.faults:
        console.print(f"{fault.kind.value}: {fault.sentence}", style="bold red")
    console.print("Sound." if report.sound else "NOT sound: keep this store as evidence and tell the auditor.")


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(shown.plain(value), ensure_ascii=False, indent=2))


def _millis(moment: datetime | None, otherwise: int) -> int:
    return otherwise if moment is None else int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1_000)


def _write(out: Path, lines: Iterator[str]) -> None:
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
    except OSError as error:
        raise RoadError(f"{out}: {error.strerror}; name a file that can be written") from error
