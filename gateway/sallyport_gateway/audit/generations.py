"""Which log a gateway writes. A store that was restored from a backup never goes on with the old log, whose witnessed
end it has lost: two officers open the next one, which cites both ends, and every living authorisation becomes UNKNOWN.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from sallyport_gateway.audit import log
from sallyport_gateway.audit.checkpoint import Checkpoint
from sallyport_gateway.ledger import life
from sallyport_gateway.store.tables import gateways, generations
from sallyport_protocol.identity import same_person


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What two officers state about a store that is behind. `witnessed` is the newest head the witness holds."""

    officers: tuple[str, str]
    why: str
    witnessed: Checkpoint | None
    opens: str
    """The next log's name: one that the witness has never heard of."""


def current(conn: Connection, gateway: str) -> str:
    """The log that this gateway writes: its own name, or `name.2` after the first reconciliation."""
    query = select(generations.c.log).where(generations.c.gateway == gateway)
    return conn.execute(query.order_by(generations.c.generation.desc()).limit(1)).scalar() or gateway


def all_current(conn: Connection) -> list[str]:
    """The logs that the gateways sharing this store write; empty for a store that one gateway has for itself."""
    return [current(conn, name) for name in conn.execute(select(gateways.c.name).order_by(gateways.c.name)).scalars()]


def successor(name: str) -> str:
    """The log that would follow `name`."""
    gateway, _, number = name.rpartition(".")
    return f"{gateway}.{int(number) + 1}" if gateway and number.isdecimal() else f"{name}.2"


def gateway_of(name: str) -> str:
    """The gateway whose log it is."""
    gateway, _, number = name.rpartition(".")
    return gateway if gateway and number.isdecimal() else name


def succeed(conn: Connection, gateway: str, stated: Reconciliation, now: int) -> str:
    """Opens the next log and distrusts every living authorisation, each of which two officers then settle.

    The two officers must differ. Returns the new log's name.
    """
    assert not same_person(*stated.officers), "two different officers reconcile"
    old, new = current(conn, gateway), stated.opens
    last = (
        conn.execute(select(func.max(generations.c.generation)).where(generations.c.gateway == gateway)).scalar() or 1
    )
    conn.execute(insert(generations), {"log": new, "gateway": gateway, "generation": last + 1, "opened_at": now})
    size = log.size(conn, old)
    body = {
        "follows": old,
        "own_size": size,
        "own_root": log.root(conn, old, size),
        "witnessed_size": stated.witnessed.size if stated.witnessed else 0,
        "witnessed_root": stated.witnessed.root if stated.witnessed else b"",
        "officers": list(stated.officers),
        "why": stated.why,
        "distrusted": life.distrust_all(conn, now),
    }
    log.append(conn, new, "log-opened", body, now)
    return new
