"""What stands open and officers must know: holds that nobody settled in time, releases that turned out to be errors.

Read from the store, so that every gateway that serves the prison says the same.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from sallyport_gateway.authority.holding import Level
from sallyport_gateway.drivers.authority_holds import OpenHold, open_holds
from sallyport_gateway.drivers.authority_sweep import OpenAlarm, open_alarms
from sallyport_gateway.notice import Notice


@dataclass(frozen=True, slots=True)
class Standing:
    """One thing, and the key by which it is known that it was told."""

    key: str
    notice: Notice


def standing(conn: Connection, now: datetime) -> list[Standing]:
    """Everything that stands open now."""
    found: list[Standing] = []
    for hold in open_holds(conn, None, now):
        if hold.clock.level is not Level.OWNER:
            found.append(Standing(f"hold {hold.id} {hold.clock.level}", _escalated(hold)))
        if hold.clock.over_detained:
            found.append(Standing(f"over {hold.id}", _over_detained(hold)))
    found += [Standing(f"alarm {each.key}", _released_in_error(each)) for each in open_alarms(conn)]
    return found


def _over_detained(hold: OpenHold) -> Notice:
    held = hold.held
    told = f"{held.prisoner_number} should have been free since midnight. Held for {_minutes(hold)} min;"
    return Notice("OVER_DETENTION", f"{told} {words(held.owner.value)} owns it.", held.prison)


def _escalated(hold: OpenHold) -> Notice:
    held = hold.held
    told = f"{held.prisoner_number} is held for {_minutes(hold)} min, owned by {words(held.owner.value)}."
    return Notice("HOLD_ESCALATED", f"{told} Tell the {words(hold.clock.level.value)}.", held.prison)


def _released_in_error(alarm: OpenAlarm) -> Notice:
    whom = ", ".join(words(each) for each in alarm.tell)
    told = f"{alarm.prisoner_number} has been released, and now: {alarm.sentence} Tell: {whom}."
    return Notice("RELEASED_IN_ERROR", told, alarm.prison)


def _minutes(hold: OpenHold) -> int:
    return round(hold.clock.running.total_seconds() / 60)


def words(code: str) -> str:
    """A code as people read it."""
    return code.replace("_", " ").lower().replace("home office", "Home Office")
