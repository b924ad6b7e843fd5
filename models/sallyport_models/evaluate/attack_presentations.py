"""Presentations to the camera on disk: `DIR/live/` and `DIR/attack/SPECIES/`, and what each shows.

A presentation is one image, or a folder PERSON_0001 that holds its frames. PERSON is what stands before the last
underscore of the name; a name without one is a person of its own. Folders between are settings (a camera, a room) and
are reported apart; so is a folder PERSON_0001 in which the images name several persons. An image without a face is no
presentation, nor is one that cannot be read; both are counted apart.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from sallyport_biometrics.face.attack import Seen, seen_in
from sallyport_biometrics.face.detect import FaceDetector
from sallyport_biometrics.face.passive import ALL, PassiveDetector
from sallyport_biometrics.face.words import Box, Face, Image
from sallyport_models.evaluate.pairs import IMAGE_SUFFIXES, person_of
from sallyport_models.store import ModelStore
from sallyport_protocol.errors import RoadError

LIVE: Final = "live"
UNNAMED: Final = "unnamed"
"""The species of images that lie in attack/ itself."""
SUFFIXES: Final = IMAGE_SUFFIXES | {".bmp", ".webp", ".tif", ".tiff"}
WIDEST: Final = 320.0
"""Pixels: a wider face than a kiosk's frame can hold is scaled down to this first."""
_NUMBERED: Final = re.compile(r".+_\d+")


@dataclass(frozen=True, slots=True)
class Shown:
    """One presentation's files."""

    subject: str
    species: str
    """`live` for a bona fide one"""
    setting: str
    """folders between the species and the files; empty for none"""
    frames: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Presentation:
    """What one presentation showed; no frames: no face was found in any."""

    subject: str
    species: str
    setting: str
    frames: tuple[Seen, ...]
    unreadable: int = 0
    """images that are none"""


class Looker:
    """The detector, our own signs and network, and the networks that an operator added to the store."""

    def __init__(self, store: ModelStore) -> None:
        held = {
            entry.name: (store.path / entry.file).read_bytes()
            for entry in store.manifest.models
            if entry.name in ALL and store.holds(entry)
        }
        self._detector, self.passive = FaceDetector(store.load("yunet").bytes), PassiveDetector(held)

    def look(self, shown: Shown) -> Presentation:
        """Every frame with a face."""
        frames = [_read(path) for path in shown.frames]
        found = [seen for frame in frames if frame is not None and (seen := self._seen(frame)) is not None]
        missing = sum(frame is None for frame in frames)
        return Presentation(shown.subject, shown.species, shown.setting, tuple(found), missing)

    def _seen(self, frame: Image) -> Seen | None:
        faces = self._detector.detect(frame)
        return seen_in(*at_most(frame, faces[0], WIDEST), self.passive) if faces else None


def at_most(frame: Image, face: Face, widest: float) -> tuple[Image, Face]:
    """Frame and face, scaled down where the face is wider than so many pixels."""
    box, scale = face.box, widest / face.box.width
    if scale >= 1.0:
        return frame, face
    small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    scaled = Box(*(scale * side for side in (box.left, box.top, box.width, box.height)))
    return np.asarray(small, np.uint8), replace(face, box=scaled)


def presentations_in(folder: Path) -> tuple[Shown, ...]:
    """All of the folder, in order: live ones, attacks, or both. Raises RoadError that says what is missing."""
    species = {LIVE: folder / LIVE} | {
        path.name: path for path in sorted((folder / "attack").glob("*")) if path.is_dir()
    }
    found: list[Shown] = []
    for name, path in species.items():
        here = _shown(name, path, sorted(path.rglob("*")))
        if not here and path.is_dir():
            raise RoadError(f"{path}: no images in it ({', '.join(sorted(SUFFIXES))})")
        found += here
    found += _shown(UNNAMED, folder / "attack", sorted((folder / "attack").glob("*")))
    if not found:
        raise RoadError(f"{folder}: expected images in the folders live/ and attack/SPECIES/ in it")
    return tuple(found)


def looked_at(looker: Looker, shown: tuple[Shown, ...], done: Callable[[], None]) -> tuple[Presentation, ...]:
    """What each showed; `done` is called after each."""
    seen = []
    for each in shown:
        seen.append(looker.look(each))
        done()
    return tuple(seen)


def _shown(species: str, folder: Path, paths: list[Path]) -> list[Shown]:
    images = [path for path in paths if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")]
    folders = frozenset(_of_frames(folder, images))
    files: dict[tuple[Path, str], list[Path]] = {}
    for path in images:
        grouped = path.parent in folders
        place, name = (path.parent.parent, path.parent.name) if grouped else (path.parent, path.name)
        files.setdefault((place, name), []).append(path)
    return [
        Shown(person_of(Path(name).stem), species, "/".join(place.relative_to(folder).parts), tuple(frames))
        for (place, name), frames in files.items()
    ]


def _of_frames(folder: Path, images: list[Path]) -> Iterator[Path]:
    """The folders that are one presentation each: numbered themselves, and not with images of several persons."""
    for parent in {path.parent for path in images} - {folder}:
        named = {person_of(path.stem) for path in images if path.parent == parent and _NUMBERED.fullmatch(path.stem)}
        if _NUMBERED.fullmatch(parent.name) and len(named) <= 1:
            yield parent


def _read(path: Path) -> Image | None:
    """The image in colour, or None."""
    try:
        read = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    except (cv2.error, OSError):
        return None
    return None if read is None else np.asarray(read, np.uint8)
