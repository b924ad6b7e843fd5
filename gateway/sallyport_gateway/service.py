"""The gateway's service: one process, one event loop. Messages in, lanes decide, messages out."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from datetime import time as ClockTime

from sallyport_gateway import parameters
from sallyport_gateway.admission.admit import Arrival
from sallyport_gateway.audit import generations
from sallyport_gateway.audit.heads import Heads, Standing
from sallyport_gateway.configuration import Configuration
from sallyport_gateway.drivers.authority_office import EmbeddedAuthority
from sallyport_gateway.drivers.authority_upstream import HmppsAuthority, open_upstream
from sallyport_gateway.drivers.book_files import BookFiles, read_board_keys
from sallyport_gateway.drivers.release_outbox import Announcer
from sallyport_gateway.drivers.release_rules import read_rules
from sallyport_gateway.drivers.witness_place import open_witness
from sallyport_gateway.duties import Duties
from sallyport_gateway.duties import Place as DutyPlace
from sallyport_gateway.notice import Notice
from sallyport_gateway.ports import Office
from sallyport_gateway.release import outcomes
from sallyport_gateway.release.keeping import Elsewhere, Keeper
from sallyport_gateway.release.lane import Lane
from sallyport_gateway.release.lanes import LanePlace, Lanes
from sallyport_gateway.store import Store
from sallyport_gateway.store.alone import hold_alone
from sallyport_link.apart import ApartLink
from sallyport_protocol.errors import RoadError
from sallyport_protocol.identity import Role
from sallyport_protocol.keys import signer_from_pem
from sallyport_protocol.topics import FROM_DEVICE, ROOT

log = logging.getLogger(__name__)


class SystemClock:
    """The operating system's clocks."""

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    def now(self) -> datetime:
        return datetime.now(UTC)


class Service:
    """Everything behind the pages. `start` inside a running loop, `stop` before it ends."""

    def __init__(self, configuration: Configuration) -> None:
        """Opens files and store. Raises RoadError or MalformedError that say what to do."""
        self.configuration = configuration
        file, read = configuration.file, configuration.read
        self.name = file.name
        self.signer = signer_from_pem(read(file.identity.certificate), read(file.identity.key))
        witness = open_witness(configuration)
        self._alone = hold_alone(configuration.store_url)
        self.store = Store(configuration.store_url)
        self.files = BookFiles(configuration, self.store)
        self.clock = SystemClock()
        log_name = self.store.read_now(lambda conn: generations.current(conn, file.name))
        self.heads = Heads(self.store, log_name, self.signer, witness, lambda: int(time.time() * 1_000))
        kind = EmbeddedAuthority if file.hmpps is None else HmppsAuthority
        rules = read_rules(configuration, self.store)
        self.authority = kind(read(file.secrets.references), self._ledger_current, rules)
        self.upstream = open_upstream(configuration, self.store, self.authority, log_name, self.clock.now, self._tell)
        self.link = ApartLink(
            file.broker.host,
            file.broker.port,
            configuration.path(file.trust.authorities),
            configuration.path(file.identity.certificate),
            configuration.path(file.identity.key),
            file.name,
            None,
            self._arrive,
        )
        self._listeners: set[tuple[str | None, asyncio.Event]] = set()
        self.office = Office(
            log_name,
            self.store,
            lambda: self.files.book,
            self.authority,
            self.signer,
            self.clock,
            lambda topic, message, expiry: self.link.publish(str(topic), message, expiry),
            self.changed,
            self.heads.cover,
            *((self.upstream.gather, self.upstream.gather_person) if self.upstream else ()),
        )
        places = self._lane_places()
        self.keeper = Keeper(self.store, file.name, places, self.clock) if self.store.shared else None
        self._kept = Lanes(places, self.office, self.link, self.keeper)
        self._tasks: list[asyncio.Task[None]] = []
        self._trouble = ""
        self._heard = -parameters.BROKER_AWAY_MS
        self.renewed = False
        """Whether this process must begin anew, with the next log: two officers have settled a restored store."""
        self.on_renew: Callable[[], None] = lambda: None
        self.unheard = 0
        """Messages dropped: no lane of ours, not a topic of ours, or a queue that was full."""

    @property
    def lanes(self) -> dict[str, Lane]:
        """Those that this gateway keeps now: all of its prisons, or its share where others serve them too."""
        return self._kept.open

    def elsewhere(self, lane: str) -> Elsewhere | None:
        """Where an officer must go for a lane that is not kept here; None for one that is, or that there is not."""
        if self.keeper is None or lane in self.lanes or lane not in self._kept.places:
            return None
        name = self.keeper.round.keepers.get(lane, "")
        name = "" if name == self.configuration.file.name else name
        return Elsewhere(lane, name, self.configuration.file.peers.get(name, ""))

    def lanes_elsewhere(self) -> tuple[Elsewhere, ...]:
        """Every lane of its prisons that this gateway does not keep now, by name."""
        return tuple(found for lane in sorted(self._kept.places) if (found := self.elsewhere(lane)) is not None)

    def _lane_places(self) -> dict[str, LanePlace]:
        registry, places = self.files.book.registry, {}
        keys = read_board_keys(self.configuration, registry)
        for entry in registry.lanes:
            kiosk = registry.serving(entry.name, Role.KIOSK)
            if entry.prison in self.configuration.file.prisons and kiosk is not None and entry.name in keys:
                places[entry.name] = LanePlace(entry, kiosk.name, keys[entry.name])
        if not places:
            raise RoadError("no lane of this gateway has both a kiosk and an interlock; provision the estate again")
        return places

    async def start(self) -> None:
        """Begins to hear devices. Raises RoadError when the certificates cannot be used."""
        self.store.serve()
        await self._follow_registry()
        self._tasks.append(asyncio.create_task(self.heads.keep(), name="heads"))
        if self.keeper is None:
            await self._kept.follow(dict.fromkeys(self._kept.places, 0))
            prisons = self.configuration.file.prisons
            self.link.subscribe(f"{ROOT}/{prison}/+/{kind}" for prison in prisons for kind in FROM_DEVICE)
        else:
            self._tasks.append(asyncio.create_task(self._share_lanes(self.keeper), name="leases"))
        self._tasks.append(asyncio.create_task(self._tick(), name="ticks"))
        self._tasks.append(asyncio.create_task(self._duties().keep(), name="duties"))
        self._tasks.append(asyncio.create_task(self._announcer().keep(), name="releases"))
        if self.upstream is not None:
            await self.upstream.start()
        await self.link.start()

    async def stop(self) -> None:
        """Stops hearing, lets what runs finish its transaction, hands its lanes over, closes the store."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._kept.close_all()
        await self.link.stop()
        if self.keeper is not None:
            with contextlib.suppress(RoadError):  # without a store its leases run out by themselves
                await self.keeper.leave()
        if self.upstream is not None:
            await self.upstream.stop()
        await self.store.rest()
        await asyncio.to_thread(self.store.close)
        if self._alone is not None:
            self._alone.close()

    async def _follow_log(self) -> None:
        """Two officers may have settled this store at another gateway: then this one's next log is open as well."""
        if self.heads.standing in (Standing.BEHIND, Standing.FORKED):
            name = self.configuration.file.name
            if await self.store.read(lambda conn: generations.current(conn, name)) != self.office.name:
                self.renew()

    def renew(self) -> None:
        """The next log is open: everything begins anew on it, from the store."""
        if not self.renewed:
            log.warning("two officers have settled this store; the gateway begins anew with its next log")
            self.renewed = True
            self.on_renew()

    async def _share_lanes(self, keeper: Keeper) -> None:
        """Keeps this gateway's share for ever. While the store is away nothing changes hands, and nothing is said."""
        trouble = ""
        while True:
            try:
                round_ = await keeper.tend(self._able(), self._kept.idle)
                await self._kept.follow(round_.kept)
                now = "" if round_.alone else f"another process runs as {self.configuration.file.name}: end one of them"
            except Exception as error:
                now = str(error)
            if now and now != trouble:
                log.warning("the lanes cannot be shared out: %s", now)
            trouble = now
            await asyncio.sleep(parameters.LEASE_EVERY_S)

    def _able(self) -> bool:
        """Whether this gateway is of use to a lane: it hears the broker, and its log is not behind its witness."""
        now = self.clock.monotonic_ms()
        if self.link.connected:
            self._heard = now
        return now - self._heard < parameters.BROKER_AWAY_MS and self._ledger_current() is not False

    def _ledger_current(self) -> bool | None:
        """Check 25: is this store as far as what was witnessed? None: the witness has not said."""
        known = {Standing.UNCHECKED: None, Standing.GOOD: True}
        return known.get(self.heads.standing, False)

    def _arrive(self, topic: str, payload: bytes, retained: bool) -> None:
        """From the link, in this loop: stamp the moment, hand over."""
        arrival = Arrival(topic, payload, retained, self.clock.monotonic_ms(), self.clock.now())
        self.unheard += not self._kept.route(arrival)

    async def _tick(self) -> None:
        read_at = 0.0
        while True:
            await self._kept.tick(over_s=1.0)
            if time.monotonic() - read_at >= parameters.REVOCATION_RELOAD_S:
                read_at = time.monotonic()
                await self._reload()

    def _announcer(self) -> Announcer:
        file = self.configuration.file
        prisons = [str(prison) for prison in file.prisons]
        return Announcer(
            self.store, file.name, prisons, self.signer, self.clock.now, self.office.send, lambda: self.link.connected
        )

    def _duties(self) -> Duties:
        file = self.configuration.file
        place = DutyPlace(file.name, self.office.name, file.prisons, ClockTime.fromisoformat(file.preflight))
        return Duties(self.store, place, self.authority, self.clock.now, self._tell, self.office.gather_person)

    def _tell(self, notice: Notice) -> None:
        """What the duties and the feed found is an alarm on every lane, or on those of the prison that it is about."""
        for lane in self.lanes.values():
            if notice.prison in (None, lane.entry.prison):
                lane.voice.alarm(notice.code, notice.sentence)

    async def _reload(self) -> None:
        """The book again. Whatever goes wrong, the book that is there stays, the ticks go on, and it is said."""
        trouble = ""
        try:
            if await asyncio.to_thread(self.files.refresh):
                log.info("the book changed")
                await self._follow_registry()
            await self._follow_log()
        except Exception as error:
            log.exception("the book could not be read again")
            trouble = str(error)
        self._tell_trouble(trouble or self.files.trouble or str(self.heads.trouble or ""))

    async def _follow_registry(self) -> None:
        now, registry = int(time.time() * 1_000), self.files.book.registry
        await self.store.write(lambda conn: outcomes.follow_registry(conn, registry, now))

    def _tell_trouble(self, trouble: str) -> None:
        """What hinders every lane is an alarm on every lane, once."""
        if trouble and trouble != self._trouble:
            for lane in self.lanes.values():
                lane.voice.alarm("GATEWAY_TROUBLE", trouble)
        self._trouble = trouble

    # Who looks on

    def changed(self, lane: str) -> None:
        """Wakes the pages that show this lane."""
        for name, event in self._listeners:
            if name is None or name == lane:
                event.set()

    async def subscribe(self, lane: str | None) -> AsyncIterator[None]:
        """A tick after every change of that lane, or of any."""
        event = asyncio.Event()
        self._listeners.add((lane, event))
        try:
            while True:
                await event.wait()
                event.clear()
                yield
        finally:
            self._listeners.discard((lane, event))
