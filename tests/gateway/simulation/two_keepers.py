"""The simulated lane with a lease: at any moment another gateway may take it over, while the one before goes on as if
nothing had happened. Its road stays open (nothing mutes it here): only the fence and the board's nonce hold it back.
"""

from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from lane_kiosk import KIOSK, LANE
from lane_schedules import Play
from lane_world import KEYS, OFFICER, Crash, World
from sqlalchemy import Connection

from sallyport_gateway.admission.admit import Arrival
from sallyport_gateway.ledger import leases
from sallyport_gateway.ledger.leases import LeaseLostError, Peer
from sallyport_gateway.release.keeping import Fenced
from sallyport_gateway.release.lane import Lane
from sallyport_gateway.web.ports import ActOutcome
from sallyport_protocol.acts import ActKind
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.topics import Kind, Topic

T = TypeVar("T")


class Watched(Fenced):
    """The fence, and beside it somebody who knows better which term it is."""

    def __init__(self, world: "TwoKeepers", epoch: int) -> None:
        super().__init__(world.office.store, LANE, epoch)
        self._world, self._term = world, epoch

    async def write(self, job: Callable[[Connection], T]) -> T:
        def seen(conn: Connection) -> T:
            self._world.trespasses += self._term != self._world.term
            return job(conn)

        return await super().write(seen)


class TwoKeepers(World):
    """`lane` is the keeper's; `before` holds the lanes of those who were, and do not know it."""

    term = 0
    trespasses = 0
    """Transactions of a lane that ran in a term of somebody else."""
    before: tuple[Lane, ...] = ()

    def start_gateway(self) -> None:
        """A process that starts finds its lane free, or takes it over: it is all one."""
        self.take_over()

    def take_over(self) -> None:
        """The other gateway keeps the lane from now on."""
        self.term += 1
        peer = Peer(f"gateway-{1 + self.term % 2}", f"process {self.term}", frozenset({LANE}))

        def job(conn: Connection) -> int | None:
            if LANE not in leases.known(conn):
                leases.enter(conn, [LANE], 0)
            return leases.claim(conn, peer, leases.known(conn)[LANE], self.clock.wall, 0)

        epoch = self.store.write_now(job)
        assert epoch is not None and epoch == self.term
        office = replace(self.office, name=peer.name, store=Watched(self, epoch))
        entry = self.book.registry.lane(LANE)
        assert entry is not None
        lane = Lane(office, entry, KIOSK, KEYS)
        if LANE in self.lanes:
            self.before = (*self.before, self.lanes[LANE])[-3:]
        self.lanes[LANE] = lane
        self.run(lane.begin())

    def run(self, work: Coroutine[Any, Any, T]) -> T | None:
        """By hand, since nothing here ever waits: so one gateway's work may be done in the middle of another's."""
        try:
            work.send(None)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        except LeaseLostError:
            return None
        except Crash:
            self.crashes += 1
            self.visitor = lambda _: None
            self.start_gateway()
            return None
        raise AssertionError("something waited")

    async def _hear(self, kind: Kind, arrival: Arrival) -> None:
        with suppress(MalformedError, LeaseLostError):
            await self.lane.hear(kind, arrival)

    def hear_late(self, lane: Lane, topic: str, message: bytes) -> None:
        """A message lands at a gateway that was the keeper."""
        arrival = Arrival(topic, message, False, self.clock.ms, self.clock.now())
        with suppress(MalformedError):
            self.run(lane.hear(Topic.parse(topic).kind, arrival))

    def act(self, officer: str, kind: ActKind, /, **fields: str) -> ActOutcome | None:
        return self.run(self.desk.do(self.signed(officer, kind, **fields)))


class PlayOfTwo(Play):
    """A schedule in which the lane changes hands, and those who lost it go on."""

    world: TwoKeepers

    def take_over(self) -> None:
        self.world.take_over()

    def take_over_soon(self) -> None:
        """In the middle of whatever the keeper does next; it goes on afterwards."""
        left = [self.dice.randrange(1, 16)]

        def visit(_: str) -> None:
            left[0] -= 1
            if left[0] == 0:
                self.world.visitor = lambda _: None
                self.world.take_over()
                self.deliver_all()

        self.world.visitor = visit

    def somebody_before_hears(self) -> None:
        if self.world.before and self.world.up:
            self.world.hear_late(self.dice.choice(self.world.before), *self.dice.choice(self.world.up))

    def somebody_before_ticks(self) -> None:
        if self.world.before:
            self.world.run(self.dice.choice(self.world.before).tick())

    def somebody_before_confirms(self) -> None:
        if self.world.before:
            lane = self.dice.choice(self.world.before)
            if lane.check is not None:
                self.world.run(lane.confirm(lane.check.session, OFFICER))

    def moves(self) -> dict[Callable[..., None], int]:
        return {
            **super().moves(),
            PlayOfTwo.take_over: 3,
            PlayOfTwo.take_over_soon: 8,
            PlayOfTwo.somebody_before_hears: 10,
            PlayOfTwo.somebody_before_ticks: 4,
            PlayOfTwo.somebody_before_confirms: 4,
        }
