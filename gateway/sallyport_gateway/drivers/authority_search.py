"""Finds people by number, name or alias, spelling aside. Every search is logged, found or not."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from rapidfuzz import fuzz, process
from sqlalchemy import Connection, select

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


@dataclass(frozen=True, slots=True)
class Hit:
    """One name that the search found; a person with aliases may occur several times."""

    prisoner_number: str
    shown: str
    date_of_birth: date | None
    alias: bool
    likeness: float


def search(conn: Connection, text: str, by: By, now: datetime, born: date | None = None) -> list[Hit]:
    """Best first. `text` is a number or part of a name; with `born`, only people born that day.

    Raises MalformedError for an empty or overlong text.
    """
    if not text.strip() or len(text) > LONGEST:
        raise MalformedError(f"Type a name or a prisoner number (at most {LONGEST} characters).")
    query = select(names)
    if born is not None:
        query = query.where(names.c.date_of_birth == born.isoformat())
    number = text.strip().upper()
    rows = conn.execute(query.where(names.c.prisoner_number == number)).all()
    scored: list[tuple[int, float]] = [(index, 100.0) for index in range(len(rows))]
    if not rows and (wanted := plain(text)):
        rows = conn.execute(query).all()
        found = process.extract(wanted, [row.plain for row in rows], scorer=fuzz.WRatio, score_cutoff=LEAST, limit=MOST)
        scored = [(index, score) for _, score, index in found]
    hits = [
        Hit(
            rows[index].prisoner_number,
            rows[index].shown,
            date.fromisoformat(rows[index].date_of_birth) if rows[index].date_of_birth else None,
            rows[index].alias,
            round(score, 1),
        )
        for index, score in scored
    ]
    for found_number in sorted({hit.prisoner_number for hit in hits}):
        log_access(conn, Action.CONSULTED, found_number, "found by search", by, now)
    if not hits:
        log_access(conn, Action.CONSULTED, None, "search without a hit", by, now)
    return hits
