"""Do two documents speak of the same person? Names in any script, swapped, hyphenated, misspelt; dates of birth.

Pure. Similarity is Jaro-Winkler (0 to 1) by rapidfuzz, on letters without case, accents and punctuation.
Accents are the marks that Unicode gives a combining class; vowel signs of Indic and Thai scripts have none and stay.
"""

import unicodedata
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from itertools import permutations

from rapidfuzz.distance import JaroWinkler

from sallyport_gateway.authority.records import Named


@lru_cache(maxsize=65_536)
def plain(name: str) -> str:
    """Letters and digits of any script in lower case, accents removed, words parted by one space."""
    parts = unicodedata.normalize("NFKD", name.casefold().replace("'", "").replace("’", ""))
    kept = (c for c in parts if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    return " ".join("".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in kept).split())


def name_similarity(one: Named, other: Named) -> float:
    """How alike two names are, 0 to 1: the weaker of surname and first forename, best of as written and swapped.

    Where one of them has no forename (a warrant by surname only), the surnames alone are compared.
    """
    a, b = (plain(one.surname), _first(one)), (plain(other.surname), _first(other))
    if not a[0] or not b[0]:
        return 0.0
    if not a[1] or not b[1]:
        return JaroWinkler.similarity(a[0], b[0])
    return max(min(JaroWinkler.similarity(x, y) for x, y in zip(a, order, strict=True)) for order in permutations(b))


def may_be_named(document: Named, person: Named, least: float) -> bool:
    """Could a document that nobody has matched be about this person, by the name? Wider than `name_similarity`: the
    name may stand in one field, lack a part, lead with a middle name, or give an initial only.

    Every word of the shorter name must be like a word of the longer (`least`: Jaro-Winkler, 0 to 1), a surname's word
    like a surname's word.
    """
    if name_similarity(document, person) >= least:
        return True
    ours, theirs = plain(document.surname).split(), plain(person.surname).split()
    if not any(JaroWinkler.similarity(one, other) >= least for one in ours for other in theirs):
        return False
    whole = ours + plain(document.forenames).split(), theirs + plain(person.forenames).split()
    shorter, longer = sorted(whole, key=len)
    return all(any(_like(one, other, least) for other in longer) for one in shorter)


def _like(one: str, other: str, least: float) -> bool:
    """Like words, or one the initial of the other."""
    initial = min(len(one), len(other)) == 1 and one[0] == other[0]
    return initial or JaroWinkler.similarity(one, other) >= least


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
    """Surname and first forename equal but for case, accents, hyphens and order of the two."""
    a, b = (plain(one.surname), _first(one)), (plain(other.surname), _first(other))
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
    return plain(name.forenames).split(" ", 1)[0]
