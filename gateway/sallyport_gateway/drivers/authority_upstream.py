"""HMPPS as the source of a running gateway: the same authority port, the road to HMPPS, and the feed of changes.

What HMPPS owns is entered there and nowhere else: a record entered here would be gone at the next reading, and a source
declared heard by hand would make old evidence look fresh. Holds, court orders and reviews of identities stay ours.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

import httpx
from sqlalchemy import Connection, delete

from sallyport_gateway.authority.evidence import AuthorityEvidence
from sallyport_gateway.authority.words import Source
from sallyport_gateway.configuration import Configuration, HmppsSection
from sallyport_gateway.drivers import authority_embedded as embedded
from sallyport_gateway.drivers.authority_feed import Taken, state
from sallyport_gateway.drivers.authority_office import EmbeddedAuthority
from sallyport_gateway.drivers.authority_records import EVERYBODY, Kind
from sallyport_gateway.drivers.authority_refresh import Pace, Refresh
from sallyport_gateway.drivers.authority_tables import heard
from sallyport_gateway.drivers.event_feed import WAIT_S, EventFeed
from sallyport_gateway.drivers.hmpps_client import HmppsClient, HmppsPlace
from sallyport_gateway.notice import Notice
from sallyport_gateway.ports import RecordEntry
from sallyport_gateway.store import Store
from sallyport_protocol.documents import Profile
from sallyport_protocol.errors import MalformedError, RoadError

log = logging.getLogger(__name__)

OURS: Final = frozenset({Kind.HOLD, Kind.COURT_ORDER, Kind.IDENTITY})
"""Kinds of record that officers enter also where HMPPS is the source."""

_SLACK_S: Final = 5.0
"""How much longer than its own wait the feed may take to answer."""

_AT_ONCE: Final = 4
"""People read at once after a batch of events."""


class HmppsAuthority(EmbeddedAuthority):
    """The embedded authority with HMPPS as the only mouth of its sources. `follows`: whether a feed is configured."""

    follows: bool = False

    def record(self, conn: Connection, entry: RecordEntry, officer: str, now: datetime) -> tuple[str, ...]:
        """Enters what is ours to enter. Raises MalformedError for what HMPPS owns."""
        if entry.kind in set(Kind) - OURS:
            raise MalformedError(f"{entry.kind} records come from HMPPS: put it right there, and it is read again here")
        return super().record(conn, entry, officer, now)

    def heard(self, conn: Connection, source: str, now: datetime) -> None:
        """Nobody says by hand that a source was heard. Raises MalformedError."""
        raise MalformedError("HMPPS is the source here: it counts as heard when it has answered, and not otherwise")

    def _whole(self, conn: Connection, found: AuthorityEvidence) -> AuthorityEvidence:
        return found.model_copy(update={"feed": state(conn)}) if self.follows else found


class Upstream:
    """The road to HMPPS in a running gateway. `start` inside a running loop; `stop` before it ends."""

    def __init__(
        self,
        configuration: Configuration,
        section: HmppsSection,
        store: Store,
        log_name: str,
        now: Callable[[], datetime],
        tell: Callable[[str, str], None],
    ) -> None:
        """Raises RoadError or MalformedError when certificate, key or addresses cannot be used."""
        place = hmpps_place(configuration, section)
        self._store, self._total = store, section.total_s
        timeout = httpx.Timeout(section.timeout_s, connect=section.timeout_s)
        self._client = HmppsClient(place, timeout=timeout, total=section.total_s)
        ages = {Source(name): seconds for name, seconds in section.cache_s.items()}
        self.refresh = Refresh(self._client, store, Pace(section.patience_s, ages), now)
        self._feed_client: HmppsClient | None = None
        self._feed: EventFeed | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._later: set[asyncio.Task[None]] = set()
        self._limit = asyncio.Semaphore(_AT_ONCE)
        if section.events is not None:
            patient = httpx.Timeout(WAIT_S + _SLACK_S, connect=section.timeout_s)
            self._feed_client = HmppsClient(place, timeout=patient, total=WAIT_S + 2 * _SLACK_S)
            self._feed = EventFeed(self._feed_client, section.events, store, log_name, now, self._heard, tell)

    async def gather(self, authorisation: str, thoroughly: bool) -> None:
        """`ports.Office.gather`. Whatever goes wrong, what is stored is then as old as it was."""
        try:
            number = await self._store.read(lambda conn: embedded.number_of(conn, authorisation))
            if number is not None:
                await self.gather_person(number, thoroughly)
        except RoadError as error:
            log.warning("HMPPS could not be asked: %s", error)
        except Exception:
            log.exception("HMPPS could not be asked; what is stored grows old")

    async def gather_person(self, number: str, thoroughly: bool = True) -> None:
        """Reads one person anew, as `gather` does."""
        await self.refresh.gather(number, within=self._total if thoroughly else None)

    async def start(self) -> None:
        """Forgets what was declared heard by hand, and begins to listen."""
        await self._store.write(_only_what_was_heard)
        if self._feed is not None:
            self._tasks.append(asyncio.create_task(self._feed.listen(), name="feed"))

    async def stop(self) -> None:
        for task in [*self._tasks, *self._later]:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._later, return_exceptions=True)
        for client in (self._client, self._feed_client):
            if client is not None:
                await client.close()

    async def _heard(self, taken: Taken) -> None:
        """What events changed is read again at once, so that the watch after releases and the lists see it."""
        for number in taken.people:
            task = asyncio.create_task(self._read_later(number))
            self._later.add(task)
            task.add_done_callback(self._later.discard)

    async def _read_later(self, number: str) -> None:
        try:
            async with self._limit:
                if await self._store.read(lambda conn: embedded.concerns(conn, number)):
                    await self.gather_person(number)
        except RoadError as error:
            log.warning("one person could not be read after an event: %s", error)
        except Exception:
            log.exception("one person could not be read after an event")


def open_upstream(
    configuration: Configuration,
    store: Store,
    authority: EmbeddedAuthority,
    log_name: str,
    now: Callable[[], datetime],
    tell: Callable[[Notice], None],
) -> Upstream | None:
    """The road to HMPPS where the configuration has one. Raises RoadError or MalformedError."""
    section = configuration.file.hmpps
    if section is None:
        return None
    if section.events is None and configuration.file.profile is Profile.PRODUCTION:
        raise MalformedError("gateway.toml: hmpps names no events; a production gateway must hear of changes at once")
    if isinstance(authority, HmppsAuthority):
        authority.follows = section.events is not None
    return Upstream(configuration, section, store, log_name, now, lambda code, words: tell(Notice(code, words)))


def hmpps_place(configuration: Configuration, section: HmppsSection) -> HmppsPlace:
    """What the configuration says, with its files read. Raises RoadError or MalformedError."""
    urls = (section.url, *section.sources.values())
    plain = [url for url in urls if not url.startswith("https://")]
    if plain and configuration.file.profile is Profile.PRODUCTION:
        raise MalformedError(f"gateway.toml: hmpps: {plain[0]} is not https; a production gateway asks nobody else")
    if section.certificate is None and section.api_key is None:
        raise MalformedError("gateway.toml: hmpps names neither a certificate nor an api_key; HMPPS answers nobody")

    def path(text: str | None) -> object:
        return None if text is None else configuration.path(text)

    key = "" if section.api_key is None else configuration.read(section.api_key).decode("ascii", "replace").strip()
    if section.api_key is not None and not (key.isascii() and key.isprintable() and key):
        raise MalformedError(f"{configuration.path(section.api_key)} holds no API key: one line of plain text")
    files = (path(section.authorities), path(section.certificate), path(section.key))
    return HmppsPlace(section.url, *files, key, dict(section.sources))  # type: ignore[arg-type]


def _only_what_was_heard(conn: Connection) -> None:
    conn.execute(delete(heard).where(heard.c.scope == EVERYBODY))
