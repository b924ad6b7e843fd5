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

    Words are apart by tabs, or by spaces where there is no tab. Raises RoadError when the file cannot be read and
    MalformedError that names the line.
    """
    pairs = []
    for number, line in enumerate(_text(path).splitlines(), start=1):
        words = _words(line)
        if len(words) in (0, 1) or (len(words) == 2 and number == 1):
            continue
        try:
            pairs.append(_pair(words))
        except ValueError as error:
            raise MalformedError(f"{path}, line {number}: {error}; expected `NAME i j` or `NAME i NAME j`") from error
    if not pairs:
        raise MalformedError(f"{path}: no pairs in it")
    return tuple(pairs)


def read_fold_count(path: Path, usual: int = 10) -> int:
    """How many folds the file says it has, in a first line `FOLDS PAIRS`; else the usual number."""
    first = _words(next(iter(_text(path).splitlines()), ""))
    return int(first[0]) if len(first) == 2 and first[0].isdecimal() and int(first[0]) > 0 else usual


def read_groups(path: Path) -> dict[str, str]:
    """Group of every person, from a CSV with a heading `person,group`; other columns are passed over."""
    rows = list(csv.DictReader(_text(path).lstrip("\ufeff").splitlines()))
    if not rows or not {"person", "group"} <= rows[0].keys():
        raise MalformedError(f"{path}: expected a CSV with the heading `person,group`")
    groups = {}
    for row in rows:
        if not row["person"] or not row["group"]:
            raise MalformedError(f"{path}: {row['person'] or 'a line'} has no group; expected `person,group`")
        groups[str(row["person"])] = str(row["group"])
    return groups


def person_of(name: str) -> str:
    """The person of an image's name: all before the last underscore."""
    return name.rpartition("_")[0] or name


def find_images(folder: Path) -> dict[str, Path]:
    """Every JPEG and PNG below the folder, by name without suffix, numbers with four digits.

    Raises RoadError when there is none and MalformedError when two have one name.
    """
    images: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in IMAGE_SUFFIXES:
            continue
        name = _name_of(path.stem)
        if name in images:
            raise MalformedError(f"{images[name]} and {path} have one name; give each image its own")
        images[name] = path
    if not images:
        raise RoadError(f"{folder}: no JPEG or PNG images in it; name the folder of the face set")
    return images


IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})


def _name_of(stem: str) -> str:
    person, _, number = stem.rpartition("_")
    return f"{person}_{int(number):04d}" if person and number.isdecimal() else stem


def _words(line: str) -> list[str]:
    return [word.strip() for word in line.split("\t") if word.strip()] if "\t" in line else line.split()


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
