"""What a lane's page shows of the time before this process kept it, from every gateway's audit log.

The log has it all; the page has the last shift's, without alarms that two officers have looked at since.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection

from sallyport_gateway import parameters
from sallyport_gateway.audit import generations
from sallyport_gateway.audit import log as audit
from sallyport_gateway.audit.log import Entry
from sallyport_gateway.ledger.freezes import Lift
from sallyport_gateway.release.board_words import ALARMS, EVENTS, FIRMWARE, MISSING, OTHER_FIRMWARE
from sallyport_gateway.release.voice import Alarm, Event
from sallyport_protocol.acts import ManualReason
from sallyport_protocol.errors import MalformedError


@dataclass(frozen=True, slots=True)
class Past:
    """Newest first, as `Voice` keeps them."""

    events: tuple[Event, ...]
    alarms: tuple[Alarm, ...]


def recall(conn: Connection, own: str, names: frozenset[str], now: int) -> Past:
    """The past of the lane that goes by these names (its own, its board's, its prison's). `own`: this gateway's log."""
    found: list[Entry] = []
    for log in {own, *generations.all_current(conn)}:
        size = audit.size(conn, log)
        found += audit.entries(conn, log, max(0, size - parameters.RECALLED), size)
    return past(found, own, names, now - parameters.RECALL_MS)


def past(entries: Iterable[Entry], own: str, names: frozenset[str], since: int) -> Past:
    """What of these entries is about one lane and not older than `since`, ms since 1970 UTC. Pure."""
    written = [name.encode() for name in names]
    events: list[Event] = []
    alarms: dict[tuple[str, str], Alarm] = {}
    for entry in sorted((each for each in entries if each.at >= since), key=lambda each: (each.at, each.index)):
        if not any(name in entry.body for name in written):
            continue  # hundreds of entries are about other lanes: they are not even decoded
        try:
            content = entry.content
        except MalformedError:
            continue  # `audit verify` says so; a page is no place for it
        at, index = datetime.fromtimestamp(entry.at / 1_000, UTC), entry.index if entry.log == own else None
        if entry.kind == "UNFROZEN" and content.get("name") in names and content.get("answer") == Lift.LIFTED:
            alarms.clear()
        if not names & {content.get("lane"), content.get("board")}:
            continue
        alarm = _alarm(entry.kind, content)
        if alarm is not None:
            alarms.pop(alarm, None)
            alarms[alarm] = (at, *alarm)
            events.append((at, f"Alarm: {alarm[0].replace('_', ' ').lower()}", alarm[1], index))
        elif (say := _LINES.get(entry.kind)) is not None:
            events.append((at, *say(content), index))
    return Past(tuple(reversed(events)), tuple(reversed(alarms.values())))


def _alarm(kind: str, content: dict[str, Any]) -> tuple[str, str] | None:
    """Code and sentence of an entry that was an alarm."""
    if kind == "BOARD_ALARM":
        return _BOARD_ALARMS.get(str(content.get("event")))
    if kind == "KEY_RELEASE":
        return "KEY_RELEASE", f"Somebody was let out by key. {content.get('prison')} grants nothing until reconciled."
    if kind == "OPENED_UNACCOUNTED":
        return "OPENED_AGAINST_THE_LEDGER", "The door opened and no grant accounts for it. Freeze the lane."
    return None


_BOARD_ALARMS: Final = {
    **{EVENTS[kind]: alarm for kind, alarm in ALARMS.items()},
    FIRMWARE: ("OTHER_FIRMWARE", OTHER_FIRMWARE),
    MISSING: ("EVENTS_MISSING", f"{MISSING}. The lane is frozen: look at the door."),
}


def _verdict(content: dict[str, Any]) -> tuple[str, str]:
    refused = (each for each in content.get("checks", ()) if each.get("outcome") != "PASS")
    first: dict[str, Any] = next(refused, {})
    return f"Verdict: {content.get('verdict')}", str(first.get("sentence", ""))


def _held(content: dict[str, Any]) -> tuple[str, str]:
    return "Held at the door", _verdict(content)[1]


def _manual(content: dict[str, Any]) -> tuple[str, str]:
    reason = str(content.get("reason"))
    worded = ManualReason(reason).wording if reason in set(ManualReason) else reason
    return "Manual path", f"{content.get('officer')}: {worded}"


_LINES: Final[dict[str, Callable[[dict[str, Any]], tuple[str, str]]]] = {
    "CHECK_STARTED": lambda content: ("Check started", f"by {content.get('officer')}"),
    "MANUAL_STATED": _manual,
    "DECISION": _verdict,
    "RESULT_REFUSED": lambda content: ("Result refused", _verdict(content)[1]),
    "CONFIRM_REFUSED": _held,
    "GRANT_REFUSED": _held,
    "KEY_REFUSED": _held,
    "GRANT": lambda content: ("Grant sent", ""),
    "OPENED": lambda content: ("Authorisation consumed", str(content.get("authorisation", ""))),
}
