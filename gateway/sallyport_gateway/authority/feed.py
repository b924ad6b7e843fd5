"""The feed of HMPPS's domain events as our news. Pure: JSON in, news out.

One answer of the feed:

    {"asOf": time, "oldest": sequence, "newest": sequence, "notifications": [notification, ...]}

A notification is the envelope in which SNS hands a domain event on: `MessageId`, `SequenceNumber` (rising by one),
`Message` (the event, JSON as text). The event names its kind (`eventType`) and its person
(`personReference.identifiers` of type NOMS, or `additionalInformation.nomsNumber`). Envelope and events are HMPPS's
own; that the feed is asked over HTTP (`?after=sequence&wait=seconds`), and with which words, is ours [?].

Whatever cannot be understood is kept as `Unclear`, never dropped.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sallyport_gateway.authority.hmpps import VOIDING_EVENTS, stated_time
from sallyport_gateway.authority.identifiers import is_prisoner_number
from sallyport_protocol.errors import MalformedError

MOST: Final = 500
"""Notifications in one answer; more are asked for at once."""

LARGEST: Final = 65_536
"""Characters of one notification that are kept for a person to read. Source: SNS allows 256 KiB; events are below 4."""

OF_NOBODY: Final = frozenset({"court-warrant.file.received"})
"""Voiding events that may name nobody: paper that is linked to nobody concerns everybody."""


@dataclass(frozen=True, slots=True)
class Voids:
    """What was approved for these people is void. No people: every source is read anew before anybody leaves."""

    kind: str
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoMatter:
    """An event that changes no authority."""

    kind: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """What came, as text, and why it could not be understood. It may have voided anything."""

    why: str
    text: str


News = Voids | NoMatter | Unclear


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification in its place. `name` is the sender's own id: the same name again is the same event."""

    sequence: int
    name: str
    news: News


@dataclass(frozen=True, slots=True)
class Batch:
    """One answer of the feed: nothing is missing up to `as_of`. It still has the events from `oldest` to `newest`."""

    as_of: datetime | None
    oldest: int
    newest: int
    notifications: tuple[Notification, ...]


def read_batch(answer: Mapping[str, Any]) -> Batch:
    """Reads one answer. Raises MalformedError when even its frame cannot be read: nothing of it is taken then."""
    found = answer.get("notifications")
    if not isinstance(found, list) or len(found) > MOST:
        raise MalformedError(f"The feed's notifications are missing, or more than {MOST}.")
    batch = tuple(sorted(map(_notification, found), key=lambda each: each.sequence))
    oldest, newest = (_sequence(answer.get(name)) for name in ("oldest", "newest"))
    return Batch(stated_time(answer), oldest, max(newest, *(each.sequence for each in batch), 0), batch)


def _notification(each: Any) -> Notification:
    """The place must be readable; what is in it may be anything."""
    if not isinstance(each, dict):
        raise MalformedError("A notification of the feed is no object.")
    sequence = _sequence(each.get("SequenceNumber"))
    name = each.get("MessageId")
    named = isinstance(name, str) and 0 < len(name) <= 64 and name.isascii() and name.isprintable()
    return Notification(sequence, str(name) if named else f"without a name {sequence}", read_news(each.get("Message")))


def read_news(message: Any) -> News:
    """What one event means for us."""
    if not isinstance(message, str):
        return _unclear("it has no Message", message)
    try:
        event = json.loads(message)
    except (ValueError, RecursionError):
        return _unclear("it is not JSON", message)
    kind = event.get("eventType") if isinstance(event, dict) else None
    if not isinstance(kind, str) or not kind:
        return _unclear("it names no eventType", message)
    if kind not in VOIDING_EVENTS:
        return NoMatter(kind[:100])
    people = _people(event)
    wrong = [each for each in people if not is_prisoner_number(each)]
    if wrong:
        return _unclear(f"{wrong[0][:20]!r} is not a prisoner number", message)
    if not people and kind not in OF_NOBODY:
        return _unclear(f"{kind} does not say whom it is about", message)
    return Voids(kind, people)


def _people(event: dict[str, Any]) -> tuple[str, ...]:
    """Every prisoner number that the event names, in any of the places where HMPPS's events name one."""
    reference, more = event.get("personReference"), event.get("additionalInformation")
    listed = reference.get("identifiers") if isinstance(reference, dict) else None
    named = [
        each.get("value")
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict) and each.get("type") in ("NOMS", "nomsNumber")
    ]
    places = ("nomsNumber", "prisonerNumber", "removedNomsNumber", "prisonerId")
    named += [more[place] for place in places if place in more] if isinstance(more, dict) else []
    return tuple(dict.fromkeys(str(each) for each in named if each is not None))


def _unclear(why: str, message: Any) -> Unclear:
    text = message if isinstance(message, str) else json.dumps(message, default=str)
    storable = text[:LARGEST].encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
    return Unclear(why, storable)


def _sequence(value: Any) -> int:
    """SNS writes sequence numbers as text, with zeros before."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 40:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**62:
        raise MalformedError(f"{str(value)[:40]!r} is not a sequence number of the feed.")
    return value
