"""`python -m sallyport_rig.recapture SOURCE OUT`: photographs of faces, taken again live and as attacks.

SOURCE holds images named PERSON_0001.jpg (or .png), each with one face that is wide enough. OUT becomes
`live/CAMERA/PERSON_000101.jpg` and `attack/SPECIES/CAMERA/PERSON_000102.jpg`, for `sallyport-models evaluate attack`
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

from sallyport_biometrics.face.detect import FaceDetector
from sallyport_models.evaluate.pairs import find_images
from sallyport_models.manifest import Manifest
from sallyport_models.store import ModelStore, default_store
from sallyport_protocol.errors import RoadError, SallyportError
from sallyport_rig.recapture.camera import CAMERAS, Picture
from sallyport_rig.recapture.captures import attack, live, varied
from sallyport_rig.recapture.media import SPECIES
from sallyport_rig.recapture.scene import Photograph

NARROWEST = 48.0
"""Pixels: a face that is narrower holds too little to be shown to anybody again."""


def recapture(
    source: Annotated[Path, typer.Argument(help="Images named PERSON_0001.jpg, at any depth")],
    out: Annotated[Path, typer.Argument(help="A new folder")],
    lives: Annotated[int, typer.Option("--live", help="Live captures of each image")] = 1,
    attacks: Annotated[int, typer.Option("--attack", help="Attacks with each image, species in turn")] = 1,
    limit: Annotated[int, typer.Option(help="At most so many images, evenly taken; 0: all")] = 0,
    seed: Annotated[int, typer.Option(help="Another seed draws everything anew")] = 1,
    store: Annotated[Path | None, typer.Option(help="Folder of models [default: SALLYPORT_MODELS]")] = None,
) -> None:
    """Writes the folder. Images without a face that is wide enough are left out and counted."""
    if out.exists():
        raise RoadError(f"{out}: is there already; name a new folder")
    detector = FaceDetector(ModelStore(store or default_store(), Manifest.read()).load("yunet").bytes)
    images = sorted(find_images(source).items())
    images = images[:: max(1, len(images) // limit)][:limit] if limit else images
    used = 0
    for number, (name, path) in enumerate(track(images, "images", console=Console(stderr=True), transient=True)):
        if (photograph := photograph_of(detector, path)) is not None:
            other = _read(images[(number + len(images) // 2) % len(images)][1])
            _captures(photograph, other, name, out, lives, attacks, seed, number)
            used += 1
    Console().print(f"{out}: {used} of {len(images)} images, {used * lives} live and {used * attacks} attacks")


def photograph_of(detector: FaceDetector, path: Path) -> Photograph | None:
    """The image and its largest face, or None."""
    picture = _read(path)
    faces = detector.detect(picture)
    if not faces or faces[0].box.width < NARROWEST:
        return None
    return Photograph(picture, *faces[0].box.centre, faces[0].box.width)


def _captures(
    photograph: Photograph, other: Picture, name: str, out: Path, lives: int, attacks: int, seed: int, number: int
) -> None:
    cameras, species = list(CAMERAS), list(SPECIES)
    for index in range(lives + attacks):
        generator = generator_of(seed, name, index)
        habit = cameras[int(generator.integers(len(cameras)))]
        camera = varied(CAMERAS[habit], generator)
        if index < lives:
            folder, picture = out / "live" / habit, live(photograph, camera, generator)
        else:
            medium = species[(number * attacks + index - lives) % len(species)]
            folder = out / "attack" / medium / habit
            picture = attack(photograph, SPECIES[medium], camera, other, generator)
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{name}{index:02d}.png"), picture)


def generator_of(seed: int, name: str, index: int) -> np.random.Generator:
    """One stream for each capture: leaving an image out changes no other."""
    digest = hashlib.sha256(f"{seed} {name} {index}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8]))


def _read(path: Path) -> Picture:
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
