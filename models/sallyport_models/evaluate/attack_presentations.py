"""Presentations to the camera on disk: `DIR/live/` and `DIR/attack/SPECIES/`, and what each shows.

A presentation is one image named PERSON_0001.jpg, or a folder of that name that holds its frames. Folders between are
settings (a camera, a room) and are reported apart. An image without a face is no presentation and is counted apart.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from sallyport_biometrics.face.attack import Seen, seen_in
from sallyport_biometrics.face.detect import FaceDetector
from sallyport_biometrics.face.passive import NETWORKS, PassiveDetector
from sallyport_biometrics.face.words import Image
from sallyport_models.evaluate.pairs import IMAGE_SUFFIXES, person_of
from sallyport_models.store import ModelStore
from sallyport_protocol.errors import RoadError

LIVE: Final = "live"
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


class Looker:
    """The detector, our own signs and the networks that an operator added to the store."""

    def __init__(self, store: ModelStore) -> None:
        held = {
            entry.name: (store.path / entry.file).read_bytes()
            for entry in store.manifest.models
            if entry.name in NETWORKS and store.holds(entry)
        }
        self._detector, self.passive = FaceDetector(store.load("yunet").bytes), PassiveDetector(held)

    def look(self, shown: Shown) -> Presentation:
        """Every frame with a face; an unreadable file is a frame without one."""
        found = [seen for path in shown.frames if (seen := self._seen(path)) is not None]
        return Presentation(shown.subject, shown.species, shown.setting, tuple(found))

    def _seen(self, path: Path) -> Seen | None:
        read = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if read is None:
            return None
        frame: Image = np.asarray(read, np.uint8)
        faces = self._detector.detect(frame)
        return seen_in(frame, faces[0], self.passive) if faces else None


def presentations_in(folder: Path) -> tuple[Shown, ...]:
    """All of the folder, in order. Raises RoadError that says what is missing."""
    species = {LIVE: folder / LIVE, **{path.name: path for path in sorted((folder / "attack").glob("*"))}}
    if not (folder / LIVE).is_dir() or not any(path.is_dir() for name, path in species.items() if name != LIVE):
        raise RoadError(f"{folder}: expected the folders live/ and attack/SPECIES/ in it")
    found: list[Shown] = []
    for name, path in species.items():
        here = _shown(name, path)
        if not here and path.is_dir():
            raise RoadError(f"{path}: no JPEG or PNG images in it")
        found += here
    return tuple(found)


def looked_at(looker: Looker, shown: tuple[Shown, ...], done: Callable[[], None]) -> tuple[Presentation, ...]:
    """What each showed; `done` is called after each."""
    seen = []
    for each in shown:
        seen.append(looker.look(each))
        done()
    return tuple(seen)


def _shown(species: str, folder: Path) -> list[Shown]:
    files: dict[tuple[Path, str], list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in IMAGE_SUFFIXES:
            grouped = path.parent != folder and _NUMBERED.fullmatch(path.parent.name) is not None
            place, name = (path.parent.parent, path.parent.name) if grouped else (path.parent, path.stem)
            files.setdefault((place, name), []).append(path)
    return [
        Shown(person_of(name), species, "/".join(place.relative_to(folder).parts), tuple(frames))
        for (place, name), frames in files.items()
    ]


def counted(presentations: tuple[Presentation, ...]) -> Mapping[str, int]:
    """How many presentations of each species had a face."""
    counts: dict[str, int] = {}
    for each in presentations:
        counts[each.species] = counts.get(each.species, 0) + bool(each.frames)
    return counts
