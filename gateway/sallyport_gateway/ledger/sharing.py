"""Who should keep which lane: fairly, without haste, and no lane is left alone. Pure.

Every gateway decides for itself from the same rows. Two may decide alike; then the store lets one of them have it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from math import ceil

from sallyport_gateway.ledger.leases import Lease, Peer


@dataclass(frozen=True, slots=True)
class Wish:
    """What one gateway should do now."""

    claim: tuple[Lease, ...]
    give: tuple[str, ...]


def fair_share(me: Peer, peers: Sequence[Peer]) -> int:
    """How many lanes this gateway should keep at most, while others could keep them too."""
    others = [each.lanes for each in peers if each.name != me.name]
    return ceil(sum(Fraction(1, 1 + sum(lane in lanes for lanes in others)) for lane in me.lanes))


def share(
    me: Peer, peers: Sequence[Peer], held: Mapping[str, Lease], idle: frozenset[str], now: int, patience: int
) -> Wish:
    """`peers` are alive, this gateway among them or not; `idle`: kept here, with nobody at the door.

    A free lane is taken by whoever has less than its share; after `patience` ms by anybody. A gateway gives an idle
    lane only to one that has been there for `patience` ms and has two fewer.
    """
    mine = sorted(lane for lane, lease in held.items() if lease.process == me.process)
    free = [held[lane] for lane in me.lanes if lane in held and _is_free(held[lane], now)]
    room = fair_share(me, peers) - len(mine)
    ordered = sorted(free, key=lambda lease: _order(me.name, lease.lane))
    left_alone = [lease for lease in ordered[max(0, room) :] if now - lease.until >= patience]
    give = _give(
        me, [each for each in peers if now - each.since >= patience], held, [m for m in mine if m in idle], -room
    )
    return Wish((*ordered[: max(0, room)], *left_alone), give)


def _is_free(lease: Lease, now: int) -> bool:
    return lease.until <= now


def _order(name: str, lane: str) -> bytes:
    """Each gateway begins at another end, so that two seldom want the same lane."""
    return sha256(f"{name} {lane}".encode()).digest()


def _give(
    me: Peer, peers: Sequence[Peer], held: Mapping[str, Lease], idle: Sequence[str], too_many: int
) -> tuple[str, ...]:
    load = {each.process: 0 for each in peers} | {me.process: 0}
    for lease in held.values():
        if lease.process in load:
            load[lease.process] += 1
    given: list[str] = []
    for lane in idle:
        able = [each for each in peers if each.process != me.process and lane in each.lanes]
        other = min(able, key=lambda each: load[each.process], default=None)
        if other is None or len(given) >= too_many or load[me.process] - load[other.process] < 2:
            continue
        given.append(lane)
        load[me.process] -= 1
        load[other.process] += 1
    return tuple(given)
