"""Fingerprint images on disk: sets of `FINGER_IMPRESSION.png|tif|bmp`, read as 8-bit gray."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sallyport_protocol.errors import MalformedError, RoadError

SUFFIXES = frozenset({".png", ".tif", ".tiff", ".bmp"})
_NAME = re.compile(r"^(?P<finger>.+)_(?P<impression>\d+)$")
_MOST_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class Impression:
    """One image of one finger."""

    finger: str
    number: int
    path: Path


@dataclass(frozen=True, slots=True)
class PrintSet:
    """One sensor's images, by finger and number."""

    name: str
    impressions: tuple[Impression, ...]


def find_sets(folder: Path) -> list[PrintSet]:
    """The set in the folder, or one for each sub-folder that holds images. Raises RoadError when there is none."""
    if not folder.is_dir():
        raise RoadError(f"{folder}: no such folder; name one that holds FINGER_IMPRESSION.png files or sets of them")
    places = [folder, *sorted(path for path in folder.iterdir() if path.is_dir())]
    sets = [PrintSet(place.name, tuple(found)) for place in places if (found := _impressions(place))]
    if not sets:
        raise RoadError(f"{folder}: no FINGER_IMPRESSION.png, .tif or .bmp in it or in its folders")
    return sets


def files_of(sets: Sequence[PrintSet]) -> dict[str, Path]:
    """Every image of the sets by `set/file`."""
    return {f"{one.name}/{item.path.name}": item.path for one in sets for item in one.impressions}


def _impressions(folder: Path) -> Sequence[Impression]:
    found = []
    for path in folder.iterdir():
        name = _NAME.match(path.stem)
        if name and path.suffix.lower() in SUFFIXES and path.is_file():
            found.append(Impression(name["finger"], int(name["impression"]), path))
    return sorted(found, key=lambda item: (len(item.finger), item.finger, item.number))


def read_gray(path: Path) -> NDArray[np.uint8]:
    """An image file as H x W uint8; colour is made gray, 16 bits are made 8.

    Raises RoadError when it cannot be read and MalformedError when it is not one whole image.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RoadError(f"{path}: {error.strerror}; name an image file") from error
    return decoded(content, str(path))


def decoded(content: bytes, name: str) -> NDArray[np.uint8]:
    """Like `read_gray`, from bytes."""
    if not content or len(content) > _MOST_BYTES:
        raise MalformedError(f"{name}: {len(content)} bytes are not a fingerprint image")
    if content.startswith(b"\x89PNG") and not content.rstrip(b"\x00").endswith(b"IEND\xaeB`\x82"):
        raise MalformedError(f"{name}: the image is cut off; copy it again")
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise MalformedError(f"{name}: not an image ({error.err})") from error
    if image is None:
        raise MalformedError(f"{name}: not a whole PNG, TIFF or BMP image")
    if image.dtype == np.uint16:
        image = np.asarray(image // 256, np.uint8)
    if image.dtype != np.uint8:
        raise MalformedError(f"{name}: {image.dtype} pixels; save it as 8-bit gray")
    if image.ndim == 3:
        codes = {1: None, 3: cv2.COLOR_BGR2GRAY, 4: cv2.COLOR_BGRA2GRAY}
        code = codes.get(image.shape[2])
        image = image[..., 0] if code is None else cv2.cvtColor(image, code)
    return np.asarray(image, np.uint8)
