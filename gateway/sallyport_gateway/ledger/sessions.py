"""Sessions: one offer, one challenge, one first answer, one decision.

OFFERED -> ANSWERED -> DECIDED -> ENDED. The first answer to a challenge is kept; the same bytes again get the same
answer and start nothing; other bytes are an alarm.
"""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update

from sallyport_gateway.store.prepared import Prepared
from sallyport_gateway.store.tables import sessions
from sallyport_protocol.decision import Verdict


class SessionState(StrEnum):
    OFFERED = "OFFERED"
    ANSWERED = "ANSWERED"
    DECIDED = "DECIDED"
    ENDED = "ENDED"


class Answered(StrEnum):
    FIRST = "FIRST"
    SAME = "SAME"
    """The very bytes that were accepted before: answer as before, start nothing."""
    DIFFERENT = "DIFFERENT"
    """Another result for an answered challenge: an alarm."""
    NOT_OPEN = "NOT_OPEN"
    """No such session and challenge, or it ended without an answer."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session as stored. Times in milliseconds since 1970 UTC; `result` is the signed message, `decision` the
    body of its audit entry where the verdict was no RELEASE."""

    session: bytes
    authorisation: str
    prison: str
    kiosk: str
    lane: str
    challenge: bytes
    gateway: str
    offered_at: int
    state: SessionState = SessionState.OFFERED
    result_digest: bytes | None = None
    result: bytes | None = None
    answered_at: int | None = None
    verdict: str | None = None
    decision: bytes | None = None
    decided_at: int | None = None
    audit_index: int | None = None
    ended_at: int | None = None
    ended_why: str | None = None


_HERE = sessions.c.session == bindparam("s")
_FIND: Final = Prepared(select(sessions).where(_HERE))
_NEWS: Final = ("session", "authorisation", "prison", "kiosk", "lane", "challenge", "gateway", "offered_at", "state")
_OPEN: Final = Prepared(insert(sessions).values({name: bindparam(name) for name in _NEWS}))
_ANSWER: Final = Prepared(
    update(sessions)
    .where(_HERE, sessions.c.challenge == bindparam("c"), sessions.c.state == SessionState.OFFERED)
    .values(
        state=SessionState.ANSWERED, result_digest=bindparam("d"), result=bindparam("r"), answered_at=bindparam("now")
    )
)
_DECIDE: Final = Prepared(
    update(sessions)
    .where(_HERE, sessions.c.state == SessionState.ANSWERED)
    .values(
        state=SessionState.DECIDED,
        verdict=bindparam("v"),
        decision=bindparam("d"),
        audit_index=bindparam("i"),
        decided_at=bindparam("now"),
    )
)
_END: Final = Prepared(
    update(sessions)
    .where(_HERE, sessions.c.state != SessionState.ENDED)
    .values(state=SessionState.ENDED, ended_at=bindparam("now"), ended_why=bindparam("why"))
)


def open_session(conn: Connection, session: Session) -> None:
    """Keeps a session before its offer leaves. A session id or a challenge used before is an IntegrityError."""
    _OPEN.run(conn, **{name: getattr(session, name) for name in _NEWS})


def find(conn: Connection, session: bytes) -> Session | None:
    """The session, or None."""
    row = _FIND.first(conn, s=session)
    return None if row is None else _session(row)


def answer(conn: Connection, session: bytes, challenge: bytes, result: bytes, now: int) -> Answered:
    """Keeps the first result for a challenge (the signed bytes); tells repetition from contradiction."""
    digest = sha256(result).digest()
    if _ANSWER.run(conn, s=session, c=challenge, d=digest, r=result, now=now) == 1:
        return Answered.FIRST
    held = find(conn, session)
    if held is None or held.result_digest is None or held.challenge != challenge:
        return Answered.NOT_OPEN
    return Answered.SAME if held.result_digest == digest else Answered.DIFFERENT


def decide(conn: Connection, session: bytes, verdict: str, decision: bytes, audit_index: int, now: int) -> bool:
    """Keeps the one decision on an answered session. False when it has one, or has no answer, or has ended.

    The body of one that was no RELEASE is kept here too: the pause between attempts reads it (`release/attempts.py`).
    """
    body = None if verdict == Verdict.RELEASE else decision
    return _DECIDE.run(conn, s=session, v=verdict, d=body, i=audit_index, now=now) == 1


def end(conn: Connection, session: bytes, why: str, now: int) -> bool:
    """Ends a session; False when it had ended."""
    return _END.run(conn, s=session, now=now, why=why) == 1


def unended(conn: Connection, gateway: str | None = None) -> list[Session]:
    """Sessions that have not ended, oldest first; of one gateway, or of all."""
    query = select(sessions).where(sessions.c.state != SessionState.ENDED).order_by(sessions.c.offered_at)
    if gateway is not None:
        query = query.where(sessions.c.gateway == gateway)
    return [_session(row) for row in conn.execute(query)]


def _session(row: Any) -> Session:
    values = row._asdict()
    return Session(**{**values, "state": SessionState(values["state"])})
