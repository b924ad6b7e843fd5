"""The log that data-protection law asks for: every collection, alteration, consultation, disclosure, combination and
erasure of a person's data, with who, when and why (Data Protection Act 2018, s.62). It never holds the data itself.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select

from sallyport_gateway.drivers.authority_tables import accesses
from sallyport_gateway.store.prepared import Prepared
from sallyport_protocol.errors import MalformedError


class Action(StrEnum):
    """The six kinds of processing that s.62 names."""

    COLLECTED = "COLLECTED"
    ALTERED = "ALTERED"
    CONSULTED = "CONSULTED"
    DISCLOSED = "DISCLOSED"
    COMBINED = "COMBINED"
    ERASED = "ERASED"


@dataclass(frozen=True, slots=True)
class By:
    """Who acts and why; both must be said."""

    who: str
    why: str

    def __post_init__(self) -> None:
        if not self.who.strip() or len(self.who) > 64:
            raise MalformedError("Say who you are (at most 64 characters).")
        if not self.why.strip() or len(self.why) > 500:
            raise MalformedError("Say why you need this (at most 500 characters): the law asks for it.")


@dataclass(frozen=True, slots=True)
class Access:
    """One line of the log; `at` in milliseconds since 1970 UTC."""

    at: int
    who: str
    action: Action
    prisoner_number: str | None
    what: str
    why: str


_LINE: Final = ("at", "who", "action", "prisoner_number", "what", "why")
_ADD: Final = Prepared(insert(accesses).inline().values({name: bindparam(name) for name in _LINE}))


def log_access(conn: Connection, action: Action, prisoner_number: str | None, what: str, by: By, now: datetime) -> None:
    """Adds a line. `what` names the kind of data, never its content."""
    who = {"at": millis(now), "who": by.who, "action": action.value, "prisoner_number": prisoner_number}
    _ADD.run(conn, **who, what=what[:200], why=by.why)


def accesses_of(conn: Connection, prisoner_number: str) -> list[Access]:
    """The log about one person, oldest first."""
    rows = conn.execute(select(accesses).where(accesses.c.prisoner_number == prisoner_number).order_by(accesses.c.id))
    return [Access(r.at, r.who, Action(r.action), r.prisoner_number, r.what, r.why) for r in rows]


def millis(moment: datetime) -> int:
    """Milliseconds since 1970 UTC of an aware time."""
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone")
    return int(moment.timestamp() * 1_000)
