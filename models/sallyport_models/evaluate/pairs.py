"""Lists of image pairs and groups, in the forms that public face sets use."""

import csv
from dataclasses import dataclass
from pathlib import Path

from sallyport_protocol.errors import MalformedError, RoadError


@dataclass(frozen=True, slots=True)
class Pair:
    """Two images by name (`PERSON_0001`, without a suffix) and whether they show one person."""

    first: str
    second: str
    genuine: bool


def read_pairs(path: Path) -> tuple[Pair, ...]:
    """LFW's form: `NAME i j` is a genuine pair, `NAME1 i NAME2 j` an impostor pair; a line of counts is skipped.

    Raises RoadError when the file cannot be read and MalformedError that names the line.
    """
    pairs = []
    for number, line in enumerate(_text(path).splitlines(), start=1):
        words = line.split()
        if len(words) in (0, 1) or (len(words) == 2 and number == 1):
            continue
        try:
            pairs.append(_pair(words))
        except ValueError as error:
            raise MalformedError(f"{path}, line {number}: {error}; expected `NAME i j` or `NAME i NAME j`") from error
    if not pairs:
        raise MalformedError(f"{path}: no pairs in it")
    return tuple(pairs)


def read_groups(path: Path) -> dict[str, str]:
    """Group of every person, from a CSV with a heading `person,group`."""
    rows = list(csv.DictReader(_text(path).splitlines()))
    if not rows or not {"person", "group"} <= rows[0].keys():
        raise MalformedError(f"{path}: expected a CSV with the heading `person,group`")
    return {str(row["person"]): str(row["group"]) for row in rows}


def person_of(name: str) -> str:
    """The person of an image's name: all before the last underscore."""
    return name.rpartition("_")[0] or name


def find_images(folder: Path) -> dict[str, Path]:
    """Every JPEG and PNG below the folder, by name without suffix. Raises RoadError when there is none."""
    images = {path.stem: path for path in sorted(folder.rglob("*")) if path.suffix.lower() in IMAGE_SUFFIXES}
    if not images:
        raise RoadError(f"{folder}: no JPEG or PNG images in it; name the folder of the face set")
    return images


IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})


def _pair(words: list[str]) -> Pair:
    if len(words) == 3:
        return Pair(f"{words[0]}_{int(words[1]):04d}", f"{words[0]}_{int(words[2]):04d}", True)
    if len(words) == 4:
        return Pair(f"{words[0]}_{int(words[1]):04d}", f"{words[2]}_{int(words[3]):04d}", False)
    raise ValueError(f"{len(words)} words")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise RoadError(f"{path}: {error.strerror}; name an existing file") from error
    except UnicodeDecodeError as error:
        raise MalformedError(f"{path}: not UTF-8 text") from error
