"""What this store has accepted from each interlock board: the epoch of its keys and its highest counter (S13)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from sallyport_gateway.store.tables import boards


class Heard(StrEnum):
    FRESH = "FRESH"
    REPLAYED = "REPLAYED"
    """The counter is not above the highest accepted."""
    OLD_EPOCH = "OLD_EPOCH"
    """Keys from before the last rekeying."""
    REVOKED = "REVOKED"


@dataclass(frozen=True, slots=True)
class Board:
    """One interlock as the store knows it. Times in milliseconds since 1970 UTC."""

    board: str
    epoch: int
    counter: int
    seen_at: int
    revoked_at: int | None
    revoked_why: str | None


_FIND: Final = select(boards).where(boards.c.board == bindparam("b"))
_LOCK: Final = _FIND.with_for_update()
_HEAR: Final = (
    update(boards)
    .where(boards.c.board == bindparam("b"))
    .values(epoch=bindparam("e"), counter=bindparam("c"), seen_at=bindparam("now"))
)


def find(conn: Connection, board: str) -> Board | None:
    """The board, or None when it was never heard."""
    row = conn.execute(_FIND, {"b": board}).first()
    return None if row is None else Board(**row._mapping)


def hear(conn: Connection, board: str, epoch: int, counter: int, now: int) -> Heard:
    """Accepts one authenticated frame: within an epoch the counter only rises; an epoch never falls."""
    row = conn.execute(_LOCK, {"b": board}).first()
    if row is None:
        conn.execute(insert(boards), {"board": board, "epoch": epoch, "counter": counter, "seen_at": now})
        return Heard.FRESH
    if row.revoked_at is not None:
        return Heard.REVOKED
    if epoch < row.epoch:
        return Heard.OLD_EPOCH
    if epoch == row.epoch and counter <= row.counter:
        return Heard.REPLAYED
    conn.execute(_HEAR, {"b": board, "e": epoch, "c": counter, "now": now})
    return Heard.FRESH


def revoke(conn: Connection, board: str, why: str, now: int) -> None:
    """The board is dead or distrusted: it gets no grant and its word counts no more."""
    if find(conn, board) is None:
        conn.execute(insert(boards), {"board": board, "epoch": 0, "counter": 0, "seen_at": now})
    values = {"revoked_at": now, "revoked_why": why}
    conn.execute(update(boards).where(boards.c.board == board, boards.c.revoked_at.is_(None)).values(**values))


def enrol_again(conn: Connection, board: str, epoch: int, now: int) -> bool:
    """Takes a revoked board back under new keys; False unless `epoch` is above every epoch seen."""
    held = find(conn, board)
    if held is None or epoch <= held.epoch:
        return False
    values = {"epoch": epoch, "counter": 0, "seen_at": now, "revoked_at": None, "revoked_why": None}
    conn.execute(update(boards).where(boards.c.board == board).values(**values))
    return True


def is_revoked(conn: Connection, board: str) -> bool:
    """Whether a grant for this board is out of the question."""
    held = find(conn, board)
    return held is not None and held.revoked_at is not None
