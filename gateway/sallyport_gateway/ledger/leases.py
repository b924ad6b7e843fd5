"""Which gateway keeps which lane, where several share one store (docs/adr/0008).

A lane's running state lives in one gateway's memory, so a lane has one keeper at a time: a row that names the keeper's
process, an epoch that rises with every keeper, and a time. Safety is the epoch's: whoever works for a lane holds its
row, with its own epoch in it, until its transaction ends; whoever takes over changes that row. So no transaction of
an earlier keeper commits after the next one's first. The time only says from when a silent keeper may be replaced, and
it is the database's own clock: gateways' clocks are compared nowhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import BigInteger, Connection, bindparam, cast, extract, func, insert, literal_column, select, update

from sallyport_gateway.store.prepared import Prepared
from sallyport_gateway.store.tables import gateways, leases
from sallyport_protocol.errors import RoadError


class LeaseLostError(RoadError):
    """Another gateway keeps this lane now; this one writes and sends nothing for it any more."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who keeps a lane. `until` in milliseconds of the database's clock; past it, anybody may take over."""

    lane: str
    gateway: str
    process: str
    epoch: int
    until: int


@dataclass(frozen=True, slots=True)
class Peer:
    """A gateway process on this store, the lanes that it could keep, and since and until when it counts as alive."""

    name: str
    process: str
    """Drawn anew by every process: a restarted gateway is not the one that was killed."""
    lanes: frozenset[str]
    since: int = 0
    until: int = 0


_HERE: Final = leases.c.lane == bindparam("l")
_LEASE: Final = select(leases.c.epoch).where(_HERE, leases.c.epoch == bindparam("e"))
_HOLD: Final = Prepared(_LEASE)
_HOLD_SHARED: Final = Prepared(_LEASE.with_for_update(read=True))
_FREE: Final = (
    select(leases.c.epoch)
    .where(_HERE, leases.c.epoch == bindparam("e"), leases.c.until <= bindparam("now"))
    .with_for_update(skip_locked=True)
)
_TAKE: Final = (
    update(leases)
    .where(_HERE, leases.c.epoch == bindparam("e"), leases.c.until <= bindparam("now"))
    .values(
        gateway=bindparam("g"), process=bindparam("p"), epoch=bindparam("e", type_=BigInteger) + 1, until=bindparam("u")
    )
)
_RENEW: Final = (
    update(leases)
    .where(leases.c.process == bindparam("p"))
    .values(until=bindparam("u"))
    .returning(leases.c.lane, leases.c.epoch)
)
_RELEASE: Final = (
    update(leases)
    .where(_HERE, leases.c.epoch == bindparam("e"), leases.c.process == bindparam("p"))
    .values(process="", until=bindparam("now"))
)
_LEAVE: Final = update(leases).where(leases.c.process == bindparam("p")).values(process="", until=bindparam("now"))
_BEAT: Final = (
    update(gateways)
    .where(gateways.c.name == bindparam("n"), gateways.c.process == bindparam("p"), gateways.c.until > bindparam("now"))
    .values(until=bindparam("u"))
)
_GONE: Final = (
    update(gateways)
    .where(gateways.c.name == bindparam("n"), gateways.c.process == bindparam("p"))
    .values(until=bindparam("now"))
)
_ARRIVE: Final = (
    update(gateways)
    .where(gateways.c.name == bindparam("n"), gateways.c.until <= bindparam("now"))
    .values(process=bindparam("p"), lanes=bindparam("w"), since=bindparam("now"), until=bindparam("u"))
)


def clock(conn: Connection) -> int:
    """The database's clock now, in milliseconds since 1970 UTC; the same for every gateway on it."""
    if conn.dialect.name == "postgresql":
        moment = cast(extract("epoch", func.clock_timestamp()) * 1_000, BigInteger)
    else:
        moment = cast((func.julianday("now") - literal_column("2440587.5")) * 86_400_000, BigInteger)
    return int(conn.execute(select(moment)).scalar_one())


def hold(conn: Connection, lane: str, epoch: int, *, share: bool = True) -> None:
    """Goes first in every transaction of a lane: nobody takes it over before this transaction ends.

    Raises LeaseLostError when somebody has. `share=False` is for connections that only read.
    """
    if (_HOLD_SHARED if share else _HOLD).first(conn, l=lane, e=epoch) is None:
        raise LeaseLostError(
            f"Another gateway keeps {lane} now. Open the lane again; the page finds the other gateway."
        )


def beat(conn: Connection, me: Peer, now: int, life: int) -> bool:
    """Says that this process is alive for `life` ms; one that was silent for longer arrives anew. False while another
    process has this gateway's name."""
    mine = {"n": me.name, "p": me.process, "now": now, "u": now + life, "w": " ".join(sorted(me.lanes))}
    if conn.execute(_BEAT, mine).rowcount == 1:
        return True
    if conn.execute(_ARRIVE, mine).rowcount == 1:
        return True
    if conn.execute(select(gateways.c.name).where(gateways.c.name == me.name)).first() is not None:
        return False
    row = {"name": me.name, "process": me.process, "lanes": mine["w"], "since": now, "until": now + life}
    conn.execute(insert(gateways), row)
    return True


def alive(conn: Connection, now: int) -> list[Peer]:
    """The gateways that count as alive, by name."""
    query = select(gateways).where(gateways.c.until > now).order_by(gateways.c.name)
    return [Peer(r.name, r.process, frozenset(r.lanes.split()), r.since, r.until) for r in conn.execute(query)]


def known(conn: Connection) -> dict[str, Lease]:
    """Every lease, by lane."""
    return {row.lane: Lease(**row._mapping) for row in conn.execute(select(leases))}


def enter(conn: Connection, lanes: Iterable[str], now: int) -> None:
    """Makes the rows of lanes that have none; they are free from now on."""
    rows = [{"lane": lane, "gateway": "", "process": "", "epoch": 0, "until": now} for lane in sorted(lanes)]
    if rows:
        conn.execute(insert(leases), rows)


def renew(conn: Connection, me: Peer, now: int, life: int) -> dict[str, int]:
    """Keeps what this process keeps for `life` ms from `now`: lane -> epoch."""
    return {row.lane: row.epoch for row in conn.execute(_RENEW, {"p": me.process, "u": now + life})}


def claim(conn: Connection, me: Peer, seen: Lease, now: int, life: int) -> int | None:
    """Takes over a lane whose time is over; the new epoch. None when somebody was quicker, or its keeper is at work
    in it at this moment: then it is not as dead as it seems, and the next try decides."""
    here = {"l": seen.lane, "e": seen.epoch, "now": now}
    if conn.dialect.name == "postgresql" and conn.execute(_FREE, here).first() is None:
        return None
    taken = conn.execute(_TAKE, here | {"g": me.name, "p": me.process, "u": now + life}).rowcount
    return seen.epoch + 1 if taken == 1 else None


def release(conn: Connection, me: Peer, kept: Mapping[str, int], now: int) -> None:
    """Gives lanes up: they are free from now on."""
    for lane in sorted(kept):
        conn.execute(_RELEASE, {"l": lane, "e": kept[lane], "p": me.process, "now": now})


def leave(conn: Connection, me: Peer, now: int) -> None:
    """This process ends: all its lanes are free at once."""
    conn.execute(_LEAVE, {"p": me.process, "now": now})
    conn.execute(_GONE, {"n": me.name, "p": me.process, "now": now})
