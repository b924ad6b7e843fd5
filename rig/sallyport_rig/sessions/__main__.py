"""`python -m sallyport_rig.sessions SOURCE`: the whole session's attack rejection, species by species.

SOURCE holds photographs named PERSON_0001.jpg; where a person has several, the last is enrolled and the first moves.
Every person sits before the kiosk herself, and is attacked by species in turn. The same source, seed and numbers give
the same figures. Ctrl-C ends it early, with what was tried until then.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from sallyport_biometrics.face.words import Image
from sallyport_models.manifest import DEFAULT_MANIFEST
from sallyport_models.options import Json, StorePath, open_store
from sallyport_protocol.errors import MalformedError, SallyportError
from sallyport_rig.recapture.__main__ import generator_of
from sallyport_rig.sessions.kiosk import Heard, RigKiosk, rig_kiosk
from sallyport_rig.sessions.people import Rendered, people_in
from sallyport_rig.sessions.report import Tried, report_of
from sallyport_rig.sessions.room import drawn_room
from sallyport_rig.sessions.species import CAMERA, SPECIES, Material, genuine
from sallyport_rig.sessions.table import draw, show

GENUINE = "genuine"


def sessions(
    source: Annotated[Path, typer.Argument(help="Images named PERSON_0001.jpg, at any depth")],
    people: Annotated[int, typer.Option(min=2, help="At most so many")] = 20,
    each: Annotated[int, typer.Option(min=1, help="Sessions of every species, over the people in turn")] = 10,
    own: Annotated[int, typer.Option(min=1, help="Genuine sessions of everybody, each in another room")] = 1,
    species: Annotated[str, typer.Option(help="Only these, with commas between")] = ",".join(SPECIES),
    seed: Annotated[int, typer.Option(help="Another seed draws everything anew")] = 1,
    as_json: Json = False,
    plot: Annotated[Path | None, typer.Option(help="Draw what stopped each species here (PNG or SVG)")] = None,
    store: StorePath = None,
) -> None:
    """BPCER of rendered people who answer and APCER of attacks with them, through the kiosk's own session."""
    wanted = [name for name in species.split(",") if name]
    if unknown := sorted(set(wanted) - SPECIES.keys()):
        raise MalformedError(f"no such species: {', '.join(unknown)}; there are {', '.join(SPECIES)}")
    began = time.process_time()
    with rig_kiosk(open_store(store, DEFAULT_MANIFEST)) as kiosk, Progress(console=Console(stderr=True)) as bar:
        looking = bar.add_task("photographs", total=None)
        found, left = people_in(source, kiosk.pipeline, kiosk.movements, people, lambda: bar.advance(looking))
        if len(found) < 2:
            raise MalformedError(f"{source}: only {len(found)} people can be drawn; add photographs that look ahead")
        running = bar.add_task("sessions", total=own * len(found) + each * len(wanted))
        tried: list[Tried] = []
        with suppress(KeyboardInterrupt):  # what was tried until then is reported
            for number in range(len(found)):
                for one in of_person(kiosk, found, number, wanted, each, own, seed):
                    tried.append(one)
                    bar.advance(running)
    sat = {one.person for one in tried}
    report = report_of(tried, left, sum(person.another for person in found if person.name in sat), GENUINE)
    if plot is not None:
        draw(plot, report)
    if as_json:
        spent = round(time.process_time() - began)
        typer.echo(json.dumps({**asdict(report), "apcer_worst": report.worst, "processor_s": spent}, indent=2))
    else:
        show(report)


def of_person(
    kiosk: RigKiosk, found: list[Rendered], number: int, wanted: list[str], each: int, own: int, seed: int
) -> Iterator[Tried]:
    """The person's own sessions, and the attacks that fall to her."""
    person, count = found[number], len(found)
    other = found[(number + 1) % count]
    room = drawn_room(generator_of(seed, person.name, -1))
    mine = [name for at, name in enumerate(wanted) for turn in range(each) if (turn + at) % count == number]
    material = Material(person.face, other.face, (), other.photograph, room, 31 * seed + number)
    recorded: list[Image] = []
    for place in range(own):
        there = drawn_room(generator_of(seed, person.name, -1 - place))
        sitting = replace(material, room=there, seed=material.seed + 104_729 * place)
        told, taken = one_session(kiosk, GENUINE, person, sitting, seed, place)
        recorded = recorded or taken
        yield Tried(person.name, GENUINE, told)
    for place, name in enumerate(mine, start=1):
        used = replace(material, recorded=recorded, seed=material.seed + 7_919 * place)
        yield Tried(person.name, name, one_session(kiosk, name, person, used, seed, place)[0])


def one_session(
    kiosk: RigKiosk, name: str, person: Rendered, material: Material, seed: int, place: int
) -> tuple[Heard, list[Image]]:
    """What the layers said, and for a genuine session its pictures."""
    generator = generator_of(seed, f"{person.name} {name}", place)
    own = name == GENUINE
    scene = genuine(material, generator) if own else SPECIES[name].make(material, generator)
    named = CAMERA if own else SPECIES[name].device
    run = kiosk.run(scene, person.reference, int(generator.integers(2**31)), named, keep=own)
    return run.heard(), run.camera.taken


def main() -> None:
    """Runs the command; an expected failure is one line on standard error and exit code 1."""
    try:
        typer.run(sessions)
    except SallyportError as error:
        Console(stderr=True).print(f"[bold red]error:[/] {error}", highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
