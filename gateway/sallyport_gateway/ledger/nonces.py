"""One durable decision for every nonce an interlock shows (S11), and what came of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from sallyport_gateway.ledger.words import Shown
from sallyport_gateway.store.tables import nonces


class Decision(StrEnum):
    GRANT = "GRANT"
    REFUSE = "REFUSE"


class Outcome(StrEnum):
    OPENED = "OPENED"
    NOT_OPENED = "NOT_OPENED"


@dataclass(frozen=True, slots=True)
class Nonce:
    """What this store knows of a nonce. `evidence` is the SHA-256 of the board's statement. Times as everywhere."""

    board: str
    nonce: bytes
    counter: int
    decision: Decision
    authorisation: str
    session: bytes
    at: int
    outcome: Outcome | None
    evidence: bytes | None
    outcome_at: int | None


_HERE = (nonces.c.board == bindparam("b"), nonces.c.nonce == bindparam("n"))
_FIND: Final = select(nonces).where(*_HERE)
_DECIDE: Final = insert(nonces)
_CONCLUDE: Final = (
    update(nonces)
    .where(*_HERE, nonces.c.outcome.is_distinct_from(Outcome.OPENED))
    .values(outcome=bindparam("o"), evidence=bindparam("e"), outcome_at=bindparam("now"))
)


def find(conn: Connection, board: str, nonce: bytes) -> Nonce | None:
    """What was decided on a nonce. None for one never decided here: if the board has spent it, this store is behind
    (restored from a backup) or the opening had no grant."""
    row = conn.execute(_FIND, {"b": board, "n": nonce}).first()
    if row is None:
        return None
    values = dict(row._mapping)
    values["decision"] = Decision(values["decision"])
    values["outcome"] = values["outcome"] and Outcome(values["outcome"])
    return Nonce(**values)


def decide(
    conn: Connection, board: str, shown: Shown, decision: Decision, authorisation: str, session: bytes, now: int
) -> bool:
    """Takes the one decision on a nonce; False when one was taken before."""
    if find(conn, board, shown.nonce) is not None:
        return False
    row = {"board": board, "nonce": shown.nonce, "counter": shown.counter, "decision": decision}
    conn.execute(_DECIDE, row | {"authorisation": authorisation, "session": session, "at": now})
    return True


def refuse(conn: Connection, board: str, shown: Shown, authorisation: str, session: bytes, now: int) -> bool:
    """Decides that a nonce gets no grant, ever: the last check failed. False when it was decided before."""
    return decide(conn, board, shown, Decision.REFUSE, authorisation, session, now)


def conclude(conn: Connection, board: str, nonce: bytes, outcome: Outcome, evidence: bytes, now: int) -> None:
    """Keeps what the board said of a nonce and the SHA-256 of its statement. OPENED is never taken back."""
    conn.execute(_CONCLUDE, {"b": board, "n": nonce, "o": outcome, "e": evidence, "now": now})
