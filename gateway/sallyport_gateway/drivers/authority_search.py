"""Finds people by number, name or alias, spelling aside. Every search is logged, found or not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA
from sqlalchemy import Connection, Select, select

from sallyport_gateway.authority.identifiers import is_prisoner_number
from sallyport_gateway.authority.similar import plain
from sallyport_gateway.drivers.authority_access import Action, By, log_access
from sallyport_gateway.drivers.authority_tables import names
from sallyport_protocol.errors import MalformedError

LEAST: Final = 75.0
"""Lowest likeness shown, 0 to 100 (rapidfuzz WRatio); one wrong letter in a name of five scores about 80."""

MOST: Final = 20
"""Most hits shown."""

LONGEST: Final = 200
"""Longest search text, characters."""

_PORTION: Final = 1_000
"""Names compared at once: whoever decides meanwhile waits no longer than for these."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One name that the search found; a person with aliases may occur several times."""

    prisoner_number: str
    shown: str
    date_of_birth: date | None
    alias: bool
    likeness: float


def search(conn: Connection, text: str, by: By, now: datetime, born: date | None = None) -> list[Hit]:
    """`find`, logged in the same transaction."""
    hits = find(conn, text, born)
    log_search(conn, (hit.prisoner_number for hit in hits), by, now)
    return hits


def find(conn: Connection, text: str, born: date | None = None) -> list[Hit]:
    """Best first. `text` is a number or part of a name; with `born`, only people born that day. Reads only: the caller
    logs before anybody is shown anything.

    Raises MalformedError for an empty or overlong text.
    """
    if not text.strip() or len(text) > LONGEST:
        raise MalformedError(f"Type a name or a prisoner number (at most {LONGEST} characters).")
    query = select(names)
    if born is not None:
        query = query.where(names.c.date_of_birth == born.isoformat())
    rows = conn.execute(query.where(names.c.prisoner_number == text.strip().upper())).all()
    if rows:
        return [_hit(row, 100.0) for row in rows]
    wanted = plain(text)
    return _like(conn, query, wanted) if wanted else []


def _like(conn: Connection, query: Select[Any], wanted: str) -> list[Hit]:
    best: list[tuple[float, Any]] = []
    for rows in conn.execute(query).partitions(_PORTION):
        found = process.extract(wanted, [row.plain for row in rows], scorer=fuzz.WRatio, score_cutoff=LEAST, limit=MOST)
        best = sorted([*best, *((score, rows[at]) for _, score, at in found)], key=lambda each: -each[0])[:MOST]
    return [_hit(row, score) for score, row in best]


def numbers_beside(conn: Connection, text: str) -> list[Hit]:
    """Who is known under a number that is one slip away (a wrong, missing or extra character, two exchanged): a number
    has no check digit. Own names only; nobody where `text` is no prisoner number."""
    number = text.strip().upper()
    if not is_prisoner_number(number):
        return []
    found: list[Hit] = []
    for rows in conn.execute(select(names).where(names.c.alias.is_(False))).partitions(_PORTION):
        near = process.extract(number, [row.prisoner_number for row in rows], scorer=OSA.distance, score_cutoff=1)
        found += [_hit(rows[at], 0.0) for _, distance, at in near if distance == 1]
    return sorted(found, key=lambda hit: hit.prisoner_number)[:MOST]


def log_search(conn: Connection, numbers: Iterable[str], by: By, now: datetime) -> None:
    """A line for everybody who is shown, or one for a search that found nobody."""
    shown = sorted(set(numbers))
    for number in shown:
        log_access(conn, Action.CONSULTED, number, "found by search", by, now)
    if not shown:
        log_access(conn, Action.CONSULTED, None, "search without a hit", by, now)


def _hit(row: Any, score: float) -> Hit:
    born = date.fromisoformat(row.date_of_birth) if row.date_of_birth else None
    return Hit(row.prisoner_number, row.shown, born, row.alias, round(score, 1))
