"""`make run`: plays the product's main job on this machine, and says whether every scenario ended as it must."""

import json
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from sallyport_kiosk.drivers.cameras import make_camera
from sallyport_link.program import run_program
from sallyport_protocol.errors import MalformedError, SallyportError
from sallyport_rig.demonstration.outcome import Outcome
from sallyport_rig.demonstration.play import Play
from sallyport_rig.demonstration.scenarios import ALIVE, SCENARIOS, Scenario
from sallyport_rig.demonstration.world import World

console = Console(highlight=False)
_HEARD_EVERY_S = 240.0
_WIDE = 130
"""Columns of the terminal from which the table shows everything."""


def demonstrate(
    folder: Annotated[Path, typer.Option(help="Where the estate, logs and summary go")] = Path("run"),
    samples: Annotated[Path, typer.Option(help="The public sample images")] = Path("var/samples"),
    keep: Annotated[bool, typer.Option("--keep", help="Leave it running afterwards, with the officer's page")] = False,
    camera: Annotated[str, typer.Option(help="A webcam's number, or a camera URI, instead of photographs")] = "",
    alive: Annotated[
        bool, typer.Option("--alive", help="Also play the tenth: liveness, and a rendered person")
    ] = False,
    only: Annotated[list[str] | None, typer.Option(help="Play only these scenarios, such as 1,7")] = None,
) -> None:
    """Real photographs and fingerprints through kiosk, broker, gateway and interlock; the door opens or stays shut."""
    uri = _uri(camera)
    if uri is not None:
        _try(uri)
    every = SCENARIOS + ((ALIVE,) if alive else ())
    wanted = chosen(only or [], len(every))
    began = datetime.now(UTC)
    with World(folder, samples, uri, say=lambda words: _say(words, "dim")) as world:
        world.all_in_order()
        if uri is not None:
            _wait_with_camera(world)
            return
        outcomes = [_play(world, number, each) for number, each in enumerate(every, 1) if number in wanted]
        (folder / "summary.json").write_text(json.dumps([each.to_map() for each in outcomes], indent=1) + "\n")
        _show(outcomes, folder, (datetime.now(UTC) - began).total_seconds())
        if not keep:
            console.print("`make run KEEP=1` leaves everything running, with the officer's page.")
        else:
            world.authorise("auth-keep")
            world.present("subject-a-2.jpg", "finger-a-2.png")
            console.print(
                "\nSubject A stands at the kiosk with an approved authorisation: start the check, open the door."
            )
            _keep(world)
    if not all(each.as_expected for each in outcomes):
        raise typer.Exit(1)


def chosen(only: list[str], most: int) -> set[int]:
    """The numbers of the scenarios to play: all where `only` says nothing. Raises MalformedError that says what to
    write."""
    words = [word.strip() for each in only for word in each.split(",")]
    if not only:
        return set(range(1, most + 1))
    wrong = [
        word for word in words if not (word.isascii() and word.isdecimal() and len(word) < 4 and 1 <= int(word) <= most)
    ]
    if wrong:
        more = f"; {len(SCENARIOS) + 1} is played with --alive" if most == len(SCENARIOS) else ""
        told = f"--only {','.join(only)}: {wrong[0] or 'nothing'!r} is no scenario's number"
        raise MalformedError(f"{told}. Write numbers from 1 to {most} with commas between them, such as 1,7{more}.")
    return {int(word) for word in words}


def _say(words: str, style: str = "") -> None:
    console.print(f"  {words}", style=style, markup=False, soft_wrap=True)


def _uri(camera: str) -> str | None:
    """`0` is a webcam; a path is relative to where the user stands, not to the kiosk's configuration."""
    kind, _, place = camera.partition(":")
    if kind in ("folder", "video") and place:
        return f"{kind}:{Path(place).resolve()}"
    return f"webcam:{camera}" if camera.isdecimal() else camera or None


def _try(uri: str) -> None:
    """Raises RoadError or MalformedError that say what to do when this camera gives no picture."""
    camera = make_camera(uri)
    camera.open()
    try:
        camera.read()
    finally:
        camera.close()


def _play(world: World, number: int, scenario: Scenario) -> Outcome:
    console.rule(f"{number}. {scenario.title}", align="left")
    world.strikes()
    play = Play(
        world,
        number,
        scenario.title,
        scenario.subject,
        scenario.expected,
        _say,
    )
    try:
        outcome = scenario.play(play)
    except (SallyportError, TimeoutError) as error:
        play.say(f"Not as it must be: {error}")
        outcome = play.end({}, "unknown", ok=False)
    world.settle()
    return outcome


def _show(outcomes: list[Outcome], folder: Path, seconds: float) -> None:
    wide = console.width >= _WIDE
    table = Table(title="What the door did", title_justify="left", box=SIMPLE_HEAD)
    for column in ("Scenario", *(("Subject", "Kiosk") if wide else ()), "Verdict", *(("Cause",) if wide else ())):
        table.add_column(column)
    for column in ("Checks", "Door", "s", ""):
        table.add_column(column, no_wrap=True)
    for each in outcomes:
        checks = ", ".join(str(number) for number in each.checks_failed)
        mark = "[green]as it must[/]" if each.as_expected else "[red bold]NOT AS IT MUST[/]"
        verdict = "none" if each.verdict == "NONE" else each.verdict
        middle = (each.subject, each.outcome, verdict, each.cause) if wide else (verdict,)
        table.add_row(each.scenario, *middle, checks, each.door, f"{each.seconds:.0f}", mark)
    console.print(table)
    good = sum(each.as_expected for each in outcomes)
    console.print(
        f"{good} of {len(outcomes)} scenarios as they must, in {seconds:.0f} s. Details: {folder}/summary.json"
    )


def _keep(world: World) -> None:
    folder = world.estate.root / "officers"
    console.print(f"\nOfficer's page:  {world.gateway_url}   (sign in with a certificate from {folder})")
    console.print(f"Prisoner's page: {world.screen_url}")
    console.print("Ctrl-C ends it.")
    _until_interrupted(world)


def _wait_with_camera(world: World) -> None:
    world.present(None, "finger-a-2.png")
    world.authorise("auth-camera")
    console.print("The camera looks for Subject A, whom you are not: start a check and see the door stay shut.")
    _keep(world)


def _until_interrupted(world: World) -> None:
    """Meanwhile every source is heard again and again: a silent one would hold the door, as it must."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    while not stopped.wait(_HEARD_EVERY_S):
        world.hear_sources()


def main() -> None:
    """Errors of ours end in one line and exit code 1; SIGTERM ends what was started too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    run_program("make run", lambda: typer.run(demonstrate))


if __name__ == "__main__":
    main()
