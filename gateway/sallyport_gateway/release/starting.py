"""Making an offer: everything it needs, gathered and recorded in one transaction before it leaves."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from sallyport_biometrics.face.challenge import longest_ms
from sallyport_gateway import parameters
from sallyport_gateway.audit import log as audit
from sallyport_gateway.ledger import life, sessions
from sallyport_gateway.ledger.sessions import Session
from sallyport_gateway.ledger.states import State
from sallyport_gateway.ports import Case, Office
from sallyport_gateway.release.attempts import failed_attempts, refuse_attempt
from sallyport_gateway.watch.groups import group_of
from sallyport_protocol import sealing
from sallyport_protocol.actions import Action
from sallyport_protocol.documents import Lane as LaneEntry
from sallyport_protocol.messages import Offer, Ready
from sallyport_protocol.sealing import binding
from sallyport_protocol.subject import Guard, Needs, RecordedException, References


@dataclass(frozen=True, slots=True)
class Place:
    """The lane and the kiosk's word of readiness that an offer is for."""

    entry: LaneEntry
    kiosk: str
    ready: Ready
    sequence: int
    """Of this offer; above every one before in this boot of the kiosk."""


@dataclass(frozen=True, slots=True)
class Gathered:
    offer: Offer
    case: Case


def gather(
    conn: Connection, office: Office, place: Place, authorisation: str, officer: str, at: datetime
) -> Gathered | str:
    """The offer of a new session, recorded; or a sentence why there is none."""
    case = office.authority.case(conn, authorisation)
    if case is None:
        return "There is no such authorisation. Look it up again."
    held = life.find(conn, authorisation)
    if held is not None and held.state is not State.AVAILABLE:
        return NOT_AVAILABLE[held.state]
    refusal = refuse_attempt(failed_attempts(conn, authorisation), office.book().policy, int(at.timestamp() * 1_000))
    if refusal is not None:
        return refusal
    references = office.authority.references(conn, case.prisoner_number, officer, at)
    if not references:
        return f"No biometric reference is enrolled for {case.prisoner_number}. Use the manual path."
    exceptions = office.authority.exceptions(conn, case.prisoner_number, at)
    needs = office.authority.needs(conn, case.prisoner_number, at)
    guard = office.authority.guard(conn, case.prisoner_number, at)
    offer = _offer(office, place, case, References(references=references), exceptions, needs, guard)
    now = int(at.timestamp() * 1_000)
    entry = place.entry
    row = Session(
        offer.session, authorisation, entry.prison, place.kiosk, entry.name, offer.challenge, office.name, now
    )
    sessions.open_session(conn, row)
    content = {
        "prison": entry.prison,
        "lane": entry.name,
        "session": offer.session,
        "authorisation": authorisation,
        "prisoner": case.prisoner_number,
        "group": group_of(case.born, at.date()),
        "officer": officer,
    }
    audit.append(conn, office.name, "CHECK_STARTED", content, now)
    return Gathered(offer, case)


def _offer(
    office: Office,
    place: Place,
    case: Case,
    references: References,
    exceptions: tuple[RecordedException, ...],
    needs: Needs | None,
    guard: Guard,
) -> Offer:
    book, ready, entry = office.book(), place.ready, place.entry
    session, challenge, handle = secrets.token_bytes(16), secrets.token_bytes(32), secrets.token_bytes(16)
    bound = binding((session, challenge, place.kiosk, entry.name, handle, book.policy_digest))
    return Offer(
        session=session,
        challenge=challenge,
        kiosk=place.kiosk,
        boot_nonce=ready.boot_nonce,
        sequence=place.sequence,
        lane=entry.name,
        movement=case.movement,
        reason=case.reason,
        handle=handle,
        sealed=sealing.seal(references, ready.seal_key, bound),
        operating=book.policy.operating,
        exceptions=exceptions,
        liveness_seed=secrets.token_bytes(16),
        model_set=book.model_set_digest,
        policy=book.policy_digest,
        expires_in=session_life_ms(needs),
        needs=needs,
        guard=guard,
    )


def session_life_ms(needs: Needs | None) -> int:
    """How long a session with this person stays open."""
    able, slow = (needs.able, needs.slow) if needs else (frozenset(Action), False)
    return longest_ms(able, slow) + parameters.SESSION_REST_MS


NOT_AVAILABLE: Final = {
    State.RESERVED: "Another session holds this authorisation. Wait a few seconds.",
    State.GRANTED: "The door is being opened on this authorisation.",
    State.CONSUMED: "This authorisation has been used. It opens no door again.",
    State.UNKNOWN: "It is not known whether the door opened on this authorisation. It is being reconciled.",
    State.SETTLED: "Two officers closed this authorisation. A new one must cite it.",
}
