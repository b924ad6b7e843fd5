"""Do two documents speak of the same person? Names in any script, swapped, hyphenated, misspelt; dates of birth.

Pure. Similarity is Jaro-Winkler (0 to 1) by rapidfuzz, on letters without case, accents and punctuation.
"""

import unicodedata
from datetime import date
from functools import lru_cache
from itertools import permutations

from rapidfuzz.distance import JaroWinkler

from sallyport_gateway.authority.records import Named


@lru_cache(maxsize=65_536)
def plain(name: str) -> str:
    """Letters and digits of any script in lower case, accents removed, words parted by one space."""
    parts = unicodedata.normalize("NFKD", name.casefold().replace("'", "").replace("’", ""))
    kept = "".join(
        c if c.isalnum() else " " for c in parts if not unicodedata.combining(c) and unicodedata.category(c) != "Cf"
    )
    return " ".join(kept.split())


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
