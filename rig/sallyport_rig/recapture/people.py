"""Who may teach and who is kept for measuring: decided by the name alone, so that every command agrees."""

import hashlib
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Final

from sallyport_models.evaluate.pairs import person_of

FIFTHS: Final = 5


class Part(StrEnum):
    """Of the people in a folder."""

    ALL = "all"
    TEACHING = "teaching"
    KEPT = "kept"
    """the last fifth"""


def is_kept(person: str) -> bool:
    """Whether this person is kept for measuring."""
    return hashlib.sha256(person.encode()).digest()[0] % FIFTHS == FIFTHS - 1


def of_part(images: Iterable[tuple[str, Path]], part: Part) -> list[tuple[str, Path]]:
    """Those (name, path) whose person belongs to the part, in the same order."""
    return [each for each in images if part is Part.ALL or is_kept(person_of(each[0])) == (part is Part.KEPT)]
