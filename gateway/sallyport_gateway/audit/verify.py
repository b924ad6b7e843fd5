"""Verifies a whole log: every link of the chain, every stored subtree hash, every signed head, and the witness's.

Finds any edit, deletion, insertion, reordering or truncation (S20). What a thief of the signing key could still do,
rewrite everything and sign it anew, the witness shows.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, select

from sallyport_gateway.audit import checkpoint, tree
from sallyport_gateway.audit.checkpoint import NoteKey
from sallyport_gateway.audit.log import WIDTH, Entry, entries, entry_bytes
from sallyport_gateway.audit.parameters import TILE
from sallyport_gateway.store.tables import audit_nodes, checkpoints
from sallyport_protocol.errors import MalformedError


class FaultKind(StrEnum):
    ENTRY_CHANGED = "ENTRY_CHANGED"
    """An entry, or the one before it, is not what was recorded."""
    ENTRY_MISSING = "ENTRY_MISSING"
    SUBTREE_CHANGED = "SUBTREE_CHANGED"
    HEAD_NOT_SIGNED = "HEAD_NOT_SIGNED"
    HEAD_DIFFERS = "HEAD_DIFFERS"
    """The entries do not have the root that was signed."""
    TRUNCATED = "TRUNCATED"
    """A signed or witnessed head covers entries that are not there."""
    NO_HEAD = "NO_HEAD"
    """Nothing vouches for the end of the log."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, at an entry's index or a head's size."""

    kind: FaultKind
    index: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found. Sound means no fault."""

    log: str
    size: int
    root: bytes
    heads: int
    """Signed heads that agreed, the witness's included."""
    covered: int
    """Entries that the newest sound head covers; what comes after is chained but not yet vouched for."""
    faults: tuple[Fault, ...]

    @property
    def sound(self) -> bool:
        return not self.faults


Progress = Callable[[int], None]
"""Told now and then how many entries have been verified."""

MOST_FAULTS: Final = 100
"""Faults reported; a log with more is simply broken."""
_TELL_EVERY: Final = 10_000


@dataclass(slots=True)
class _Walk:
    """What is known while walking the log from its first entry."""

    grown: tree.Frontier = field(default_factory=tree.Frontier)
    previous: bytes = b""
    faults: list[Fault] = field(default_factory=list)
    heads: int = 0
    covered: int = 0

    def fault(self, kind: FaultKind, index: int, sentence: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(kind, index, sentence))


def verify(
    conn: Connection,
    log: str,
    keys: Sequence[NoteKey],
    witnessed: str | None = None,
    progress: Progress = lambda _: None,
) -> Report:
    """Verifies the log `log` against its signed heads and the `witnessed` note, which is signed by the log too."""
    walk = _Walk()
    heads = _heads(conn, log, keys, witnessed, walk)
    nodes = _nodes(conn, log)
    for entry in entries(conn, log):
        _link(walk, entry)
        if walk.grown.size % WIDTH == 0:
            _subtrees(walk, nodes)
        for root in heads.pop(walk.grown.size, ()):
            _head(walk, root)
        if walk.grown.size % _TELL_EVERY == 0:
            progress(walk.grown.size)
    _end(walk, heads, nodes)
    progress(walk.grown.size)
    return Report(log, walk.grown.size, walk.grown.root(), walk.heads, walk.covered, tuple(walk.faults))


def _link(walk: _Walk, entry: Entry) -> None:
    expected = walk.grown.size
    if entry.index != expected:
        walk.fault(FaultKind.ENTRY_MISSING, expected, f"After entry {expected - 1} comes {entry.index}.")
    made = entry_bytes(entry.log, entry.index, walk.previous, entry.kind, entry.at, entry.body)
    if tree.leaf_hash(made) != entry.leaf:
        walk.fault(FaultKind.ENTRY_CHANGED, entry.index, f"Entry {entry.index} or the one before it was changed.")
    walk.previous = entry.leaf
    walk.grown.push(entry.leaf)


def _subtrees(walk: _Walk, nodes: dict[tuple[int, int], bytes]) -> None:
    """Compares the stored subtree hashes that end at the last entry."""
    level = TILE
    while walk.grown.size % (1 << level) == 0:
        index = (walk.grown.size >> level) - 1
        if nodes.pop((level, index), None) != walk.grown.complete(level):
            walk.fault(
                FaultKind.SUBTREE_CHANGED, walk.grown.size, f"The stored hash of subtree {level}/{index} is wrong."
            )
        level += TILE


def _head(walk: _Walk, root: bytes) -> None:
    size = walk.grown.size
    if walk.grown.root() == root:
        walk.heads, walk.covered = walk.heads + 1, size
    else:
        walk.fault(FaultKind.HEAD_DIFFERS, size, f"The first {size} entries are not the ones whose head was signed.")


def _end(walk: _Walk, heads: dict[int, list[bytes]], nodes: dict[tuple[int, int], bytes]) -> None:
    size = walk.grown.size
    for missing in sorted(heads):
        if missing:
            walk.fault(FaultKind.TRUNCATED, missing, f"A head covers {missing} entries, but only {size} are there.")
    for level, index in sorted(nodes):
        walk.fault(FaultKind.TRUNCATED, (index + 1) << level, f"Subtree {level}/{index} is over entries not there.")
    if size and not walk.covered:
        walk.fault(FaultKind.NO_HEAD, size, "No signed head covers any entry: nothing vouches for the end of the log.")


def _heads(
    conn: Connection, log: str, keys: Sequence[NoteKey], witnessed: str | None, walk: _Walk
) -> dict[int, list[bytes]]:
    """Size -> signed roots, of every kept head and the witness's."""
    found: dict[int, list[bytes]] = {}
    for size, note in [*_kept(conn, log), *([(None, witnessed)] if witnessed else [])]:
        try:
            head = checkpoint.verify(note, keys)
        except MalformedError as error:
            walk.fault(FaultKind.HEAD_NOT_SIGNED, size or 0, f"{error}.")
            continue
        if head.log != log or size not in (None, head.size):
            walk.fault(FaultKind.HEAD_NOT_SIGNED, head.size, f"The head at {size} is of another log or size.")
        else:
            found.setdefault(head.size, []).append(head.root)
    return found


def _kept(conn: Connection, log: str) -> Iterator[tuple[int | None, str]]:
    query = select(checkpoints.c.size, checkpoints.c.note).where(checkpoints.c.log == log)
    for row in conn.execute(query.order_by(checkpoints.c.size)):
        yield row.size, row.note


def _nodes(conn: Connection, log: str) -> dict[tuple[int, int], bytes]:
    query = select(audit_nodes.c.level, audit_nodes.c.index, audit_nodes.c.hash).where(audit_nodes.c.log == log)
    return {(level, index): hash_ for level, index, hash_ in conn.execute(query)}
