"""Holds in the store: opened by a decision, escalated by the clock, ended by somebody who says how."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from sallyport_gateway.authority.calendar import from_millis
from sallyport_gateway.authority.holding import Clock, Ending, Held, Level, clock
from sallyport_gateway.drivers.authority_access import Action, By, log_access, millis
from sallyport_gateway.drivers.authority_tables import holds
from sallyport_gateway.store.prepared import Prepared
from sallyport_protocol.causes import CauseCode, NextStep, Owner
from sallyport_protocol.decision import Verdict


@dataclass(frozen=True, slots=True)
class OpenHold:
    """A hold that has not ended, and its clock."""

    id: int
    held: Held
    clock: Clock


@dataclass(frozen=True, slots=True)
class Escalation:
    """Somebody who must be told now: the next level, or everybody when the law's clock has run out."""

    hold: OpenHold
    over_detention: bool


def open_hold(conn: Connection, held: Held) -> int:
    """Records a hold. The same authorisation held for the same cause keeps its hold and its clock."""
    row = conn.execute(
        select(holds.c.id).where(
            holds.c.authorisation == held.authorisation,
            holds.c.cause == held.cause.value,
            holds.c.ended_at.is_(None),
        )
    ).scalar()
    state = {
        "owner": held.owner.value,
        "next_step": held.next_step.value,
        "reasons": json.dumps(held.reasons),
        "verdict": held.verdict.value,
    }
    if row is not None:
        conn.execute(update(holds).where(holds.c.id == row).values(state))
        return int(row)
    made = conn.execute(
        insert(holds).values(
            **state,
            prisoner_number=held.prisoner_number,
            authorisation=held.authorisation,
            prison_id=held.prison,
            cause=held.cause.value,
            opened_at=millis(held.opened_at),
            due=held.due.isoformat() if held.due else None,
            level=Level.OWNER.value,
        )
    )
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])


def open_holds(conn: Connection, prison: str | None, now: datetime) -> list[OpenHold]:
    """The holds of a prison (None: of the estate) that have not ended, oldest first."""
    query = select(holds).where(holds.c.ended_at.is_(None)).order_by(holds.c.opened_at, holds.c.id)
    if prison is not None:
        query = query.where(holds.c.prison_id == prison)
    return [_hold(row, now) for row in conn.execute(query)]


def hold_of(conn: Connection, authorisation: str, cause: CauseCode, now: datetime) -> OpenHold | None:
    """The open hold of a paper for a cause; None when it has ended."""
    query = select(holds).where(
        holds.c.authorisation == authorisation, holds.c.cause == cause.value, holds.c.ended_at.is_(None)
    )
    row = conn.execute(query.limit(1)).first()
    return None if row is None else _hold(row, now)


def escalate(conn: Connection, now: datetime) -> list[Escalation]:
    """Moves every open hold to the level that its clock has reached. Run each minute; each step is told once."""
    told: list[Escalation] = []
    for row in conn.execute(select(holds).where(holds.c.ended_at.is_(None)).order_by(holds.c.id)).all():
        hold = _hold(row, now)
        here = holds.c.id == hold.id
        if hold.clock.level.value != row.level:
            conn.execute(update(holds).where(here).values(level=hold.clock.level.value))
            told.append(Escalation(hold, over_detention=False))
        if hold.clock.over_detained and row.over_detained_at is None:
            conn.execute(update(holds).where(here).values(over_detained_at=millis(now)))
            told.append(Escalation(hold, over_detention=True))
    return told


def end_hold(conn: Connection, hold: int, ending: Ending, by: By, now: datetime) -> bool:
    """Ends a hold; `by.why` is kept as its note. False when it had ended before or is not there."""
    here = (holds.c.id == hold, holds.c.ended_at.is_(None))
    number = conn.execute(select(holds.c.prisoner_number).where(*here)).scalar()
    if number is None:
        return False
    over = {"ended_at": millis(now), "ending": ending.value, "ended_by": by.who, "note": by.why}
    conn.execute(update(holds).where(*here).values(over))
    log_access(conn, Action.ALTERED, number, f"hold {hold} ended", by, now)
    return True


def end_holds_of(conn: Connection, authorisation: str, ending: Ending, by: By, now: datetime) -> int:
    """Ends every open hold of an authorisation: a later attempt released, or it was withdrawn."""
    open_ones = _OPEN_OF.all(conn, authorisation=authorisation)
    return sum(end_hold(conn, hold.id, ending, by, now) for hold in open_ones)


def end_holds_of_person(conn: Connection, prisoner_number: str, ending: Ending, by: By, now: datetime) -> int:
    """Ends every open hold of a person, on whatever paper: they have left."""
    open_ones = select(holds.c.id).where(holds.c.prisoner_number == prisoner_number, holds.c.ended_at.is_(None))
    return sum(end_hold(conn, hold, ending, by, now) for hold in conn.execute(open_ones).scalars().all())


@dataclass(frozen=True, slots=True)
class EndedHold:
    """A hold that is over: how, when, by whom, and their words."""

    id: int
    held: Held
    ending: Ending
    ended_at: datetime
    ended_by: str
    note: str


def ended_holds(conn: Connection, prison: str, since: datetime) -> list[EndedHold]:
    """The holds of a prison that ended after a time, newest first."""
    query = (
        select(holds)
        .where(holds.c.prison_id == prison, holds.c.ended_at >= millis(since))
        .order_by(holds.c.ended_at.desc(), holds.c.id.desc())
    )
    return [
        EndedHold(row.id, _held(row), Ending(row.ending), from_millis(row.ended_at), row.ended_by, row.note or "")
        for row in conn.execute(query)
    ]


_OPEN_OF: Final = Prepared(
    select(holds.c.id).where(holds.c.authorisation == bindparam("authorisation"), holds.c.ended_at.is_(None))
)


def _hold(row: Row[tuple[object, ...]], now: datetime) -> OpenHold:
    held = _held(row)
    return OpenHold(row._mapping["id"], held, clock(held.opened_at, held.due, now))


def _held(row: Row[tuple[object, ...]]) -> Held:
    values = row._mapping
    return Held(
        values["prisoner_number"],
        values["authorisation"],
        values["prison_id"],
        Verdict(values["verdict"]),
        CauseCode(values["cause"]),
        Owner(values["owner"]),
        NextStep(values["next_step"]),
        tuple(json.loads(values["reasons"])),
        from_millis(values["opened_at"]),
        date.fromisoformat(values["due"]) if values["due"] else None,
    )
