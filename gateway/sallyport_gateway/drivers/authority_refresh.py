"""Reading HMPPS anew for a running gateway: before each step of a release, after each event, and for the night's list.

`gather` reads outside of every transaction and every lane's lock, stores what it read with the time at which it asked,
and returns; it never raises for a source that fails. The decision that follows looks at what is stored: what did not
answer in time is as old as it was, and check 24 says when that is too old.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection, select

from sallyport_gateway.authority.identifiers import is_prisoner_number
from sallyport_gateway.authority.records import Identity
from sallyport_gateway.authority.words import Source
from sallyport_gateway.drivers.authority_feed import floor
from sallyport_gateway.drivers.authority_hmpps import Client, Fetched, fetch, keep
from sallyport_gateway.drivers.authority_records import Kind, heard_about
from sallyport_gateway.drivers.authority_tables import records
from sallyport_gateway.ledger import life
from sallyport_gateway.store import Store
from sallyport_protocol.errors import SallyportError

log = logging.getLogger(__name__)

FRESH_S: Final = 2.0
"""What was read less than so many seconds ago is not asked again, where the configuration says nothing else: the
steps of one opening follow one another within this time."""

MOST_LINKED: Final = 8
"""Other numbers of one person that are read with theirs. Whoever has more is not read at all, and held."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: how long a step waits for a source, and how old a reading may be before it is asked again."""

    patience: float
    ages: Mapping[Source, float] = field(default_factory=dict)

    def age(self, source: Source) -> float:
        return self.ages.get(source, FRESH_S)


class Refresh:
    """Keeps what the store knows of a person as fresh as HMPPS lets it be. Lives in one event loop.

    What is due is asked of the store, not remembered: an event, a gap and another gateway's reading count at once.
    """

    def __init__(self, client: Client, store: Store, pace: Pace, now: Callable[[], datetime]) -> None:
        self._client, self._store, self._pace, self._now = client, store, pace, now
        self._running: dict[str, asyncio.Lock] = {}
        self.troubles: dict[Source, str] = {}
        """What is wrong with each source, as of its last answer about anybody."""

    async def gather(self, number: str, *, within: float | None = None) -> None:
        """Reads what is old about this person and every number linked to theirs. Waits `within` seconds at most for
        each source; else the pace's patience."""
        if not is_prisoner_number(number):
            return
        patience = self._pace.patience if within is None else within
        linked = await self._linked(number)
        await asyncio.gather(*(self._gather_one(each, patience) for each in (number, *linked)))
        more = await self._linked(number) - linked
        await asyncio.gather(*(self._gather_one(each, patience) for each in sorted(more)))

    async def _gather_one(self, number: str, patience: float) -> None:
        """One number, by one caller at a time; who comes second finds it fresh."""
        lock = self._running.setdefault(number, asyncio.Lock())
        try:
            async with lock:
                if due := await self._due(number):
                    await self._fetch(number, due, patience)
        except SallyportError as error:
            log.warning("what HMPPS says of one person could not be kept: %s", error)
        finally:
            if not lock.locked():
                self._running.pop(number, None)

    async def _fetch(self, number: str, due: list[Source], patience: float) -> None:
        now = self._now()
        fetched = await fetch(self._client, number, now, sources=due, within=patience)
        await self._store.write(partial(_keep, fetched=fetched, asked=now, now=self._now()))
        for source in due:
            self._note(source, fetched.troubles.get(source, ""))

    async def _due(self, number: str) -> list[Source]:
        known, now = await self._store.read(lambda conn: heard_about(conn, [number])), self._now()
        return [each for each in Source if not _is_fresh(known.get(each), now, self._pace.age(each))]

    def _note(self, source: Source, trouble: str) -> None:
        if trouble and trouble != self.troubles.get(source):
            log.warning("%s", trouble)
        self.troubles[source] = trouble

    async def _linked(self, number: str) -> set[str]:
        found = await self._store.read(partial(_linked, number=number))
        if len(found) > MOST_LINKED:
            log.warning("a person has %d other numbers; they are not read, and nobody leaves on them", len(found))
            return set()
        return found


def _is_fresh(heard: datetime | None, now: datetime, age: float) -> bool:
    return heard is not None and abs((now - heard).total_seconds()) < age


def _keep(conn: Connection, fetched: Fetched, asked: datetime, now: datetime) -> None:
    """What changed revises the lives that it concerns, so that no grant overtakes it. What was asked before the feed
    lost something is not kept: the answer may be from before it too."""
    if asked >= floor(conn):
        life.revise(conn, keep(conn, fetched, now).touched)


def _linked(conn: Connection, number: str) -> set[str]:
    document = conn.execute(
        select(records.c.document).where(records.c.kind == Kind.IDENTITY.value, records.c.key == number)
    ).scalar()
    numbers = () if document is None else Identity.parse(document).numbers
    return {each.prisoner_number for each in numbers if is_prisoner_number(each.prisoner_number)} - {number}
