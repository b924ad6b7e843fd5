"""Do two documents speak of the same person? Names in any script, swapped, hyphenated, misspelt; dates of birth.

Pure. Similarity is Jaro-Winkler (0 to 1) by rapidfuzz, on letters without case, accents and punctuation.
Accents are the marks that Unicode gives a combining class; vowel signs of Indic and Thai scripts have none and stay.
What may be about somebody is compared as it is drawn: a word in which Latin letters stand beside Cyrillic or Greek
ones, letters turned around. What must be somebody's own is compared as it is written.
"""

import unicodedata
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from itertools import permutations
from typing import Final

from rapidfuzz.distance import JaroWinkler

from sallyport_gateway.authority.records import Named

SOUND_LEAST: Final = 0.77
"""Words of the same consonants in the same order are alike from here on, Jaro-Winkler. Muhammad and Mohamed compare as
0.80, Hussain and Hosein as 0.77: one name from another alphabet has as many spellings as clerks (test_similar.py)."""
_ALIKE: Final = 0.9
"""What two spellings of one name count as: the most that a policy may ask for."""
_LATIN: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t", "ŋ": "n"}
)
"""Latin letters that Unicode does not take apart, as systems without them write them."""
_DRAWN: Final = str.maketrans("авекмнорстухіјѕһгαβεηικμνορτυχζ", "abekmhopctyxijshrabehikmnoptyxz")
"""Cyrillic and Greek letters that look like Latin ones, small or capital."""
_PARTICLES: Final = frozenset(
    "al ap bin da de del della den der di dos du el ibn la le mac mc o st ter van von".split()  # noqa: SIM905
)
"""Parts of a surname that one clerk writes and the next leaves out."""
_REVERSED: Final = "\u202e"
"""From here on a screen shows letters from right to left."""


@lru_cache(maxsize=65_536)
def plain(name: str) -> str:
    """Letters and digits of any script in lower case, accents removed, words parted by one space."""
    parts = unicodedata.normalize("NFKD", name.casefold().replace("'", "").replace("’", "")).translate(_LATIN)
    kept = (c for c in parts if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    return " ".join("".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in kept).split())


@lru_cache(maxsize=65_536)
def drawn(name: str) -> str:
    """`plain` as a reader sees it."""
    head, turned, tail = name.partition(_REVERSED)
    words = plain(head + tail[::-1] if turned else name).split()
    return " ".join(word.translate(_DRAWN) if any("a" <= c <= "z" for c in word) else word for word in words)


@lru_cache(maxsize=65_536)
def likeness(one: str, other: str) -> float:
    """How alike two plain words are, 0 to 1. One that begins the other (Ray, Raymond) and another spelling of the same
    consonants (Mohammed, Muhamad) are alike."""
    found: float = JaroWinkler.similarity(one, other)
    begins = min(len(one), len(other)) >= 3 and (one.startswith(other) or other.startswith(one))
    sounds = found >= SOUND_LEAST and _consonants(one) == _consonants(other) != ""
    return max(found, _ALIKE) if begins or sounds else found


def _consonants(word: str) -> str:
    """Without vowels (a first one stays as such) and doubled letters; of Latin letters alone."""
    if not word.isascii():
        return ""
    kept = "".join(c for c in word[1:] if c not in "aeiouy ")
    kept = "".join(c for place, c in enumerate(kept) if c != kept[place - 1 : place])
    return ("a" if word[:1] in "aeiou" else word[:1]) + kept if kept else ""


def surname_of(name: Named) -> str:
    """The plain surname; one that is written in s p a c e d letters as one word."""
    words = drawn(name.surname).split()
    return "".join(words) if len(words) > 2 and all(len(word) == 1 for word in words) else " ".join(words)


def _forenames_of(name: Named) -> list[str]:
    words = drawn(name.forenames).split()
    spaced = " " in drawn(name.surname) and " " not in surname_of(name)
    return ["".join(words)] if spaced and words and all(len(word) == 1 for word in words) else words


def name_similarity(one: Named, other: Named) -> float:
    """How alike two names are, 0 to 1: the weaker of surname and first forename, best of as written and swapped.

    Where one of them has no forename (a warrant by surname only), the surnames alone are compared.
    """
    a, b = (surname_of(one), _first(one)), (surname_of(other), _first(other))
    if not a[0] or not b[0]:
        return 0.0
    if not a[1] or not b[1]:
        return likeness(a[0], b[0])
    return max(min(likeness(x, y) for x, y in zip(a, order, strict=True)) for order in permutations(b))


def may_be_named(document: Named, person: Named, least: float) -> bool:
    """Could a document that nobody has matched be about this person, by the name? Wider than `name_similarity`: the
    name may stand in one field, lack a part, lead with a middle name, or give an initial only.

    Every word of the shorter name but the particles must be like a word of the longer (`least`: Jaro-Winkler, 0 to 1),
    a surname's word like a surname's word.
    """
    if name_similarity(document, person) >= least:
        return True
    ours, theirs = _weighty(surname_of(document).split()), _weighty(surname_of(person).split())
    if not any(likeness(one, other) >= least for one in ours for other in theirs):
        return False
    whole = ours + _forenames_of(document), theirs + _forenames_of(person)
    shorter, longer = sorted(whole, key=len)
    return all(any(_like(one, other, least) for other in longer) for one in shorter)


def _weighty(words: list[str]) -> list[str]:
    """Without particles, where anything else is left."""
    return [word for word in words if word not in _PARTICLES] or words


def _like(one: str, other: str, least: float) -> bool:
    """Like words, or one the initial of the other."""
    initial = min(len(one), len(other)) == 1 and one[0] == other[0]
    return initial or likeness(one, other) >= least


@lru_cache(maxsize=65_536)
def scripts(name: str) -> frozenset[str]:
    """The scripts of a name's letters, by the first word of their Unicode names: LATIN, CYRILLIC, CJK."""
    return frozenset(unicodedata.name(c, "?").split(" ", 1)[0] for c in plain(name) if c.isalpha())


def tells_apart(document: Named, person: Named) -> bool:
    """Does the document say anything that could speak against this person? A date of birth, or a surname in a script
    in which this person's name is known."""
    return document.date_of_birth is not None or bool(scripts(document.surname) & scripts(person.surname))


def same_person(document: Named, names: Sequence[Named]) -> bool:
    """Does one of a person's names (the first is their own) bear both the document's name and date of birth? An alias
    without a date of birth has the person's own."""
    own = names[0].date_of_birth if names else None
    return document.date_of_birth is not None and any(
        same_name(document, each) and document.date_of_birth == (each.date_of_birth or own) for each in names
    )


def same_name(one: Named, other: Named) -> bool:
    """Surname and first forename equal but for case, accents, hyphens, blanks in the surname and order of the two."""
    a, b = ((plain(each.surname).replace(" ", ""), plain(each.forenames).partition(" ")[0]) for each in (one, other))
    return bool(a[0]) and (a == b or a == b[::-1])


def same_birthday(one: date | None, other: date | None) -> bool:
    """The same day, or day and month swapped. A missing date is nobody's."""
    if one is None or other is None:
        return False
    return other in (one, swapped(one))


def swapped(day: date | None) -> date | None:
    """The date with day and month exchanged; None where that is no date."""
    return date(day.year, day.day, day.month) if day is not None and day.day <= 12 else None


def _first(name: Named) -> str:
    return next(iter(_forenames_of(name)), "")
