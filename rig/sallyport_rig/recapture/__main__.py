"""`python -m sallyport_rig.recapture SOURCE OUT`: photographs of faces, taken again live and as attacks.

SOURCE holds images named PERSON_0001.jpg (or .png), each with one face that is wide enough and looks ahead. OUT becomes
`live/CAMERA/PERSON_000101.png` and `attack/SPECIES/CAMERA/PERSON_000102.png`, for `sallyport-models evaluate attack`
and `calibrate attack`. The same source, seed and numbers give the same files.
"""

import hashlib
import sys
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from sallyport_biometrics.face.pipeline import MODELS, FacePipeline
from sallyport_biometrics.face.words import Feedback
from sallyport_models.evaluate.pairs import find_images
from sallyport_models.manifest import Manifest
from sallyport_models.store import ModelStore, default_store
from sallyport_protocol.errors import RoadError, SallyportError
from sallyport_rig.recapture.camera import CAMERAS, Picture
from sallyport_rig.recapture.captures import any_camera, attack, live, varied
from sallyport_rig.recapture.media import SPECIES
from sallyport_rig.recapture.overlays import MARKS, drawn
from sallyport_rig.recapture.people import Part, of_part
from sallyport_rig.recapture.scene import Photograph

NARROWEST, WIDEST = 48.0, 320.0
"""Pixels: a face that is narrower holds too little to be shown to anybody again, a wider one more than is needed."""
UNFIT = frozenset({Feedback.NO_FACE, Feedback.SEVERAL_FACES, Feedback.TURN_TO_CAMERA, Feedback.HEAD_TILTED})
"""What a kiosk takes no template from, it looks for no attack in."""

ANY, PLAIN = "any", "plain"
"""The settings of captures by a camera that is like none of the others, and without any camera."""


def recapture(
    source: Annotated[Path, typer.Argument(help="Images named PERSON_0001.jpg, at any depth")],
    out: Annotated[Path, typer.Argument(help="A new folder")],
    lives: Annotated[int, typer.Option("--live", help="Live captures of each image")] = 1,
    attacks: Annotated[int, typer.Option("--attack", help="Attacks with each image, species in turn")] = 1,
    marked: Annotated[int, typer.Option("--drawn", help="Images with marks drawn over, and one plain one")] = 0,
    limit: Annotated[int, typer.Option(help="At most so many images, evenly taken; 0: all")] = 0,
    part: Annotated[
        Part, typer.Option(help="Of the people: those who teach the witness, or those kept from it")
    ] = Part.ALL,
    seed: Annotated[int, typer.Option(help="Another seed draws everything anew")] = 1,
    store: Annotated[Path | None, typer.Option(help="Folder of models [default: SALLYPORT_MODELS]")] = None,
) -> None:
    """Writes the folder. Images without one face that is wide enough and looks ahead are left out and counted."""
    if out.exists():
        raise RoadError(f"{out}: is there already; name a new folder")
    models = ModelStore(store or default_store(), Manifest.read())
    pipeline = FacePipeline({name: models.load(name).bytes for name in MODELS})
    images = of_part(sorted(find_images(source).items()), part)
    images = images[:: max(1, len(images) // limit)][:limit] if limit else images
    used = 0
    for number, (name, path) in enumerate(track(images, "images", console=Console(stderr=True), transient=True)):
        if (photograph := photograph_of(pipeline, path)) is not None:
            other = read_picture(images[(number + len(images) // 2) % len(images)][1])
            _captures(photograph, other, name, out, lives, attacks, seed, number)
            _drawn(photograph, name, out, marked, seed, number)
            used += 1
    total = f"{used * (lives + bool(marked))} live and {used * (attacks + marked)} attacks"
    Console().print(f"{out}: {used} of {len(images)} images, {total}")


def photograph_of(pipeline: FacePipeline, path: Path, unfit: frozenset[Feedback] = UNFIT) -> Photograph | None:
    """The image and its face, or None where it is unfit."""
    picture = read_picture(path)
    analysis = pipeline.analyse(picture)
    if analysis.face is None or unfit & set(analysis.feedback) or analysis.face.box.width < NARROWEST:
        return None
    box, scale = analysis.face.box, min(1.0, WIDEST / analysis.face.box.width)
    if scale < 1:
        picture = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    return Photograph(picture, box.centre[0] * scale, box.centre[1] * scale, box.width * scale)


def _captures(
    photograph: Photograph, other: Picture, name: str, out: Path, lives: int, attacks: int, seed: int, number: int
) -> None:
    cameras, species = [*CAMERAS, ANY], list(SPECIES)
    for index in range(lives + attacks):
        generator = generator_of(seed, name, index)
        habit = cameras[int(generator.integers(len(cameras)))]
        camera = any_camera(generator) if habit == ANY else varied(CAMERAS[habit], generator)
        if index < lives:
            folder, picture = out / "live" / habit, live(photograph, camera, generator)
        else:
            medium = species[(number * attacks + index - lives) % len(species)]
            folder = out / "attack" / medium / habit
            picture = attack(photograph, SPECIES[medium], camera, other, generator)
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{name}{index:02d}.png"), picture)


def _drawn(photograph: Photograph, name: str, out: Path, marked: int, seed: int, number: int) -> None:
    species = list(MARKS)
    for index in range(marked + 1 if marked else 0):
        kind = species[(number * marked + index - 1) % len(species)]
        folder = out / "attack" / kind / PLAIN if index else out / "live" / PLAIN
        folder.mkdir(parents=True, exist_ok=True)
        picture = drawn(photograph, MARKS[kind] if index else (), generator_of(seed, f"{name} drawn", index))
        cv2.imwrite(str(folder / f"{name}{90 + index}.png"), picture)


def generator_of(seed: int, name: str, index: int) -> np.random.Generator:
    """One stream for each capture: leaving an image out changes no other."""
    digest = hashlib.sha256(f"{seed} {name} {index}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8]))


def read_picture(path: Path) -> Picture:
    """The image in colour. Raises RoadError naming it."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise RoadError(f"{path}: not an image; take it out of the folder")
    return np.asarray(picture, np.uint8)


def main() -> None:
    """Runs the command; an expected failure is one line on standard error and exit code 1."""
    try:
        typer.run(recapture)
    except SallyportError as error:
        Console(stderr=True).print(f"[bold red]error:[/] {error}", highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
