"""The feed of changes in the store: what an answer of it says is taken in one transaction, once, in order.

What an event voids is paused and its lives are revised with it, so no grant overtakes it. After a gap, and after an
event that cannot be read, nobody knows what was said: everything read before is as good as unheard, every opening that
is under way is stopped, and the sources must be read again. An event that cannot be read is kept for a person.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from sallyport_gateway.audit import log as audit
from sallyport_gateway.authority.calendar import from_millis
from sallyport_gateway.authority.evidence import Feed
from sallyport_gateway.authority.feed import Batch, News, NoMatter, Notification, Unclear, Voids
from sallyport_gateway.drivers.authority_access import By, millis
from sallyport_gateway.drivers.authority_records import unhear, void
from sallyport_gateway.drivers.authority_tables import events_aside, events_seen, feeds
from sallyport_gateway.ledger import life

FEED: Final = "hmpps"

REMEMBERED: Final = timedelta(days=14)
"""How long an event's name is known. Source: SQS keeps a message at most 14 days, so none comes again after."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one answer did. `position` None: another gateway had taken it, nothing was done."""

    position: int | None
    people: tuple[str, ...] = ()
    """Whose sources should be read again."""
    everybody: bool = False
    """Everything that was read is unheard."""
    alarms: tuple[tuple[str, str], ...] = ()
    """Code and sentence."""


@dataclass(slots=True)
class _Effects:
    people: dict[str, None] = field(default_factory=dict)
    everybody: bool = False
    alarms: list[tuple[str, str]] = field(default_factory=list)


def position(conn: Connection) -> int | None:
    """The last sequence that was taken; None before the first answer ever."""
    return conn.execute(select(feeds.c.position).where(feeds.c.name == FEED)).scalar()


def state(conn: Connection) -> Feed:
    """What decisions know of the feed."""
    heard = conn.execute(select(feeds.c.heard_at).where(feeds.c.name == FEED)).scalar()
    return Feed(heard_at=None if heard is None else from_millis(heard))


def take(conn: Connection, log: str, batch: Batch, before: int | None, now: datetime) -> Taken:
    """Takes an answer that was asked for as from `before` (see `position`). `log`: the gateway's audit log."""
    at = batch.newest if before is None else before
    if not (_enter(conn, at) if before is None else _still(conn, at)):
        return Taken(None)
    effects = _Effects()
    if batch.newest < at:
        _gap(conn, log, at, batch.newest, effects, now)
        at = batch.newest
    for each in batch.notifications:
        if each.sequence > at:
            if each.sequence > at + 1:
                _gap(conn, log, at, each.sequence, effects, now)
            at = each.sequence
            if _is_new(conn, each, now):
                _do(conn, log, each, effects, now)
    if at < batch.newest and batch.oldest > at + 1:
        _gap(conn, log, at, batch.oldest, effects, now)
        at = batch.oldest - 1
    heard = min(batch.as_of or now, now)
    conn.execute(update(feeds).where(feeds.c.name == FEED).values(position=at, heard_at=millis(heard)))
    if effects.everybody:
        conn.execute(update(feeds).where(feeds.c.name == FEED).values(floor=millis(now) + 1))
        unhear(conn)
        life.revise(conn, [each.authorisation for each in life.pending(conn)])
    return Taken(at, tuple(effects.people), effects.everybody, tuple(effects.alarms))


def floor(conn: Connection) -> datetime:
    """What was asked of the sources before this moment counts no more."""
    return from_millis(conn.execute(select(feeds.c.floor).where(feeds.c.name == FEED)).scalar() or 0)


def distrust(conn: Connection) -> None:
    """The feed cannot be understood: until it can, it counts as never heard, and nobody leaves."""
    conn.execute(update(feeds).where(feeds.c.name == FEED).values(heard_at=None))


def unclear(conn: Connection) -> int:
    """How many events nobody could read and nobody has looked at."""
    wanted = select(func.count()).select_from(events_aside).where(events_aside.c.settled_at.is_(None))
    return int(conn.execute(wanted).scalar_one())


def asides(conn: Connection) -> list[dict[str, object]]:
    """Those events, oldest first."""
    rows = conn.execute(select(events_aside).where(events_aside.c.settled_at.is_(None)).order_by(events_aside.c.id))
    return [dict(row._mapping) for row in rows]


def settle_aside(conn: Connection, number: int, by: By, now: datetime) -> bool:
    """A person has looked at an event that nobody could read. False when there is none of that number to settle."""
    here = (events_aside.c.id == number, events_aside.c.settled_at.is_(None))
    values = {"settled_by": by.who, "settled_at": millis(now), "note": by.why[:500]}
    return conn.execute(update(events_aside).where(*here).values(values)).rowcount == 1


def forget_old(conn: Connection, now: datetime) -> None:
    """Names of events that cannot come again."""
    conn.execute(delete(events_seen).where(events_seen.c.at < millis(now - REMEMBERED)))


def _enter(conn: Connection, at: int) -> bool:
    """The first answer ever: we follow from here. What was before was never read by us, and so is in no record."""
    if position(conn) is not None:
        return False
    conn.execute(insert(feeds), {"name": FEED, "position": at, "floor": 0})
    return True


def _still(conn: Connection, at: int) -> bool:
    """Compare and set: of several gateways that heard the same answer, one takes it."""
    here = (feeds.c.name == FEED, feeds.c.position == at)
    return conn.execute(update(feeds).where(*here).values(position=at)).rowcount == 1


def _is_new(conn: Connection, each: Notification, now: datetime) -> bool:
    if conn.execute(select(events_seen.c.at).where(events_seen.c.name == each.name)).first() is not None:
        return False
    conn.execute(insert(events_seen), {"name": each.name, "at": millis(now)})
    return True


def _do(conn: Connection, log: str, each: Notification, effects: _Effects, now: datetime) -> None:
    news: News = each.news
    match news:
        case NoMatter():
            return
        case Voids(kind, people):
            paused = [_void(conn, number, kind, now) for number in people]
            effects.people |= dict.fromkeys(people)
            effects.everybody |= not people
            content = {"event": kind, "name": each.name, "paused": sorted({one for some in paused for one in some})}
            audit.append(conn, log, "EVENT", content, millis(now))
        case Unclear(why, text):
            row = {"at": millis(now), "sequence": each.sequence, "name": each.name, "why": why[:200], "text": text}
            conn.execute(insert(events_aside), row)
            audit.append(conn, log, "EVENT_UNCLEAR", {"name": each.name, "why": why[:200]}, millis(now))
            effects.everybody = True
            told = f"Event {each.name} cannot be read: {why}. It is kept; every source is read anew. Look at it."
            effects.alarms.append(("EVENT_UNCLEAR", told))


def _void(conn: Connection, number: str, kind: str, now: datetime) -> tuple[str, ...]:
    done = void(conn, number, kind, now)
    unhear(conn, prisoner_number=number)
    life.revise(conn, done.touched)
    return done.paused


def _gap(conn: Connection, log: str, known: int, found: int, effects: _Effects, now: datetime) -> None:
    """`found` is where the feed goes on; below `known`, it is another feed than the one we followed."""
    content = {"known": known, "found": found}
    audit.append(conn, log, "EVENTS_MISSING", content, millis(now))
    effects.everybody = True
    told = f"The feed goes on at {found}, but {known} was the last event taken. Every source is read anew."
    effects.alarms.append(("EVENTS_MISSING", told))
