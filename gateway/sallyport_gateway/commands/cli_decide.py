"""`sallyport-gateway decide`: replays a case file, or the whole library, and says what was decided and why."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from sallyport_gateway.authority.policy import load_release_policy, release_policy
from sallyport_gateway.casebook.files import LIBRARY, expand, library, named_case
from sallyport_gateway.casebook.replay import Replay, replay
from sallyport_gateway.commands.options import Json, trouble_is_2
from sallyport_protocol.checks import CheckOutcome
from sallyport_protocol.decision import Verdict
from sallyport_protocol.errors import RoadError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_COLOURS = {Verdict.RELEASE: "green", Verdict.HOLD: "red", Verdict.REFER: "yellow"}


@app.command(name="decide")
def decide_command(
    case: Annotated[Path | None, typer.Argument(help="A case file; without it, --library", show_default=False)] = None,
    whole_library: Annotated[bool, typer.Option("--library", help="Replay every case of the library")] = False,
    folder: Annotated[Path, typer.Option(help="The library's folder", show_default="ours")] = LIBRARY,
    policy: Annotated[Path | None, typer.Option(help="Another release policy (JSON)", show_default=False)] = None,
    expanded: Annotated[
        bool, typer.Option("--expand", help="Print the case in its complete form; decide nothing")
    ] = False,
    as_json: Json = False,
) -> None:
    """Decide a case again: who may leave, by which checks, and what a hold waits for.

    Exit code 0: as the case expects; 1: not as it expects; 2: a file cannot be used.
    docs/authority.md tells the form of a case, casebook/schema.json is its schema.
    """
    if whole_library == (case is not None):
        raise typer.BadParameter("give either a case file or --library")
    with trouble_is_2():
        standard = release_policy() if policy is None else load_release_policy(_read(policy))
        if case is None:
            replays = [(path.stem, replay(each, standard)) for path, each in library(folder)]
            _tell_library(replays, as_json)
        elif expanded:
            typer.echo(json.dumps(expand(case), indent=1, ensure_ascii=False))
            return
        else:
            replays = [(case.stem, replay(named_case(case), standard))]
            _tell_case(replays[0][1], as_json)
    raise typer.Exit(1 if any(each.wrong for _, each in replays) else 0)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RoadError(f"{path} cannot be read: {error.strerror}.") from error


def _tell_library(replays: list[tuple[str, Replay]], as_json: bool) -> None:
    wrong: list[dict[str, Any]] = [
        {"case": name, "name": each.case.name, "differences": list(each.wrong)} for name, each in replays if each.wrong
    ]
    if as_json:
        verdicts = {verdict.value: sum(e.decision.verdict is verdict for _, e in replays) for verdict in Verdict}
        typer.echo(json.dumps({"cases": len(replays), "wrong": len(wrong), "verdicts": verdicts, "differences": wrong}))
        return
    console = Console()
    for name, each in replays:
        colour = _COLOURS[each.decision.verdict]
        sign = "[red]wrong[/]" if each.wrong else "[green]as expected[/]"
        console.print(f"{sign}  [{colour}]{each.decision.verdict:8}[/] {name}: {escape(each.case.name)}")
        for line in each.wrong:
            console.print(f"           {escape(line)}", style="red")
    console.print(f"{len(replays)} cases, {len(wrong)} wrong")


def _tell_case(told: Replay, as_json: bool) -> None:
    decision = told.decision
    if as_json:
        typer.echo(json.dumps({**decision.to_map(), "wrong": list(told.wrong)}, ensure_ascii=False))
        return
    console = Console()
    console.print(f"[bold {_COLOURS[decision.verdict]}]{decision.verdict}[/]  {escape(told.case.name)}")
    if decision.cause is not None:
        console.print(f"Cause: {decision.cause.wording}. Owner: {decision.owner}. {decision.next_step.wording}")
    for check in decision.checks:
        sign = {CheckOutcome.PASS: "[green]pass   [/]", CheckOutcome.FAIL: "[red]fail   [/]"}
        outcome = sign.get(check.outcome, "[yellow]unknown[/]")
        console.print(f"{int(check.number):3} {outcome} {escape(check.sentence)}")
    for line in told.wrong:
        console.print(f"Not as expected: {escape(line)}", style="red")
