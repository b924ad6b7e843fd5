"""Keeping lanes where several gateways share one store: one round twice a second, and the fence around each lane.

A lane that this gateway keeps writes through `Fenced`, so that nothing of it commits once somebody else keeps it, and
sends only while `Keeper.sure`: by this process's own monotonic clock, the lease that it last renewed still lasts. So a
process that was paused wakes up dumb, whatever it was about to say.
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from sqlalchemy import Connection

from sallyport_gateway import parameters
from sallyport_gateway.ledger import leases
from sallyport_gateway.ledger.leases import Peer
from sallyport_gateway.ledger.sharing import share
from sallyport_gateway.ports import Clock, LaneStore

T = TypeVar("T")
NOBODY: Final = ""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round settled."""

    kept: dict[str, int]
    """Lanes that this process keeps, with the epoch of each."""
    keepers: dict[str, str]
    """The gateway that keeps each lane, NOBODY for a free one."""
    alone: bool = True
    """False while another process has this gateway's name: then nothing is kept."""


def go_round(conn: Connection, me: Peer, able: bool, idle: frozenset[str]) -> Round:
    """One round in one transaction: alive, what is kept is kept on, the share is taken, too much is given.

    A gateway that is not able (no broker, a store in doubt) gives everything up: another one may be.
    """
    now, life = leases.clock(conn), parameters.LEASE_MS
    if not able:
        leases.leave(conn, me, now)
        return Round({}, _keepers(conn, now))
    if not leases.beat(conn, me, now, life):
        return Round({}, _keepers(conn, now), alone=False)
    kept = leases.renew(conn, me, now, life)
    held = leases.known(conn)
    if missing := me.lanes - held.keys():
        leases.enter(conn, missing, now)
        held = leases.known(conn)
    wish = share(me, leases.alive(conn, now), held, idle, now, parameters.LEASE_PATIENCE_MS)
    leases.release(conn, me, {lane: kept.pop(lane) for lane in wish.give}, now)
    for lease in wish.claim:
        epoch = leases.claim(conn, me, lease, now, life)
        if epoch is not None:
            kept[lease.lane] = epoch
    return Round(kept, _keepers(conn, now))


def _keepers(conn: Connection, now: int) -> dict[str, str]:
    return {lane: held.gateway if held.until > now else NOBODY for lane, held in leases.known(conn).items()}


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A lane that another gateway keeps. `gateway` is empty while nobody does, `address` where none is configured."""

    lane: str
    gateway: str
    address: str

    @property
    def page(self) -> str:
        """The lane's page there; empty where there is none to go to."""
        return f"{self.address}/lanes/{self.lane}" if self.address else ""

    @property
    def sentence(self) -> str:
        """What an officer is told here."""
        if not self.gateway:
            return f"No gateway keeps {self.lane} at this moment. Wait a few seconds."
        return f"{self.gateway} keeps {self.lane}. Go to {self.page or 'its page'}."


class Keeper:
    """This process among the gateways of its store."""

    def __init__(self, store: LaneStore, name: str, lanes: Iterable[str], clock: Clock) -> None:
        self._store, self._clock = store, clock
        self.me = Peer(name, secrets.token_hex(16), frozenset(lanes))
        self.round = Round({}, {})
        self._sure_until = 0

    def sure(self, lane: str, epoch: int) -> bool:
        """Whether this process may speak for a lane that it took in this term: no other can have taken it over yet."""
        return self.round.kept.get(lane) == epoch and self._clock.monotonic_ms() < self._sure_until

    async def tend(self, able: bool, idle: frozenset[str]) -> Round:
        """One round. Raises RoadError when the store cannot be reached; then `sure` soon ends by itself."""
        began = self._clock.monotonic_ms()
        self.round = await self._store.write(lambda conn: go_round(conn, self.me, able, idle))
        self._sure_until = began + parameters.LEASE_MS - parameters.LEASE_MARGIN_MS
        return self.round

    async def leave(self) -> None:
        """Gives everything up at once."""
        self._sure_until = 0
        await self._store.write(lambda conn: leases.leave(conn, self.me, leases.clock(conn)))
        self.round = replace(self.round, kept={})


class Fenced:
    """The store as one keeper of one lane may use it: each piece of work first holds the lease."""

    def __init__(self, store: LaneStore, lane: str, epoch: int) -> None:
        self._store, self._lane, self._epoch = store, lane, epoch

    async def write(self, job: Callable[[Connection], T]) -> T:
        """Raises LeaseLostError, with nothing done, when another gateway keeps the lane."""
        return await self._store.write(lambda conn: self._held(conn, job, share=True))

    async def read(self, job: Callable[[Connection], T]) -> T:
        """Raises LeaseLostError likewise: who has lost a lane draws no conclusions from what it reads."""
        return await self._store.read(lambda conn: self._held(conn, job, share=False))

    def _held(self, conn: Connection, job: Callable[[Connection], T], *, share: bool) -> T:
        leases.hold(conn, self._lane, self._epoch, share=share)
        return job(conn)
