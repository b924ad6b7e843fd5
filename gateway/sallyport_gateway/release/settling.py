"""Taking the one answer of a session: first answer, counter, decision and audit entry in one transaction (S7)."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from sallyport_gateway.admission.admit import Admission, Arrival
from sallyport_gateway.audit import log as audit
from sallyport_gateway.ledger import freezes, once, sessions
from sallyport_gateway.ledger.sessions import Answered
from sallyport_gateway.ports import Office, Question
from sallyport_gateway.release.check import Check
from sallyport_protocol.checks import CheckNumber, CheckResult, failed, unknown
from sallyport_protocol.decision import Decision
from sallyport_protocol.messages import ModalityResult, Result


@dataclass(frozen=True, slots=True)
class Decided:
    """The durable decision on a first answer."""

    decision: Decision
    index: int


def settle(
    conn: Connection, office: Office, check: Check, result: Result, admission: Admission, arrival: Arrival
) -> Decided | Answered:
    """Decides on the first answer to this check's challenge; tells repetition from contradiction otherwise."""
    assert check.offer is not None, "a result answers an offer"
    now = int(arrival.now.timestamp() * 1_000)
    answered = sessions.answer(conn, check.session, check.offer.challenge, arrival.message, now)
    if answered is not Answered.FIRST:
        return answered
    moved = once.forward(conn, check.offer.kiosk, result.boot_nonce, result.counter)
    checks = admission.checks if moved else _counter_back(admission.checks)
    if (why := freezes.models_held(conn, check.prison)) is not None:
        checks = _models_held(checks, why)
    question = Question(
        check.authorisation,
        check.prison,
        check.lane,
        check.lane_kind,
        check.session,
        checks,
        arrival.now,
        check.officer,
        guard=check.offer.guard,
    )
    decision = office.authority.decide(conn, question)
    content = {
        "prison": check.prison,
        "lane": check.lane,
        "result": admission.digest,
        "model_set": result.model_set,
        "modalities": [_shown(each) for each in result.modalities],
        **decision.to_map(),
    }
    entry = audit.append(conn, office.name, "DECISION", content, now)
    sessions.decide(conn, check.session, decision.verdict.value, entry.body, entry.index, now)
    return Decided(replace(decision, audit_index=entry.index), entry.index)


def end_forgotten(conn: Connection, log: str, lane: str, why: str, now: int) -> tuple[bytes, ...]:
    """Ends the sessions of this lane that nobody remembers; which."""
    found = tuple(each.session for each in sessions.unended(conn) if each.lane == lane)
    for session in found:
        sessions.end(conn, session, why, now)
        audit.append(conn, log, "SESSION_FORGOTTEN", {"lane": lane, "session": session}, now)
    return found


def _shown(each: ModalityResult) -> dict[str, Any]:
    """What one modality claimed: the watch over the models reads it (`sallyport_gateway.watch`). No biometric."""
    return {
        "modality": each.modality.value,
        "outcome": each.outcome.value,
        "attempts": each.attempts,
        "llr": each.llr,
        "fmr_log10": each.fmr.upper_log10 if each.fmr is not None else None,
        "quality": each.quality,
    }


def _models_held(checks: tuple[CheckResult, ...], why: str) -> tuple[CheckResult, ...]:
    """While the models of the prison are held, check 9 is not made: nobody is known by a machine that is in doubt."""
    sentence = f"The models are held here: {why} Identify the person by the manual path."
    held = unknown(CheckNumber.SOFTWARE, "MODELS_HELD", sentence)
    return tuple(held if each.number is held.number else each for each in checks)


def _counter_back(checks: tuple[CheckResult, ...]) -> tuple[CheckResult, ...]:
    back = failed(CheckNumber.COUNTER_AND_TIME, "COUNTER_BACK", "The kiosk's counter did not move forward.")
    return tuple(back if each.number is back.number else each for each in checks)
