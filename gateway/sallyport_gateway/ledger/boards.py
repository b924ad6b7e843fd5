"""What this store has accepted from each interlock board, so that nothing older counts again (S13)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from sallyport_gateway.ledger import nonces
from sallyport_gateway.store.tables import boards, settled_nonces


class Heard(StrEnum):
    FRESH = "FRESH"
    REPLAYED = "REPLAYED"
    """The number is not above the highest accepted."""
    OLD_EPOCH = "OLD_EPOCH"
    """Keys from before the last rekeying."""
    REVOKED = "REVOKED"
    GAP = "GAP"
    """Events before this one are missing: ask the board for them."""


@dataclass(frozen=True, slots=True)
class Board:
    """One interlock as the store knows it: the highest key epoch, nonce number, event and request number so far.

    Times in milliseconds since 1970 UTC.
    """

    board: str
    epoch: int
    counter: int
    seq: int
    request: int
    seen_at: int
    revoked_at: int | None
    revoked_why: str | None


_HERE = boards.c.board == bindparam("b")
_FIND: Final = select(boards).where(_HERE)
_LOCK: Final = _FIND.with_for_update()
_HEAR: Final = (
    update(boards)
    .where(_HERE)
    .values(epoch=bindparam("e"), counter=bindparam("c"), seq=bindparam("q"), seen_at=bindparam("now"))
)
_SETTLED: Final = select(settled_nonces.c.at).where(
    settled_nonces.c.board == bindparam("b"), settled_nonces.c.nonce == bindparam("n")
)
_REQUEST: Final = update(boards).where(_HERE).values(request=bindparam("r"))


def find(conn: Connection, board: str, *, lock: bool = False) -> Board | None:
    """The board, or None when it was never heard of."""
    row = conn.execute(_LOCK if lock else _FIND, {"b": board}).first()
    return None if row is None else Board(**row._mapping)


def hear_nonce(conn: Connection, board: str, epoch: int, counter: int, now: int) -> Heard:
    """Accepts an authentic nonce by its number, which only rises under the same keys."""
    held = _known(conn, board, epoch, now)
    if held.revoked_at is not None:
        return Heard.REVOKED
    if epoch < held.epoch:
        return Heard.OLD_EPOCH
    if epoch == held.epoch and counter <= held.counter:
        return Heard.REPLAYED
    conn.execute(_HEAR, {"b": board, "e": epoch, "c": counter, "q": held.seq, "now": now})
    return Heard.FRESH


def hear_event(conn: Connection, board: str, epoch: int, seq: int, now: int, *, across_gap: bool = False) -> Heard:
    """Accepts an authentic event of the board's journal, each once and in order (`seq` is one series for its life).

    GAP changes nothing: ask for the events after `find(...).seq`, and pass `across_gap` for the first that comes if
    the board no longer has the missing ones, which is worth an alarm.
    """
    held = _known(conn, board, epoch, now)
    if held.revoked_at is not None:
        return Heard.REVOKED
    if epoch < held.epoch:
        return Heard.OLD_EPOCH
    if seq <= held.seq:
        return Heard.REPLAYED
    if seq > held.seq + 1 and not across_gap:
        return Heard.GAP
    conn.execute(_HEAR, {"b": board, "e": epoch, "c": held.counter, "q": seq, "now": now})
    return Heard.FRESH


def next_request(conn: Connection, board: str, now: int) -> int:
    """The next number of a request to this board: above every one before and, so that a restored store does not fall
    behind, not below the clock."""
    held = _known(conn, board, 0, now)
    number = max(held.request + 1, now)
    conn.execute(_REQUEST, {"b": board, "r": number})
    return number


def accounts_for(conn: Connection, board: str, spent: bytes) -> bool:
    """Whether the last nonce that a board says it spent (zeros: none) was granted by this store, or two officers have
    accounted for it. If not, the store is older than the board's memory, or the door opened without a grant: nothing
    may be granted before that is settled."""
    if not any(spent):
        return True
    known = nonces.find(conn, board, spent)
    if known is not None and known.decision is nonces.Decision.GRANT:
        return True
    return conn.execute(_SETTLED, {"b": board, "n": spent}).first() is not None


def revoke(conn: Connection, board: str, why: str, now: int) -> None:
    """The board is dead or distrusted: it gets no grant and its word counts no more."""
    _known(conn, board, 0, now)
    values = {"revoked_at": now, "revoked_why": why}
    conn.execute(update(boards).where(boards.c.board == board, boards.c.revoked_at.is_(None)).values(**values))


def enrol_again(conn: Connection, board: str, epoch: int, now: int) -> bool:
    """Takes a board back under new keys; False unless `epoch` is above every epoch seen. It may be another one: see
    `begin_journal`."""
    held = find(conn, board, lock=True)
    if held is None or epoch <= held.epoch:
        return False
    values = {"epoch": epoch, "counter": -1, "seen_at": now, "revoked_at": None, "revoked_why": None}
    conn.execute(update(boards).where(boards.c.board == board).values(**values))
    return True


def begin_journal(conn: Connection, board: str, newest: int) -> bool:
    """Whether a board under new keys is another one: its journal, which never shrinks, goes only as far as `newest`,
    less far than what was heard. Its events count from the first one then; before its first nonce only."""
    held = find(conn, board, lock=True)
    if held is None or held.counter >= 0 or newest >= held.seq:
        return False
    conn.execute(update(boards).where(boards.c.board == board).values(seq=0))
    return True


def retire(conn: Connection, board: str, epoch: int, now: int) -> str:
    """The name under which the board of older keys is kept, revoked for good: what it left open, nobody but two
    officers settles."""
    name = f"{board[:20]}~{epoch}"
    _known(conn, name, epoch, now)
    revoke(conn, name, "its keys were replaced", now)
    return name


def is_revoked(conn: Connection, board: str) -> bool:
    """Whether a grant for this board is out of the question."""
    held = find(conn, board)
    return held is not None and held.revoked_at is not None


def _known(conn: Connection, board: str, epoch: int, now: int) -> Board:
    """The board's locked row, made at the first word from it or to it."""
    held = find(conn, board, lock=True)
    if held is not None:
        return held
    row = {"board": board, "epoch": epoch, "counter": -1, "seq": 0, "request": 0, "seen_at": now}
    conn.execute(insert(boards), row)
    return Board(**row, revoked_at=None, revoked_why=None)  # type: ignore[arg-type]
