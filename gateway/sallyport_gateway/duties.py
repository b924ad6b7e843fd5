"""What a gateway does with nobody at a door: the clocks of holds, the watch after releases, the look ahead at night.

Several gateways on one store may all do this. What changes the store is done by the one that comes first (a row that is
claimed, an alarm that is new); what officers must be told is read from the store, so every gateway tells its own lanes.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Final, Protocol

from sqlalchemy import Connection

from sallyport_gateway.audit import log as audit
from sallyport_gateway.authority.calendar import night_of
from sallyport_gateway.authority.policy import ReleasePolicy
from sallyport_gateway.authority.preflight import Line
from sallyport_gateway.drivers.authority_access import millis
from sallyport_gateway.drivers.authority_nights import Look, claim, finish, people_due
from sallyport_gateway.drivers.authority_preflight import log_look
from sallyport_gateway.drivers.authority_rounds import go_round
from sallyport_gateway.drivers.authority_sweep import Raised, look, raise_alarms, to_look_at, watched_people
from sallyport_gateway.drivers.authority_unmatched import UnmatchedWarrants
from sallyport_gateway.notice import Notice
from sallyport_gateway.store import Store
from sallyport_gateway.views.standing import Standing, standing
from sallyport_gateway.watch.rounds import Lookout, hold_models
from sallyport_protocol.errors import RoadError

log = logging.getLogger(__name__)

EVERY_S: Final = 20.0
"""An alarm about a release that has happened is then well below a minute old."""

OVERLAP: Final = timedelta(minutes=2)
"""How far back each look after releases goes beyond the last: a change's time is taken before it is committed."""

WHOLE: Final = timedelta(hours=1)
"""How often every watched release is looked at, changed or not, and its sources are asked anew."""

AT_ONCE: Final = 20
"""Watched releases looked at in one reading: some 50 ms, so that pages and doors come between."""

BREATH_S: Final = 0.02
"""Between two portions of the audit log that the watch over the models reads."""


class Authority(Protocol):
    """What the look ahead needs of the authority."""

    policy: ReleasePolicy

    def preflight(self, conn: Connection, prison: str, now: datetime) -> list[Line]:
        """Who of a prison is due soon, checked as if now."""


@dataclass(frozen=True, slots=True)
class Place:
    """Whose duties these are: the gateway's name and audit log, its prisons, and when it looks ahead (London)."""

    gateway: str
    log: str
    prisons: Sequence[str]
    preflight: time


class Duties:
    """The duties of one gateway. `gather` reads a person anew where the sources are elsewhere."""

    def __init__(
        self,
        store: Store,
        place: Place,
        authority: Authority,
        now: Callable[[], datetime],
        tell: Callable[[Notice], None],
        gather: Callable[[str], Awaitable[None]],
    ) -> None:
        self._store, self._place, self._authority, self._now = store, place, authority, now
        self._tell, self._gather = tell, gather
        self._told: frozenset[str] = frozenset()
        self._looked: datetime | None = None
        self._whole: datetime | None = None
        self._unmatched = UnmatchedWarrants(looking=True)
        self._lookout = Lookout()

    async def keep(self) -> None:
        """Does the duties for ever. One that fails is told or logged, and the next round tries again."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.once()

    async def once(self) -> None:
        """One round of everything."""
        for duty in (self.rounds, self.watch_releases, self.watch_models, self.look_ahead, self.tell_standing):
            try:
                await duty()
            except RoadError as error:
                self._tell(Notice("STORE_FAILED", str(error)))
            except Exception:
                log.exception("the duty %s failed; the next round tries again", duty.__name__)

    async def rounds(self) -> None:
        """Windows that are over and holds that must be known higher up."""
        await self._store.write(partial(go_round, now=self._now()))

    async def watch_releases(self) -> None:
        """Releases of which something new is known. Looking reads; only what is found is written."""
        now = self._now()
        whole = self._whole is None or now - self._whole >= WHOLE
        if whole and self._whole is not None:
            for number in await self._store.read(partial(watched_people, now=now)):
                await self._gather(number)
        since = None if whole or self._looked is None else self._looked - OVERLAP
        found: list[Raised] = []
        policy, unmatched = self._authority.policy, self._unmatched
        wanted = await self._store.read(partial(to_look_at, now=now, since=since))
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            job = partial(look, policy=policy, authorisations=some, now=now, unmatched=unmatched)
            found += await self._store.read(job)
        if found:
            await self._store.write(partial(record_alarms, log_name=self._place.log, found=found, now=now))
        self._looked = now
        self._whole = now if whole else self._whole

    async def watch_models(self) -> None:
        """Whether the models still behave as usual; a prison whose test stopped has them held until two officers lift
        it."""
        now = self._now()
        while await self._store.read(partial(self._lookout.take, now=now)):
            await asyncio.sleep(BREATH_S)
        if alarms := self._lookout.alarms:
            job = partial(hold_models, log_name=self._place.log, alarms=alarms, now=now)
            for notice in await self._store.write(job):
                self._tell(notice)

    async def look_ahead(self) -> None:
        """The night's list of each prison, once a night; a night that was missed is made up for at the next round."""
        for prison in self._place.prisons:
            day = night_of(self._now(), self._place.preflight)
            job = partial(claim, prison=prison, day=day, who=self._place.gateway, now=self._now())
            if await self._store.write(job):
                await self._look_ahead(prison, day)

    async def _look_ahead(self, prison: str, day: date) -> Look:
        log.info("looking ahead for %s, night of %s", prison, day)
        due = await self._store.read(partial(people_due, prison=prison, policy=self._authority.policy, now=self._now()))
        for number in due:
            await self._gather(number)

        now = self._now()
        lines = await self._store.read(partial(self._authority.preflight, prison=prison, now=now))

        def job(conn: Connection) -> Look:
            log_look(conn, lines, now)
            made = finish(conn, prison, day, lines, now)
            unready = sum(not row["ready"] for row in made.rows)
            content = {"prison": prison, "day": day.isoformat(), "due": len(made.rows), "to_settle": unready}
            audit.append(conn, self._place.log, "PREFLIGHT", content, millis(now))
            return made

        return await self._store.write(job)

    async def tell_standing(self) -> None:
        """What stands open and was not told by this process: after a restart it is all told again."""
        found: list[Standing] = await self._store.read(partial(standing, now=self._now()))
        for each in found:
            if each.key not in self._told:
                self._tell(each.notice)
        self._told = frozenset(each.key for each in found)


def record_alarms(conn: Connection, log_name: str, found: Sequence[Raised], now: datetime) -> list[Raised]:
    """Alarms about releases that have happened, each once, with its audit entry."""
    new = raise_alarms(conn, found, now)
    for each in new:
        content = {
            "authorisation": each.authorisation,
            "prisoner_number": each.prisoner_number,
            "prison": each.prison,
            "check": each.alarm.finding.to_map(),
            "cause": each.cause.value,
            "tell": [who.value for who in each.alarm.tell],
        }
        audit.append(conn, log_name, "RELEASED_IN_ERROR", content, millis(now))
    return new
