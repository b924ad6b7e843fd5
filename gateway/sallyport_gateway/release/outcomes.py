"""What the ledger makes of a board's word. Each function is one transaction's work on the store's connection."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from sallyport_gateway.audit import log as audit
from sallyport_gateway.ledger import boards, life, nonces, sessions
from sallyport_gateway.ledger.states import State
from sallyport_gateway.ledger.words import Answer, Life, Moved, Refused
from sallyport_gateway.ports import Office
from sallyport_gateway.release.check import Check
from sallyport_protocol.documents import Registry
from sallyport_protocol.identity import Role


@dataclass(frozen=True, slots=True)
class Place:
    """Which board at which lane."""

    board: str
    lane: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The board reported an opening. `accounted` is False for one that no grant explains: an alarm."""

    authorisation: str | None
    accounted: bool
    index: int


def opened(conn: Connection, office: Office, place: Place, nonce: bytes, evidence: bytes, now: int) -> Opened | None:
    """GRANTED or UNKNOWN -> CONSUMED, and the person has left. None when it was told before."""
    known = nonces.find(conn, place.board, nonce)
    if known is not None and known.outcome is nonces.Outcome.OPENED:
        return None
    held = life.find(conn, known.authorisation) if known is not None else None
    content: dict[str, Any] = {"board": place.board, "nonce": nonce, "evidence": evidence}
    if held is None:
        entry = audit.append(conn, office.name, "OPENED_UNACCOUNTED", content, now)
        return Opened(None, False, entry.index)
    answer = life.opened(conn, held.authorisation, place.board, nonce, evidence, now)
    content |= {"authorisation": held.authorisation, "answer": said(answer)}
    entry = audit.append(conn, office.name, "OPENED", content, now)
    if isinstance(answer, Moved) and not answer.again:
        office.authority.released(conn, held.authorisation, office.clock.now())
    return Opened(held.authorisation, isinstance(answer, Moved), entry.index)


def returned(
    conn: Connection, office: Office, place: Place, nonce: bytes | None, check: Check | None, evidence: bytes, now: int
) -> str | None:
    """The board's word that nothing opened and nothing will: which authorisation is free again, if any (S12).

    A revoked board's word frees nothing: whoever copied its keys could say it.
    """
    if boards.is_revoked(conn, place.board):
        return None
    held = _granted(conn, place, nonce) if nonce else None
    if held is None and check is not None and (nonce is None or nonce == check.nonce):
        held = life.find(conn, check.authorisation)
        held = held if held is not None and held.session == check.session else None
    if held is None or held.session is None:
        return None
    answer: Answer
    if held.state is State.RESERVED:
        answer = life.voided(conn, held.authorisation, held.session, evidence, now)
    elif held.nonce is not None and held.nonce == nonce:
        answer = life.not_opened(conn, held.authorisation, place.board, held.nonce, evidence, now)
    else:
        return None
    content = {"authorisation": held.authorisation, "evidence": evidence, "answer": said(answer)}
    audit.append(conn, office.name, "NOT_OPENED", content, now)
    return held.authorisation if isinstance(answer, Moved) else None


def return_ungranted(conn: Connection, office: Office, place: Place, evidence: bytes, older: int, now: int) -> int:
    """Frees what was reserved here before `older` and never granted; the board has just said that it holds no nonce.

    Without a durable grant no grant ever left (S7), so nothing can open on it (L2). How many were freed.
    """
    count = 0
    for held in unsettled_here(conn, place):
        if held.state is State.RESERVED and held.session is not None and _before(held, office, older):
            answer = life.voided(conn, held.authorisation, held.session, evidence, now)
            content = {"authorisation": held.authorisation, "evidence": evidence, "answer": said(answer)}
            audit.append(conn, office.name, "NOT_OPENED", content, now)
            count += isinstance(answer, Moved)
    return count


def unsettled_here(conn: Connection, place: Place) -> list[Life]:
    """What is not settled at this lane: reserved for a session here, or granted for this board."""
    found = []
    for held in life.pending(conn):
        session = sessions.find(conn, held.session) if held.session and held.board is None else None
        if held.board == place.board or (session is not None and session.lane == place.lane):
            found.append(held)
    return found


def to_void(conn: Connection, office: Office, place: Place, late: int) -> list[tuple[bytes, int]]:
    """Granted nonces, with their numbers, of which the board must say what became: UNKNOWN ones, and those granted
    before `late` on which it never spoke."""
    found = []
    for held in unsettled_here(conn, place):
        known = nonces.find(conn, place.board, held.nonce) if held.nonce else None
        if known is not None and (held.state is State.UNKNOWN or _before(held, office, late)):
            found.append((known.nonce, known.counter))
    return found


def _before(held: Life, office: Office, moment: int) -> bool:
    """Whether it last moved before a moment of this gateway's clock. What another gateway moved at this lane it moved
    before this one took the lane over, whatever its clock said."""
    return held.holder != office.name or held.changed_at < moment


def follow_registry(conn: Connection, registry: Registry, now: int) -> None:
    """The registry's word on every board, in the ledger: revoked there is revoked here, so that two officers may settle
    what it left open; newer keys begin again, and may be another board's."""
    for entry in registry.entries:
        if Role.INTERLOCK not in entry.roles:
            continue
        held = boards.find(conn, entry.name)
        if not entry.active:
            boards.revoke(conn, entry.name, "revoked in the registry", now)
        elif held is not None and boards.enrol_again(conn, entry.name, entry.epoch, now):
            life.orphan(conn, entry.name, held.epoch, now)


def said(answer: Answer) -> str:
    """An answer for the audit log."""
    return answer.reason.value if isinstance(answer, Refused) else answer.state.value


def _granted(conn: Connection, place: Place, nonce: bytes) -> Life | None:
    """The unsettled life that this board's nonce was granted to."""
    for held in life.pending(conn):
        if held.board == place.board and held.nonce == nonce:
            return held
    return None
