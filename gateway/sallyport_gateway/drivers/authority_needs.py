"""What a person cannot do before the kiosk's camera, and modalities that cannot be used, as officers recorded them.

A record never lowers a threshold: fewer actions make more steps, a covered part of the face is compared as it is, and
a modality that is excused leaves its whole share of the proof to the other.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from sallyport_gateway.drivers.authority_access import Action, By, log_access, millis
from sallyport_gateway.drivers.authority_tables import exceptions, needs
from sallyport_gateway.ports import Recorded
from sallyport_gateway.store.prepared import Prepared
from sallyport_protocol.actions import Part
from sallyport_protocol.acts import Cannot
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.subject import Modality, Needs, RecordedException

NOTHING: Final = Needs(unable=(), slow=False, no_light=False, covered=())


@dataclass(frozen=True, slots=True)
class RecordedNeeds:
    """One record: what, who said so, why, and until when it holds."""

    needs: Needs
    officer: str
    reason: str
    at: datetime
    ends: datetime


def record_needs(conn: Connection, prisoner_number: str, needed: Needs, by: By, ends: datetime, now: datetime) -> None:
    """Records what a person needs until `ends`; it replaces what was recorded before. Raises MalformedError."""
    if ends <= now:
        raise MalformedError(f"The record would end at {ends:%Y-%m-%d %H:%M}, which is past; name a later day.")
    if not (needed.unable or needed.slow or needed.no_light or needed.covered):
        raise MalformedError("The record says nothing: name what the person cannot do.")
    _end(conn, prisoner_number, by, now)
    row = {"prisoner_number": prisoner_number, "document": json.dumps(needed.to_map()), "reason": by.why}
    conn.execute(insert(needs), {**row, "officer": by.who, "at": millis(now), "ends_at": millis(ends)})
    log_access(conn, Action.COLLECTED, prisoner_number, "needs at the kiosk", by, now)


def end_needs(conn: Connection, prisoner_number: str, by: By, now: datetime) -> bool:
    """Ends what is recorded, of the challenge and of whole modalities; False when nothing was."""
    ended = _end(conn, prisoner_number, by, now)
    if ended:
        log_access(conn, Action.ALTERED, prisoner_number, "needs at the kiosk", by, now)
    excused = conn.execute(delete(exceptions).where(exceptions.c.prisoner_number == prisoner_number)).rowcount
    if excused:
        log_access(conn, Action.ALTERED, prisoner_number, "exceptions", by, now)
    return ended or bool(excused)


def needs_of(conn: Connection, prisoner_number: str, now: datetime) -> RecordedNeeds | None:
    """What is recorded and holds now."""
    row = _IN_FORCE.first(conn, number=prisoner_number, now=millis(now))
    return None if row is None else _recorded(row)


_IN_FORCE: Final = Prepared(
    select(needs)
    .where(
        needs.c.prisoner_number == bindparam("number"), needs.c.ended_at.is_(None), needs.c.ends_at > bindparam("now")
    )
    .order_by(needs.c.id.desc())
    .limit(1)
)


def record_exception(
    conn: Connection, prisoner_number: str, recorded: RecordedException, ends: datetime, now: datetime
) -> None:
    """Records that a modality cannot be used for this person until `ends`, in place of what was recorded before."""
    here = (exceptions.c.prisoner_number == prisoner_number, exceptions.c.modality == recorded.modality.value)
    conn.execute(delete(exceptions).where(*here))
    row = {"prisoner_number": prisoner_number, "modality": recorded.modality.value, "reason": recorded.reason}
    conn.execute(insert(exceptions), {**row, "officer": recorded.officer, "at": millis(now), "ends_at": millis(ends)})
    by = By(recorded.officer, recorded.reason)
    log_access(conn, Action.COLLECTED, prisoner_number, f"{recorded.modality} exception", by, now)


def exceptions_of(conn: Connection, prisoner_number: str, now: datetime) -> tuple[RecordedException, ...]:
    """Modalities that an officer recorded as unusable, as of `now`."""
    rows = _EXCEPTIONS.all(conn, number=prisoner_number, now=millis(now))
    return tuple(
        RecordedException(modality=Modality(row.modality), reason=row.reason, officer=row.officer) for row in rows
    )


def add_need(conn: Connection, prisoner_number: str, cannot: Cannot, by: By, ends: datetime, now: datetime) -> None:
    """Adds one thing to what is recorded, until `ends` at least; what is there already stays.

    Raises MalformedError when too little is left to ask for.
    """
    if cannot in (Cannot.FACE, Cannot.FINGER):
        modality = Modality(cannot.value.lower())
        if all(each.modality is not modality for each in exceptions_of(conn, prisoner_number, now)):
            excused = RecordedException(modality=modality, reason=by.why, officer=by.who)
            record_exception(conn, prisoner_number, excused, ends, now)
        return
    held = needs_of(conn, prisoner_number, now)
    needed = (held.needs if held else NOTHING).to_map()
    if cannot in (Cannot.SLOW, Cannot.NO_LIGHT):
        needed[cannot.value.lower()] = True
    else:
        listed = "covered" if cannot.value in Part.__members__ else "unable"
        needed[listed] = sorted({*needed[listed], cannot.value})
    record_needs(conn, prisoner_number, Needs.parse(needed), by, max(ends, held.ends) if held else ends, now)


def recorded_of(conn: Connection, numbers: Collection[str], now: datetime) -> dict[str, Recorded]:
    """What holds now for any of these people, by prisoner number; nobody else is in it."""
    if not numbers:
        return {}
    found: dict[str, Recorded] = {}
    asked = select(needs).where(needs.c.prisoner_number.in_(numbers), needs.c.ended_at.is_(None))
    for row in conn.execute(asked.where(needs.c.ends_at > millis(now)).order_by(needs.c.id)):
        found[row.prisoner_number] = Recorded(_recorded(row).needs)
    here = (exceptions.c.prisoner_number.in_(numbers), exceptions.c.ends_at > millis(now))
    for row in conn.execute(select(exceptions).where(*here)):
        before = found.get(row.prisoner_number, Recorded())
        excused = RecordedException(modality=Modality(row.modality), reason=row.reason, officer=row.officer)
        found[row.prisoner_number] = replace(before, exceptions=(*before.exceptions, excused))
    return found


_EXCEPTIONS: Final = Prepared(
    select(exceptions).where(
        exceptions.c.prisoner_number == bindparam("number"), exceptions.c.ends_at > bindparam("now")
    )
)


def _end(conn: Connection, prisoner_number: str, by: By, now: datetime) -> bool:
    here = (needs.c.prisoner_number == prisoner_number, needs.c.ended_at.is_(None))
    done = conn.execute(update(needs).where(*here).values(ended_at=millis(now), ended_by=by.who))
    return bool(done.rowcount)


def _recorded(row: Any) -> RecordedNeeds:
    found = Needs.parse(json.loads(row.document))
    return RecordedNeeds(found, row.officer, row.reason, _moment(row.at), _moment(row.ends_at))


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1_000, UTC)
