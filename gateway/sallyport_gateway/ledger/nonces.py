"""One durable decision for every nonce an interlock shows (S11), and what came of it."""

from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from sallyport_gateway.store.tables import nonces


class Decision(StrEnum):
    GRANT = "GRANT"
    REFUSE = "REFUSE"


class Outcome(StrEnum):
    OPENED = "OPENED"
    NOT_OPENED = "NOT_OPENED"


_HERE = (nonces.c.board == bindparam("b"), nonces.c.nonce == bindparam("n"))
_FIND: Final = select(nonces.c.decision, nonces.c.authorisation, nonces.c.session, nonces.c.outcome).where(*_HERE)
_DECIDE: Final = insert(nonces)
_CONCLUDE: Final = (
    update(nonces)
    .where(*_HERE, nonces.c.outcome.is_distinct_from(Outcome.OPENED))
    .values(outcome=bindparam("o"), evidence=bindparam("e"), outcome_at=bindparam("now"))
)


def decision_of(conn: Connection, board: str, nonce: bytes) -> Decision | None:
    """The decision this store took on a nonce. None for a nonce never decided here: if the board has spent it, this
    store is behind (restored from a backup) or the opening had no grant."""
    row = conn.execute(_FIND, {"b": board, "n": nonce}).first()
    return None if row is None else Decision(row.decision)


def decide(
    conn: Connection, board: str, nonce: bytes, decision: Decision, authorisation: str, session: bytes, now: int
) -> bool:
    """Takes the one decision on a nonce; False when one was taken before."""
    if decision_of(conn, board, nonce) is not None:
        return False
    conn.execute(
        _DECIDE,
        {
            "board": board,
            "nonce": nonce,
            "decision": decision,
            "authorisation": authorisation,
            "session": session,
            "at": now,
        },
    )
    return True


def refuse(conn: Connection, board: str, nonce: bytes, authorisation: str, session: bytes, now: int) -> bool:
    """Decides that a nonce gets no grant, ever: the last check failed. False when it was decided before."""
    return decide(conn, board, nonce, Decision.REFUSE, authorisation, session, now)


def conclude(conn: Connection, board: str, nonce: bytes, outcome: Outcome, evidence: bytes, now: int) -> None:
    """Keeps what the board said of a nonce and the SHA-256 of its statement. OPENED is never taken back."""
    conn.execute(_CONCLUDE, {"b": board, "n": nonce, "o": outcome, "e": evidence, "now": now})
