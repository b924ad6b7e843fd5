"""Signs heads of a log and brings them to the witness: once a second, after many entries, on demand.

And says whether this store may be trusted at all: one that is behind what was witnessed grants nothing.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select

from sallyport_gateway.audit import checkpoint, generations, log, tree
from sallyport_gateway.audit.checkpoint import Checkpoint
from sallyport_gateway.audit.parameters import HEAD_EVERY_ENTRIES, HEAD_EVERY_MS, HEAD_KEPT_MS
from sallyport_gateway.audit.witness import Submission, Verdict, Witness
from sallyport_gateway.store import Store
from sallyport_gateway.store.tables import checkpoints
from sallyport_protocol.envelope import Signer
from sallyport_protocol.errors import RoadError


class Standing(StrEnum):
    """How this store stands to what was witnessed. Only GOOD may grant."""

    UNCHECKED = "UNCHECKED"
    """The witness has not answered since the start."""
    GOOD = "GOOD"
    BEHIND = "BEHIND"
    """The witness has seen more than this store holds: it was restored from a backup. Reconcile."""
    FORKED = "FORKED"
    """This store holds another history than the one witnessed. Reconcile, and find out who did it."""


def stand(conn: Connection, name: str, witnessed: Checkpoint | None, successor: Checkpoint | None) -> Standing:
    """Compares the log `name` with the head witnessed for it, and with the one for the log that would follow it."""
    if successor is not None:
        return Standing.BEHIND
    if witnessed is None:
        return Standing.GOOD
    if witnessed.size > log.size(conn, name):
        return Standing.BEHIND
    return Standing.GOOD if log.root(conn, name, witnessed.size) == witnessed.root else Standing.FORKED


def _worst(conn: Connection, heads: Mapping[str, tuple[Checkpoint | None, Checkpoint | None]]) -> Standing:
    found = (stand(conn, name, *witnessed) for name, witnessed in heads.items())
    return next((each for each in found if each is not Standing.GOOD), Standing.GOOD)


@dataclass(frozen=True, slots=True)
class Behind:
    """A log that the witness knows otherwise than this store: how far it saw it, and the next log's name, of which it
    has never heard (a backup may be older than an earlier reconciliation)."""

    log: str
    seen: Checkpoint | None
    opens: str


def behind(conn: Connection, own: str, latest: Callable[[str], str | None]) -> tuple[Behind, ...]:
    """Every log of this store that is not as far as the witness (`latest` asks it for a log's newest head), this
    gateway's own first. Empty where all are. Raises RoadError."""
    found = []
    for name in dict.fromkeys((own, *generations.all_current(conn))):
        seen, following = (_parsed(latest(each)) for each in (name, generations.successor(name)))
        if stand(conn, name, seen, following) is Standing.GOOD:
            continue
        opens = generations.successor(name)
        while latest(opens) is not None:
            opens = generations.successor(opens)
        found.append(Behind(name, seen, opens))
    return tuple(found)


def _parsed(note: str | None) -> Checkpoint | None:
    return checkpoint.parse(note)[0] if note else None


def newest(conn: Connection, name: str) -> str | None:
    """The newest signed head kept for a log."""
    query = select(checkpoints.c.note).where(checkpoints.c.log == name).order_by(checkpoints.c.size.desc()).limit(1)
    return conn.execute(query).scalar()


def keep_note(conn: Connection, note: str, now: int) -> None:
    """Keeps a signed head with the store, once for each size."""
    head = checkpoint.parse(note)[0]
    if conn.execute(_AT_SIZE, {"l": head.log, "z": head.size}).first() is None:
        conn.execute(insert(checkpoints), {"log": head.log, "size": head.size, "at": now, "note": note})


_AT_SIZE: Final = select(checkpoints.c.at).where(
    checkpoints.c.log == bindparam("l"), checkpoints.c.size == bindparam("z")
)


class Heads:
    """The keeper of one log's heads. `now` gives milliseconds since 1970 UTC."""

    def __init__(self, store: Store, name: str, signer: Signer, witness: Witness, now: Callable[[], int]) -> None:
        self._store, self.log, self._signer, self._witness, self._now = store, name, signer, witness, now
        self._one = threading.Lock()
        self._began = 0.0
        """When it was last tried to reach the witness, monotonic seconds."""
        self._thread = ThreadPoolExecutor(1, "witness")
        """Who waits for a witness that hangs takes no thread from the pages' and the lanes' reads."""
        self._known = 0
        self._kept = (0, 0)
        self.standing = Standing.UNCHECKED
        self._checked = 0
        self.witnessed = 0
        """Entries that the witness has seen."""
        self.behind: tuple[Behind, ...] = ()
        """The logs of this store that were not as the witness knows them when it was last asked."""
        self.trouble: RoadError | None = None
        """Why the witness could not be reached last time."""

    def check(self) -> Standing:
        """Asks the witness how far this log and its successor had come, and the logs of all gateways on this store: a
        standby that took over may have lost another one's grant. Raises RoadError; then nothing is GOOD that was not.
        """
        connections = self._store.connections
        others = [name for name in self._store.read_now(generations.all_current) if name != self.log]
        heads = {name: self._heads_of(name) for name in (self.log, *others)}
        self.standing = self._store.read_now(lambda conn: _worst(conn, heads))
        self._checked = connections
        seen = heads[self.log][0]
        self.witnessed = self._known = seen.size if seen else 0
        sure = self.standing is Standing.GOOD
        self.behind = () if sure else self._store.read_now(lambda conn: behind(conn, self.log, self._witness.latest))
        return self.standing

    def _heads_of(self, name: str) -> tuple[Checkpoint | None, Checkpoint | None]:
        """What the witness holds of a log and of the one that would follow it."""
        return _parsed(self._witness.latest(name)), _parsed(self._witness.latest(generations.successor(name)))

    @property
    def _unsure(self) -> bool:
        """Never checked, or the database was connected to anew since: it may be another one."""
        return self.standing is Standing.UNCHECKED or self._checked != self._store.connections

    def advance(self) -> Checkpoint | None:
        """Signs the present head, keeps it and hands it to the witness; None when there is nothing new to witness.

        Raises RoadError when the witness cannot be reached; the head is kept and goes with the next one.
        """
        with self._one:
            if self._unsure:
                self.check()
            if self.standing is not Standing.GOOD:
                return None
            head, proof = self._store.read_now(self._head)
            if head.size <= self.witnessed:
                return None
            note = checkpoint.sign(head, self._signer)
            self._keep(head, note)
            self._submit(head, Submission(self._known, tuple(proof), note))
            return head

    def _keep(self, head: Checkpoint, note: str) -> None:
        """Keeps a head with the store now and then; the witness and the receipts have the others."""
        size, at = self._kept
        if head.size - size >= HEAD_EVERY_ENTRIES or self._now() - at >= HEAD_KEPT_MS:
            self._store.write_now(lambda conn: keep_note(conn, note, self._now()))
            self._kept = head.size, self._now()

    def _head(self, conn: Connection) -> tuple[Checkpoint, list[bytes]]:
        size, node = log.size(conn, self.log), log.reader(conn, self.log)
        proof = tree.consistency_proof(self._known, size, node) if 0 < self._known <= size else []
        return Checkpoint(self.log, size, tree.root(size, node)), proof

    def _submit(self, head: Checkpoint, submission: Submission) -> None:
        reply = self._witness.submit(submission)
        if reply.verdict is Verdict.TAKEN:
            self.witnessed = self._known = head.size
        else:
            self.check()
            if reply.verdict is Verdict.INCONSISTENT:
                self.standing = Standing.FORKED

    async def cover(self, index: int) -> bool:
        """Waits until the witness has seen entry `index`: then no restored backup can forget it. False when it may
        not be relied on (this store is behind, or the witness cannot be reached)."""
        if self.witnessed <= index or self._unsure:
            await self._tried(index)
        return self.witnessed > index and self.standing is Standing.GOOD and not self._unsure

    async def keep(self) -> None:
        """Runs for ever: a head each second, or sooner after many entries. A silent witness is tried again."""
        waited = 0
        while True:
            await asyncio.sleep(_STEP_MS / 1000)
            waited += _STEP_MS
            if waited >= HEAD_EVERY_MS or await asyncio.to_thread(self._many):
                waited = 0
                await self._tried(None)

    async def _tried(self, index: int | None) -> None:
        """`advance` in the witness's own thread; not again for what an attempt since then took along, or failed at."""
        asked = time.monotonic()

        def one() -> None:
            done = index is not None and self.witnessed > index and not self._unsure
            if not done and not (self.trouble is not None and self._began > asked):
                self._began = time.monotonic()
                self._try()

        await asyncio.get_running_loop().run_in_executor(self._thread, one)

    def _many(self) -> bool:
        try:
            return self._store.read_now(lambda conn: log.size(conn, self.log)) - self.witnessed >= HEAD_EVERY_ENTRIES
        except RoadError:
            return False

    def _try(self) -> None:
        try:
            self.advance()
            self.trouble = None
        except RoadError as error:
            self.trouble = error


_STEP_MS = 100
