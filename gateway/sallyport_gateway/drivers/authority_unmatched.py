"""Warrants linked to nobody: which of them may be about a person. Hundreds may lie about; each decision asks.

They are kept in memory, parsed, under the random token that every change of such a warrant writes anew in the same
transaction; so what is in memory is always what this transaction sees, also after a rollback. The choice here only
leaves out what the check would leave out anyway (`check_papers`): it is coarser, never finer.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler
from sqlalchemy import Connection, insert, select, update

from sallyport_gateway.authority.records import Named, Warrant
from sallyport_gateway.authority.similar import SOUND_LEAST, drawn, scripts, surname_of, swapped
from sallyport_gateway.drivers.authority_tables import records, tokens
from sallyport_gateway.store.prepared import Prepared

_NAME: Final = "unmatched"
_READ = select(tokens.c.token).where(tokens.c.name == _NAME)
_TOKEN: Final = Prepared(_READ)
_TOKEN_SHARED: Final = Prepared(_READ.with_for_update(read=True))
"""Holds back a new stray warrant at any gateway until this transaction ends; SQLite's writer is alone anyway."""
_ALL: Final = (
    select(records.c.document)
    .where(records.c.kind == "WARRANT", records.c.prisoner_number.is_(None))
    .order_by(records.c.key)
)


@dataclass(frozen=True, slots=True)
class _Held:
    token: str
    warrants: tuple[Warrant, ...]
    forms: tuple[str, ...]
    """Every surname whole, and every word of one of several."""
    places: tuple[int, ...]
    """The place in `warrants` of each form."""
    born: dict[date, list[int]]
    """Places in `warrants` by date of birth, and by the same date with day and month swapped."""
    silent: dict[frozenset[str], list[int]]
    """Places of those without a date of birth, by the scripts of their surname."""


def renew(conn: Connection) -> None:
    """Says that a warrant linked to nobody came, changed or went. Goes into the same transaction as the change."""
    token = secrets.token_hex(8)
    if not conn.execute(update(tokens).where(tokens.c.name == _NAME).values(token=token)).rowcount:
        conn.execute(insert(tokens), {"name": _NAME, "token": token})


class UnmatchedWarrants:
    """The memory; one for each authority. Threads may share it: what it holds is replaced whole."""

    def __init__(self, *, looking: bool = False) -> None:
        """`looking`: nothing is decided on it, so it takes no lock and may run where nothing may be written."""
        self._held = _Held("", (), (), (), {}, {})
        self._token = _TOKEN if looking else _TOKEN_SHARED

    def all(self, conn: Connection) -> tuple[Warrant, ...]:
        """Every one of them."""
        return self._now(conn, _TOKEN).warrants

    def alike(self, conn: Connection, people: Sequence[Named], least: float) -> tuple[Warrant, ...]:
        """Warrants with a surname, or a word of it, like one of these names (`least`: Jaro-Winkler, 0 to 1), with the
        same birthday, or that say too little to be told from these people.

        For decisions: none can come in before the caller's transaction ends.
        """
        held = self._now(conn, self._token)
        found: set[int] = set()
        coarse = min(least, SOUND_LEAST)
        for word in _words(people):
            near = process.extract(
                word, held.forms, scorer=JaroWinkler.similarity, processor=None, score_cutoff=coarse, limit=None
            )
            found.update(held.places[index] for _, _, index in near)
        for each in people:
            if each.date_of_birth is not None:
                found.update(held.born.get(each.date_of_birth, ()))
        known = frozenset[str]().union(*(scripts(each.surname) for each in people))
        for of, indexes in held.silent.items():
            if not of & known:
                found.update(indexes)
        return tuple(held.warrants[index] for index in sorted(found))

    def _now(self, conn: Connection, query: Prepared) -> _Held:
        token = query.scalar(conn) or ""
        held = self._held
        if held.token != token:
            held = self._held = _hold(token, [Warrant.parse(document) for document in conn.execute(_ALL).scalars()])
        return held


def _hold(token: str, warrants: list[Warrant]) -> _Held:
    born: dict[date, list[int]] = {}
    for index, warrant in enumerate(warrants):
        for day in {warrant.date_of_birth, swapped(warrant.date_of_birth)}:
            if day is not None:
                born.setdefault(day, []).append(index)
    silent: dict[frozenset[str], list[int]] = {}
    for index, warrant in enumerate(warrants):
        if warrant.date_of_birth is None:
            silent.setdefault(scripts(warrant.surname), []).append(index)
    forms = [(form, index) for index, each in enumerate(warrants) for form in _forms(each)]
    words, places = tuple(form for form, _ in forms), tuple(index for _, index in forms)
    return _Held(token, tuple(warrants), words, places, born, silent)


def _forms(name: Named) -> set[str]:
    """A surname whole, and its words."""
    whole = surname_of(name)
    return {whole, *whole.split()} - {""}


def _words(people: Sequence[Named]) -> set[str]:
    """What a surname on a paper may be like: the surnames, whole and in words, and, swapped, the first forenames."""
    words = {word for each in people for word in _forms(each)}
    return words | {drawn(each.forenames).partition(" ")[0] for each in people} - {""}
