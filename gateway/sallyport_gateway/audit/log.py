"""The log itself: append, read, prove. An entry is chained by the leaf hash of the one before.

The entry that is hashed is the deterministic CBOR of [log, index, previous leaf, kind, at, body]; its RFC 9162 leaf
hash is at once the link of the chain and the leaf of the tree.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import cbor2
from sqlalchemy import Connection, bindparam, insert, select

from sallyport_gateway.audit import tree
from sallyport_gateway.audit.parameters import MAX_BODY, TILE
from sallyport_gateway.store.prepared import Prepared
from sallyport_gateway.store.tables import audit, audit_nodes
from sallyport_protocol import canonical
from sallyport_protocol.errors import MalformedError

WIDTH: Final = 1 << TILE


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `at` in milliseconds since 1970 UTC; `leaf` is its hash and the link to the next."""

    log: str
    index: int
    kind: str
    at: int
    leaf: bytes
    body: bytes

    @property
    def content(self) -> dict[str, Any]:
        """The body decoded. Raises MalformedError when the store was tampered with."""
        value = canonical.decode(self.body, limit=MAX_BODY)
        if not isinstance(value, dict):
            raise MalformedError(f"the body of audit entry {self.index} is not a map: run `audit verify`")
        return value

    @property
    def skimmed(self) -> dict[str, Any]:
        """`content` without the proof that the body is in its one form, a fifth of the time: for who reads them all."""
        try:
            value = cbor2.loads(self.body)
        except Exception as error:  # a decoder's own errors are many
            raise MalformedError(f"the body of audit entry {self.index} is no CBOR: run `audit verify`") from error
        return value if isinstance(value, dict) else self.content


_HERE = audit.c.log == bindparam("l")
_LAST: Final = Prepared(select(audit.c.index, audit.c.leaf).where(_HERE).order_by(audit.c.index.desc()).limit(1))
_ENTRY: Final = select(audit).where(_HERE, audit.c.index == bindparam("i"))
_RANGE: Final = (
    select(audit)
    .where(_HERE, audit.c.index >= bindparam("low"), audit.c.index < bindparam("high"))
    .order_by(audit.c.index)
)
_LEAVES: Final = (
    select(audit.c.leaf)
    .where(_HERE, audit.c.index >= bindparam("low"), audit.c.index < bindparam("high"))
    .order_by(audit.c.index)
)
_NODES: Final = (
    select(audit_nodes.c.hash)
    .where(
        audit_nodes.c.log == bindparam("l"),
        audit_nodes.c.level == bindparam("v"),
        audit_nodes.c.index >= bindparam("low"),
        audit_nodes.c.index < bindparam("high"),
    )
    .order_by(audit_nodes.c.index)
)
_APPEND: Final = Prepared(insert(audit).values({each.name: bindparam(each.name) for each in audit.c}))
_KEEP_NODE: Final = insert(audit_nodes)


def entry_bytes(log: str, index: int, previous: bytes, kind: str, at: int, body: bytes) -> bytes:
    """What is hashed for one entry. `previous` is the leaf hash before it, empty for the first."""
    return canonical.encode([log, index, previous, kind, at, body])


def append(conn: Connection, log: str, kind: str, content: dict[str, Any], at: int) -> Entry:
    """Appends one entry in the caller's transaction: it is durable together with what it records.

    Raises MalformedError for a content that deterministic CBOR cannot carry or that is over MAX_BODY.
    """
    body = canonical.encode(content)
    if len(body) > MAX_BODY:
        raise MalformedError(f"an audit entry of {len(body)} bytes is over the limit of {MAX_BODY}: keep its digest")
    last = _LAST.first(conn, l=log)
    index, previous = (0, b"") if last is None else (last[0] + 1, last[1])
    entry = Entry(log, index, kind, at, tree.leaf_hash(entry_bytes(log, index, previous, kind, at, body)), body)
    _APPEND.run(conn, log=log, index=index, kind=kind, at=at, leaf=entry.leaf, body=body)
    if (index + 1) % WIDTH == 0:
        _complete(conn, log, index + 1)
    return entry


def size(conn: Connection, log: str) -> int:
    """How many entries the log has."""
    last = _LAST.first(conn, l=log)
    return 0 if last is None else int(last[0]) + 1


def find(conn: Connection, log: str, index: int) -> Entry | None:
    """One entry, or None."""
    row = conn.execute(_ENTRY, {"l": log, "i": index}).first()
    return None if row is None else Entry(**row._mapping)


def entries(conn: Connection, log: str, low: int = 0, high: int | None = None) -> Iterator[Entry]:
    """The entries [low, high) in order, read as they are taken."""
    values = {"l": log, "low": low, "high": 2**62 if high is None else high}
    for row in conn.execute(_RANGE, values, execution_options={"yield_per": 2_000}):
        yield Entry(*row)


def reader(conn: Connection, log: str) -> tree.Node:
    """The tree of the log as proofs read it; what one reader has read it keeps."""
    kept: dict[tuple[int, int], list[bytes]] = {}

    def node(level: int, index: int) -> bytes:
        stored, above = level - level % TILE, level % TILE
        tile = (index << above) >> TILE
        if (stored, tile) not in kept:
            kept[stored, tile] = _stored(conn, log, stored, tile * WIDTH, (tile + 1) * WIDTH)
        low = (index << above) - tile * WIDTH
        hashes = kept[stored, tile][low : low + (1 << above)]
        if len(hashes) != 1 << above:
            raise MalformedError(f"the audit log misses hashes at level {stored}, tile {tile}: run `audit verify`")
        return tree.subtree(hashes)

    return node


def root(conn: Connection, log: str, at_size: int) -> bytes:
    """The root of the first `at_size` entries."""
    return tree.root(at_size, reader(conn, log))


def _complete(conn: Connection, log: str, at_size: int) -> None:
    """Stores the subtree hashes that the entry just appended completed."""
    level, count = TILE, at_size >> TILE
    while True:
        below = _stored(conn, log, level - TILE, (count - 1) * WIDTH, count * WIDTH)
        row = {"log": log, "level": level, "index": count - 1, "hash": tree.subtree(below)}
        conn.execute(_KEEP_NODE, row)
        if count % WIDTH:
            return
        level, count = level + TILE, count >> TILE


def _stored(conn: Connection, log: str, level: int, low: int, high: int) -> list[bytes]:
    values = {"l": log, "low": low, "high": high}
    found = conn.execute(_NODES, values | {"v": level}) if level else conn.execute(_LEAVES, values)
    return list(found.scalars())
