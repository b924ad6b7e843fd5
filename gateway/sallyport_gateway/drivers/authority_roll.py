"""Who else is on the roll of a prison under a similar name. Every offer and every decision asks.

The names of a prison are kept in memory under the random token that every change of its roll writes anew in the same
transaction; so what is in memory is always what this transaction sees, also after a rollback.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler
from sqlalchemy import Connection, bindparam, insert, select, update

from sallyport_gateway.authority.guard import is_alike
from sallyport_gateway.authority.records import Named, Namesake
from sallyport_gateway.authority.similar import SOUND_LEAST, drawn, surname_of
from sallyport_gateway.drivers.authority_tables import names, tokens
from sallyport_gateway.store.prepared import Prepared

MOST: Final = 5
"""Namesakes that evidence names; one is enough to ask for the finger."""
_TOKEN: Final = Prepared(select(tokens.c.token).where(tokens.c.name == bindparam("name")))
_ROLL: Final = select(names.c.prisoner_number, names.c.shown, names.c.date_of_birth).where(
    names.c.prison_id == bindparam("prison")
)

_Name = tuple[str, str, date | None]
"""Surname, forenames, date of birth: all that the comparison looks at."""


@dataclass(frozen=True, slots=True)
class _Held:
    token: str
    people: tuple[Namesake, ...]
    surnames: tuple[str, ...]
    known: dict[tuple[str, float, tuple[_Name, ...]], tuple[Namesake, ...]] = field(default_factory=dict)
    """Answers given under this token."""


def renew_roll(conn: Connection, prisons: Iterable[str]) -> None:
    """Says that somebody came, went or was renamed there. Goes into the same transaction as the change."""
    for prison in sorted(set(prisons)):
        token = secrets.token_hex(8)
        if not conn.execute(update(tokens).where(tokens.c.name == _name(prison)).values(token=token)).rowcount:
            conn.execute(insert(tokens), {"name": _name(prison), "token": token})


class Roll:
    """The memory; one for each authority. Threads may share it: what it holds is replaced whole."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}

    def alike(
        self, conn: Connection, number: str, prison: str, people: Sequence[Named], least: float
    ) -> tuple[Namesake, ...]:
        """Others of this prison whose name or alias is like one of `people` (`least`: Jaro-Winkler, 0 to 1)."""
        held = self._now(conn, prison)
        asked = (number, least, tuple((each.surname, each.forenames, each.date_of_birth) for each in people))
        found = held.known.get(asked)
        if found is None:
            found = held.known[asked] = _alike(held, number, people, least)
        return found

    def _now(self, conn: Connection, prison: str) -> _Held:
        token = _TOKEN.scalar(conn, name=_name(prison)) or ""
        held = self._held.get(prison)
        if held is None or held.token != token:
            people = tuple(_namesake(*row) for row in conn.execute(_ROLL, {"prison": prison}))
            held = self._held[prison] = _Held(token, people, tuple(surname_of(each) for each in people))
        return held


def _alike(held: _Held, number: str, people: Sequence[Named], least: float) -> tuple[Namesake, ...]:
    """Coarse by surname or, where the two were swapped, by forename; then by the rule itself."""
    words = {surname_of(each) for each in people} | {drawn(each.forenames).partition(" ")[0] for each in people}
    coarse = min(least, SOUND_LEAST)
    near = {
        index
        for word in words - {""}
        for _, _, index in process.extract(
            word, held.surnames, scorer=JaroWinkler.similarity, processor=None, score_cutoff=coarse, limit=None
        )
    }
    found: dict[str, Namesake] = {}
    for index in sorted(near):
        other = held.people[index]
        if other.prisoner_number != number and any(is_alike(each, other, least) for each in people):
            found.setdefault(other.prisoner_number, other)
    return tuple(found.values())[:MOST]


def _namesake(number: str, shown: str, born: str | None) -> Namesake:
    surname, _, forenames = shown.partition(", ")
    day = date.fromisoformat(born) if born else None
    return Namesake(prisoner_number=number, surname=surname, forenames=forenames, date_of_birth=day)


def _name(prison: str) -> str:
    return f"roll:{prison}"[:16]
