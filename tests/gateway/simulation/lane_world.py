"""One lane in a world of its own: the real Lane, Opening, ledger and authority on SQLite, the shipped board firmware on
simulated flash and door, and between them a kiosk and a broker that do what the schedule says. Time is injected.

`World` moves nothing by itself: every message waits in `down` or `up` until a caller delivers, repeats or drops it.
"""

import asyncio
import secrets
import shutil
import struct
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from doorsim import DOWN, UP, Site
from lane_kiosk import BOARD, KIOSK, LANE, PRISON, Kiosk, honest_result
from sqlalchemy import Connection, delete

from sallyport_gateway.acts.desk import Desk
from sallyport_gateway.admission.admit import Arrival
from sallyport_gateway.book import Book
from sallyport_gateway.drivers.authority_access import By
from sallyport_gateway.drivers.authority_office import EmbeddedAuthority
from sallyport_gateway.drivers.authority_tables import records as warrant_rows
from sallyport_gateway.ledger import life
from sallyport_gateway.ports import Office, RecordEntry
from sallyport_gateway.release.lane import Lane
from sallyport_gateway.release.mint import BoardKeys
from sallyport_gateway.store import Store
from sallyport_gateway.web.ports import ActOutcome
from sallyport_interlock import keys
from sallyport_interlock.once import RECORD
from sallyport_protocol import envelope
from sallyport_protocol.acts import ACT_PLACE, Act, ActKind
from sallyport_protocol.documents import Profile, Registry, Status, interlock_fingerprint
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import Role
from sallyport_protocol.messages import (
    EndReason,
    LockFrames,
    Offer,
    Result,
)
from sallyport_protocol.subject import Modality, Reference
from sallyport_protocol.topics import Kind, Topic
from sallyport_provisioning.estate import Estate
from sallyport_rig.demonstration import records
from sallyport_wire import messages as wire

T = TypeVar("T")
APPROVERS, OFFICER, GOVERNOR = ("j.hughes", "m.okafor"), "s.patel", "d.morgan"
KEYS: Final = BoardKeys(BOARD, LANE, 1, UP, DOWN)
PASS_MS: Final = 50
"""One pass of the board's loop, ms: below the stall that would end an opening."""


class Crash(Exception):
    """The gateway's process dies here."""


class Clock:
    """Both clocks of the world, moved by hand."""

    def __init__(self) -> None:
        self.ms = 1_000_000
        self._base = datetime.now(UTC) - timedelta(milliseconds=self.ms)

    def monotonic_ms(self) -> int:
        return self.ms

    def now(self) -> datetime:
        return self._base + timedelta(milliseconds=self.ms)

    @property
    def wall(self) -> int:
        return int(self.now().timestamp() * 1_000)


class ShakyStore:
    """The real store, with a visitor before and after every piece of work, who may crash the process."""

    def __init__(self, store: Store, visit: Callable[[str], None]) -> None:
        self.store, self._visit = store, visit

    async def write(self, job: Callable[[Connection], T]) -> T:
        self._visit("before write")
        value = self.store.write_now(job)
        self._visit("after write")
        return value

    async def read(self, job: Callable[[Connection], T]) -> T:
        self._visit("before read")
        return self.store.read_now(job)

    def write_now(self, job: Callable[[Connection], T]) -> T:
        return self.store.write_now(job)

    def read_now(self, job: Callable[[Connection], T]) -> T:
        return self.store.read_now(job)


def book_of(estate: Estate) -> Book:
    """The estate's book, with the simulated board's keys vouched for."""
    known = estate.registry()
    mark = {"fingerprint": interlock_fingerprint(UP, DOWN, 1), "epoch": 1}
    entries = tuple(e.model_copy(update=mark) if Role.INTERLOCK in e.roles else e for e in known.entries)
    registry = Registry(version=known.version, issued=known.issued, lanes=known.lanes, entries=entries)
    return Book(registry, estate.trust(), estate.model_set(), estate.policy(), Profile.DEVELOPMENT, timedelta(days=8))


@dataclass(frozen=True)
class Files:
    """`BookFiles` as the desk sees it."""

    world: "World"

    @property
    def book(self) -> Book:
        return self.world.book


class Behind:
    """The service as the desk sees it: its work, too, goes through the shaky store."""

    keeper: Any = None

    def __init__(self, world: "World") -> None:
        self.name = world.name
        self.store, self.clock, self.office = world.shaky, world.clock, world.office
        self.files, self.lanes, self.authority, self.changed = Files(world), world.lanes, world.authority, world.changed


class World:
    """Everything on the two sides of the broker, and the broker's two roads."""

    name = "gateway-1"

    def __init__(self, estate: Estate, template: Path, folder: Path) -> None:
        self.path = folder / "store.db"
        shutil.copy(template, self.path)
        self.estate, self.book, self.clock = estate, book_of(estate), Clock()
        self.store = Store(self.path)
        self.shaky = ShakyStore(self.store, self._visit)
        self.authority = EmbeddedAuthority(b"k" * 32, lambda: self.current)
        self.current: bool | None = True
        self.witness = True
        self.signer = estate.signer("gateway-1")
        self.office = Office(
            "gateway-1",
            self.shaky,  # type: ignore[arg-type]
            lambda: self.book,
            self.authority,
            self.signer,
            self.clock,
            self._send,
            self.changed,
            self._cover,
        )
        self.loop = asyncio.new_event_loop()
        self.down: list[tuple[Topic, bytes, int]] = []
        self.up: list[tuple[str, bytes]] = []
        self.relayed: list[tuple[str, bytes]] = []
        """Everything that the board ever said, as the broker could have kept it."""
        self.visitor: Callable[[str], None] = lambda _: None
        self.on_send: Callable[[Topic, bytes], None] = lambda topic, message: None
        self.crashes = 0
        self.site = Site()
        self._tap()
        self.kiosk = Kiosk(estate, self.book)
        self.lanes: dict[str, Lane] = {}
        self.start_gateway()
        self.behind = Behind(self)
        self.desk = Desk(self.behind)  # type: ignore[arg-type]
        self._ticked = self._said = self._seen = self.clock.ms
        self._papers = 0

    def close(self) -> None:
        self.store.close()
        self.loop.close()

    # The gateway

    @property
    def lane(self) -> Lane:
        return self.lanes[LANE]

    def start_gateway(self) -> None:
        """A new process on the same store: nothing of the old one's memory is left."""
        entry = self.book.registry.lane(LANE)
        assert entry is not None
        self.lanes[LANE] = Lane(self.office, entry, KIOSK, KEYS)
        self.run(self.lane.begin())

    async def _cover(self, index: int) -> bool:
        self._visit("at the witness")
        return self.witness

    def changed(self, lane: str) -> None:
        """The pages are not here."""

    def run(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Runs gateway code; None when the process died in it and was started again."""
        try:
            return self.loop.run_until_complete(work)
        except Crash:
            self.crashes += 1
            self.visitor = lambda _: None
            self.start_gateway()
            return None

    def _visit(self, where: str) -> None:
        self.visitor(where)

    def _send(self, topic: Topic, message: bytes, expiry: float) -> None:
        self._visit("before send")
        self.on_send(topic, message)
        self.down.append((topic, message, self.clock.ms + int(expiry * 1_000)))
        self._visit("after send")

    # The board

    def _tap(self) -> None:
        """What the board says goes to the kiosk as well as to its monitor."""
        line = self.site.uart
        plain = line.write

        def write(data: bytes) -> int:
            taken = plain(data)
            if taken:
                self._relay(bytes(data[:taken]))
            return taken

        line.write = write  # type: ignore[method-assign]

    def _relay(self, data: bytes) -> None:
        self.kiosk.frames += 1
        frames = LockFrames(interlock=BOARD, sequence=self.kiosk.frames, frames=data)
        self.up.append(self.kiosk.sign(Kind.LOCK_UP, frames))
        self.relayed.append(self.up[-1])

    # The broker

    def deliver_down(self, index: int = 0, *, keep: bool = False) -> None:
        """Brings one message to the kiosk; with `keep` it stays on the road and comes again."""
        topic, message, expires = self.down[index] if keep else self.down.pop(index)
        if self.clock.ms > expires:
            return
        content = envelope.verify(message, str(topic), self.book.registry.resolve).content
        kiosk = self.kiosk
        if topic.kind is Kind.LOCK_DOWN:
            self.site.deliver(LockFrames.parse(content).frames)
        elif topic.kind is Kind.OFFER:
            offer = Offer.parse(content)
            if offer.boot_nonce == kiosk.boot and offer.sequence > kiosk.sequence:
                kiosk.sequence, kiosk.offer, kiosk.answered = offer.sequence, offer, False
                kiosk.offered, kiosk.ended, kiosk.person = self.clock.ms, None, "same"
        elif topic.kind is Kind.END and kiosk.offer is not None and content["session"] == kiosk.offer.session:
            kiosk.ended = EndReason(content["reason"])

    def deliver_up(self, index: int = 0, *, keep: bool = False) -> None:
        topic, message = self.up[index] if keep else self.up.pop(index)
        self.arrive(topic, message)

    def arrive(self, topic: str, message: bytes, *, retained: bool = False) -> None:
        """A message reaches the gateway now. What it refuses to believe it drops, as the service does."""
        arrival = Arrival(topic, message, retained, self.clock.ms, self.clock.now())
        self.run(self._hear(Topic.parse(topic).kind, arrival))

    async def _hear(self, kind: Kind, arrival: Arrival) -> None:
        with suppress(MalformedError):
            await self.lane.hear(kind, arrival)

    def settle_roads(self) -> None:
        """Delivers everything, in order, until both roads are empty and the board has answered."""
        for _ in range(200):
            while self.down:
                self.deliver_down()
            self.site.run(PASS_MS, PASS_MS)
            self.clock.ms += PASS_MS
            while self.up:
                self.deliver_up()
            if self.site.loop is None:
                self.site.uart.to_board = bytearray()
            if not self.down and not self.up and not self.site.uart.to_board:
                return
        raise AssertionError("the roads never become empty")

    # Time

    def wait(self, ms: int) -> None:
        """Time passes: the board runs, the kiosk says READY and presence, the gateway ticks. Nothing is delivered."""
        until = self.clock.ms + ms
        while self.clock.ms < until:
            self.clock.ms += PASS_MS
            self.site.step(PASS_MS)
            if self.clock.ms - self._said >= 5_000:
                self._said = self.clock.ms
                self.say_ready()
            if self.clock.ms - self._seen >= 1_000:
                self._seen = self.clock.ms
                self.see()
            if self.clock.ms - self._ticked >= 1_000:
                self._ticked = self.clock.ms
                self.run(self.lane.tick())

    def pass_time(self, ms: int) -> None:
        """Time passes and everything arrives at once."""
        until = self.clock.ms + ms
        while self.clock.ms < until:
            self.wait(min(250, until - self.clock.ms))
            self.settle_roads()

    def say_ready(self) -> None:
        self.up.append(self.kiosk.sign(Kind.READY, self.kiosk.ready()))

    def see(self) -> None:
        kiosk = self.kiosk
        if kiosk.offer is not None and kiosk.answered and kiosk.ended is None:
            self.up.append(kiosk.sign(Kind.PRESENCE, kiosk.presence(self.clock.ms - kiosk.offered)))

    # The people

    def connect(self) -> None:
        """The kiosk is heard, and so is the board."""
        self.say_ready()
        self.settle_roads()
        self.pass_time(2_000)

    def authorise(self) -> str:
        """A new authorisation, approved by two."""
        self._papers += 1
        number, now = f"auth-{self._papers}", self.clock.now()
        document = records.text(records.authorisation(number, now))

        def job(conn: Connection) -> None:
            for each in self.authority.cases(conn, PRISON, now):
                self.authority.withdraw(conn, each.authorisation, GOVERNOR, "superseded", now)
            for kind, record in records.standing(now):
                self.authority.record(conn, RecordEntry(kind, records.PRISONER, records.text(record), "feed"), "f", now)
            for source in records.SOURCES:
                self.authority.heard(conn, source, now)
            assert self.authority.create(conn, document, GOVERNOR, now) is None

        self.store.write_now(job)
        for officer in APPROVERS:
            outcome = self.act(officer, ActKind.APPROVE, authorisation=number)
            assert outcome is not None and outcome.accepted, outcome
        return number

    def act(self, officer: str, kind: ActKind, /, **fields: str) -> ActOutcome | None:
        """One signed act at the desk; None when the gateway died in it."""
        return self.run(self.desk.do(self.signed(officer, kind, **fields)))

    def signed(self, officer: str, kind: ActKind, /, at: int | None = None, **fields: str) -> bytes:
        act = Act(
            kind=kind,
            officer=officer,
            at=at or self.clock.wall,
            nonce=secrets.token_bytes(16),
            fields=dict(fields),
            gateway=self.name,
        )
        return envelope.sign(act.to_map(), self.estate.signer(officer), ACT_PLACE)

    def start(self, authorisation: str) -> ActOutcome | None:
        return self.act(OFFICER, ActKind.START, lane=LANE, authorisation=authorisation)

    def confirm(self, **fields: str) -> ActOutcome | None:
        check = self.lane.check
        return self.act(OFFICER, ActKind.CONFIRM, session=check.session.hex() if check else "00", **fields)

    def answer(self, make: Callable[..., Result] = honest_result, **changes: Any) -> None:
        """The kiosk answers the offer that it has."""
        kiosk = self.kiosk
        assert kiosk.offer is not None
        finished = self.clock.ms - kiosk.offered
        result = make(kiosk.offer, self.book, kiosk.boot, kiosk.next(), finished, **changes)
        kiosk.answered = True
        self.up.append(kiosk.sign(Kind.RESULT, result))

    def to_verdict(self, authorisation: str, make: Callable[..., Result] = honest_result) -> None:
        """From START to the verdict, with everything delivered."""
        outcome = self.start(authorisation)
        assert outcome is not None and outcome.accepted, outcome
        self.settle_roads()
        self.pass_time(1_500)
        self.answer(make)
        self.settle_roads()

    def to_grant(self, authorisation: str) -> None:
        """From START to the grant, as short as it can be and as far as it comes."""
        self.start(authorisation)
        self.settle_roads()
        if self.kiosk.offer is not None and self.kiosk.ended is None and not self.kiosk.answered:
            self.answer()
            self.settle_roads()
            self.see()
            self.settle_roads()
            self.confirm()
            self.settle_roads()
        self.pass_time(1_000)

    # What is true

    def state_of(self, authorisation: str) -> str:
        held = self.store.read_now(lambda conn: life.find(conn, authorisation))
        return held.state.value if held else "NONE"

    def spent(self) -> set[bytes]:
        """The nonces that the board's flash holds as spent."""
        once_log, _, _ = keys.logs(self.site.flash)
        return {struct.unpack(RECORD, record)[5] for _, record in once_log.records()} - {wire.NO_NONCE}

    def record(self, kind: str, record: dict[str, Any]) -> ActOutcome | None:
        """A source says something, by a signed act."""
        fields = {"kind": kind, "prisoner": records.PRISONER, "document": records.text(record), "reason": "feed"}
        return self.act(GOVERNOR, ActKind.RECORD, **fields)

    def clear_warrants(self) -> None:
        """The courts take back every warrant but the one that is served."""

        def job(conn: Connection) -> None:
            gone = delete(warrant_rows).where(warrant_rows.c.kind == "WARRANT", warrant_rows.c.key != "W-100")
            conn.execute(gone)

        self.store.write_now(job)

    def revoke(self, name: str) -> None:
        """The registry says that this holder is revoked."""
        self._register(name, status=Status.REVOKED)

    def enrol(self, name: str, epoch: int) -> None:
        """The registry has newer keys of this board."""
        self._register(name, epoch=epoch)

    def _register(self, name: str, **change: object) -> None:
        known = self.book.registry
        entries = tuple(e.model_copy(update=change) if e.name == name else e for e in known.entries)
        registry = Registry(version=known.version + 1, issued=known.issued, lanes=known.lanes, entries=entries)
        self.book = replace(self.book, registry=registry)


def fill(store: Store) -> None:
    """The person's references, once for all worlds."""
    authority, now = EmbeddedAuthority(b"k" * 32, lambda: True), datetime.now(UTC)

    def job(conn: Connection) -> None:
        for which, position in ((Modality.FACE, 0), (Modality.FINGER, 2)):
            mark = {"captured_on": "2026-06-01", "record": bytes([position]) * 32}
            reference = Reference.parse({"modality": which, "position": position, "template": b"t" * 64} | mark)
            authority.enrol(conn, records.PRISONER, reference, By("reception", "enrolment"), now)

    store.write_now(job)
