"""Acts that count only when two officers have signed the same facts. The first waits, durable, for the second."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, and_, delete, insert, select

from sallyport_gateway.store.tables import joint_acts
from sallyport_protocol.identity import same_person

WITHIN_MS: Final = 600_000
"""How long the first officer's word waits, ms: as long as a freeze's first."""


class Together(StrEnum):
    """What one officer's word came to."""

    FIRST = "FIRST"
    """Another officer must sign the same."""
    BOTH = "BOTH"
    SAME_OFFICER = "SAME_OFFICER"


@dataclass(frozen=True, slots=True)
class Word:
    """The answer, and the first officer's name."""

    together: Together
    first: str


def take(conn: Connection, kind: str, subject: str, facts: bytes, officer: str, now: int) -> Word:
    """One officer's word about `subject`; `facts` is the SHA-256 of what was signed, 32 bytes. Other facts than the
    waiting ones begin anew."""
    here = and_(joint_acts.c.kind == kind, joint_acts.c.subject == subject)
    held = conn.execute(select(joint_acts).where(here).with_for_update()).first()
    if held is not None and held.words == facts and now - held.at <= WITHIN_MS:
        if same_person(held.officer, officer):
            return Word(Together.SAME_OFFICER, officer)
        conn.execute(delete(joint_acts).where(here))
        return Word(Together.BOTH, held.officer)
    conn.execute(delete(joint_acts).where(here))
    row = {"kind": kind, "subject": subject, "officer": officer, "words": facts, "at": now}
    conn.execute(insert(joint_acts), row)
    return Word(Together.FIRST, officer)


def waiting(conn: Connection, kind: str, subject: str, now: int) -> str | None:
    """Whose word waits for a second officer's; None for nobody's."""
    here = and_(joint_acts.c.kind == kind, joint_acts.c.subject == subject, joint_acts.c.at >= now - WITHIN_MS)
    return conn.execute(select(joint_acts.c.officer).where(here)).scalar()
