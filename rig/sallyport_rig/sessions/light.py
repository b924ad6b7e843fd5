"""`python -m sallyport_rig.sessions.light SOURCE`: how unevenly heads, paper and displays return the screen's light.

One flash of the kiosk's own light reader before each, in rooms of every brightness. Where `face/relief.py` draws its
line comes from here. Heads end at their mean and 2.6 standard deviations of the logarithm (one in two hundred of a
normal distribution), the deviation taken at least as LEAST, because real heads and rooms vary more than drawn ones;
the line stands half-way, in the logarithm, from there to the tamest display.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, cast

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from sallyport_biometrics.face.relief import WILDEST
from sallyport_kiosk.follower import Follower
from sallyport_kiosk.light_reader import LightReader
from sallyport_models.manifest import DEFAULT_MANIFEST
from sallyport_models.options import Json, StorePath, open_store
from sallyport_protocol.errors import SallyportError
from sallyport_rig.recapture.__main__ import generator_of
from sallyport_rig.sessions.kiosk import RigKiosk, rig_kiosk
from sallyport_rig.sessions.people import Rendered, people_in
from sallyport_rig.sessions.room import drawn_room
from sallyport_rig.sessions.scenes import Scene
from sallyport_rig.sessions.species import Material, genuine, still_on

KINDS: Final = ("head", "print-laser", "print-photo", "screen-phone", "screen-tablet", "screen-monitor")
DEVIATIONS: Final = 2.6
LEAST: Final = 0.25
QUANTILES: Final = (0.0, 0.05, 0.5, 0.95, 1.0)


def light(
    source: Annotated[Path, typer.Argument(help="Images named PERSON_0001.jpg, at any depth")],
    people: Annotated[int, typer.Option(min=2, help="At most so many")] = 8,
    rooms: Annotated[int, typer.Option(min=1, help="Rooms for each person")] = 2,
    seed: Annotated[int, typer.Option(help="Another seed draws everything anew")] = 1,
    as_json: Json = False,
    store: StorePath = None,
) -> None:
    """Quantiles of the unevenness, by kind, and the line that follows from heads and displays."""
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    unmeasured = dict.fromkeys(KINDS, 0)
    with rig_kiosk(open_store(store, DEFAULT_MANIFEST)) as kiosk:
        sitting = people_in(source, kiosk.pipeline, kiosk.movements, people)[0]
        work = [(number, room) for number in range(len(sitting)) for room in range(rooms)]
        for number, room in track(work, "readings", console=Console(stderr=True), transient=True):
            for kind, value in readings(kiosk, sitting, number, room, seed):
                if value is None:
                    unmeasured[kind] += 1
                else:
                    found[kind].append(value)
    heads = np.log(np.maximum(found["head"], 1e-3))
    end = float(heads.mean()) + DEVIATIONS * max(LEAST, float(heads.std())) if len(heads) else float("nan")
    displays = [value for kind in KINDS if kind.startswith("screen") for value in found[kind]]
    limit = float(np.exp((end + np.log(min(displays, default=float("nan")))) / 2))
    if as_json:
        told = {"unevenness": found, "unmeasured": unmeasured, "limit": limit, "used": WILDEST}
        typer.echo(json.dumps(told, indent=2))
        return
    for kind, values in found.items():
        spread = "  ".join(f"{value:.2f}" for value in np.quantile(values, QUANTILES)) if values else "none"
        over = sum(value > WILDEST for value in values)
        counts = f"{len(values):3} measured, {unmeasured[kind]} not"
        print(f"{kind:15} {counts}; least to most {spread}; above the line in use {over}")
    print(f"the line of these heads and displays {limit:.2f}, in use {WILDEST:.2f}")


def readings(
    kiosk: RigKiosk, people: list[Rendered], number: int, room: int, seed: int
) -> Iterator[tuple[str, float | None]]:
    """One flash before each kind, with one person in one room."""
    person, other = people[number], people[(number + 1) % len(people)]
    place = drawn_room(generator_of(seed, person.name, -2 - room))
    material = Material(person.face, other.face, (), other.photograph, place, 31 * seed + number)
    for kind in KINDS:
        generator = generator_of(seed, f"{person.name} {kind}", room)
        scene = genuine(material, generator) if kind == "head" else still_on(kind)(material, generator)
        yield kind, wildness(kiosk, scene, person, seed + 97 * number + room)


def wildness(kiosk: RigKiosk, scene: Scene, person: Rendered, seed: int) -> float | None:
    """What one flash before this scene measures."""
    run = kiosk.run(scene, person.reference, seed)
    stage, offer = run.staged()
    reader = LightReader(cast(Any, run.camera), kiosk.pipeline)
    follower = Follower(kiosk.pipeline, run.camera.device)
    return reader.flashed(offer.liveness_seed, 0, stage, follower)[1]


def main() -> None:
    """Runs the command; an expected failure is one line on standard error and exit code 1."""
    try:
        typer.run(light)
    except SallyportError as error:
        Console(stderr=True).print(f"[bold red]error:[/] {error}", highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
