"""Enrolled biometric references. What is stored here is already sealed: this module holds no key and sees no image.

A new reference of the same finger (or face) ends the one before; an ended one is kept until erasure.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, delete, insert, select, update

from sallyport_gateway.drivers.authority_access import Action, By, log_access, millis
from sallyport_gateway.drivers.authority_tables import references
from sallyport_gateway.store.prepared import Prepared
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.subject import Modality

SEALED_MOST: Final = 65_536
"""Largest sealed reference, bytes; the largest template (32 KiB) with its sealing fits twice."""


@dataclass(frozen=True, slots=True)
class SealedReference:
    """One enrolled reference. `position`: 0 face, 1 to 10 fingers; `enrolment`: SHA-256 of the enrolment record."""

    prisoner_number: str
    modality: Modality
    position: int
    captured_on: date
    enrolment: bytes
    key_id: str
    sealed: bytes

    def __post_init__(self) -> None:
        fits = self.position == 0 if self.modality is Modality.FACE else 1 <= self.position <= 10
        if not fits:
            raise MalformedError(f"Position {self.position} is none of a {self.modality}.")
        if len(self.enrolment) != 32:
            raise MalformedError("The enrolment digest must be 32 bytes (SHA-256).")
        if not 1 <= len(self.sealed) <= SEALED_MOST or not self.key_id:
            raise MalformedError(f"A sealed reference has 1 to {SEALED_MOST} bytes and names its key.")


def enrol(conn: Connection, reference: SealedReference, by: By, now: datetime) -> None:
    """Stores a reference and ends the one that it replaces."""
    if reference.captured_on > now.date():
        raise MalformedError(f"The capture date {reference.captured_on} is to come.")
    row = {
        "prisoner_number": reference.prisoner_number,
        "modality": reference.modality.value,
        "position": reference.position,
    }
    same = and_(*(references.c[name] == value for name, value in row.items()), references.c.ended_at.is_(None))
    conn.execute(update(references).where(same).values(ended_at=millis(now)))
    rest = {
        "captured_on": reference.captured_on.isoformat(),
        "enrolment": reference.enrolment,
        "key_id": reference.key_id,
        "sealed": reference.sealed,
        "enrolled_by": by.who,
        "enrolled_at": millis(now),
    }
    conn.execute(insert(references), {**row, **rest})
    what = f"{reference.modality} reference {reference.position}"
    log_access(conn, Action.COLLECTED, reference.prisoner_number, what, by, now)


def references_of(conn: Connection, prisoner_number: str) -> tuple[SealedReference, ...]:
    """The references in force, face first. Reading them for a session is logged by the session's audit entry."""
    return tuple(_reference(row) for row in _IN_FORCE.all(conn, number=prisoner_number))


_IN_FORCE: Final = Prepared(
    select(references)
    .where(references.c.prisoner_number == bindparam("number"), references.c.ended_at.is_(None))
    .order_by(references.c.modality, references.c.position)
)


def erase(conn: Connection, prisoner_number: str, by: By, now: datetime) -> int:
    """Deletes every reference of a person, ended ones too; logs that it was done, not what it was."""
    count = conn.execute(delete(references).where(references.c.prisoner_number == prisoner_number)).rowcount
    log_access(conn, Action.ERASED, prisoner_number, f"{count} references", by, now)
    return int(count)


def _reference(row: Any) -> SealedReference:
    return SealedReference(
        row.prisoner_number,
        Modality(row.modality),
        row.position,
        date.fromisoformat(row.captured_on),
        bytes(row.enrolment),
        row.key_id,
        bytes(row.sealed),
    )
