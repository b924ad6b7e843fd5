"""What the manual path writes: the first statement, the decision on both, a release by key. Each is one transaction.

Nothing here overrides a check: 13 to 25 are asked of the same authority, by the same rule, and asked again when the
key turns; the same authorisation is used up, in the same ledger and the same audit chain (S6, S7, S17).
"""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from sallyport_gateway.acts.manual import Facts, Manual, Statement, admit_statements, after, refuse_reason
from sallyport_gateway.audit import log as audit
from sallyport_gateway.ledger import freezes, life, sessions
from sallyport_gateway.ledger.freezes import Scope
from sallyport_gateway.ledger.sessions import Answered, Session, SessionState
from sallyport_gateway.ledger.states import State
from sallyport_gateway.ledger.words import Refused
from sallyport_gateway.ports import Case, Office, Question
from sallyport_gateway.release import outcomes
from sallyport_gateway.release.attempts import attempts_on, failed_attempts, pause_left
from sallyport_gateway.release.check import Check
from sallyport_gateway.release.judge_again import HeldBack, decide_again, refuse_people
from sallyport_gateway.release.outcomes import Place
from sallyport_gateway.release.settling import Decided
from sallyport_gateway.release.starting import NOT_AVAILABLE
from sallyport_protocol import canonical
from sallyport_protocol.decision import Verdict
from sallyport_protocol.documents import Lane as LaneEntry
from sallyport_protocol.identity import same_person


@dataclass(frozen=True, slots=True)
class Stated:
    """The first statement is durable."""

    manual: Manual
    case: Case
    index: int


@dataclass(frozen=True, slots=True)
class Devices:
    """How the lane's two devices are: whether the kiosk serves, and whether the interlock has fallen silent."""

    kiosk: str
    serves: bool
    board_silent: bool


def state(conn: Connection, office: Office, entry: LaneEntry, devices: Devices, first: Statement) -> Stated | str:
    """Keeps the first officer's statement as a session of its own; a sentence when there is no manual path now."""
    now = int(first.at.timestamp() * 1_000)
    case = office.authority.case(conn, first.authorisation)
    if case is None or case.prisoner_number != first.prisoner:
        return "There is no such authorisation for this person. Look it up again."
    if any(same_person(first.officer, each) for each in case.approvers):
        return APPROVED
    held = life.find(conn, first.authorisation)
    left = _left_behind(conn, entry.name, first.authorisation) if devices.board_silent else None
    if held is not None and held.state is not State.AVAILABLE and left is None:
        return NOT_AVAILABLE[held.state]
    wait = pause_left(failed_attempts(conn, first.authorisation), office.book().policy, now)
    if wait:
        return f"The last attempt has just failed. Wait {wait} s."
    attempts = attempts_on(conn, first.authorisation)
    counts = freezes.models_held(conn, entry.prison) is None
    facts = Facts(devices.serves and counts, office.authority.enrolled(conn, first.prisoner), attempts)
    if (untrue := refuse_reason(first.reason, facts)) is not None:
        return untrue
    manual = Manual(first, after(attempts))
    row = Session(
        manual.session, first.authorisation, entry.prison, devices.kiosk, entry.name, first.digest, office.name, now
    )
    sessions.open_session(conn, row)
    known = office.authority.recorded(conn, [first.prisoner], first.at)
    content = {
        "lane": entry.name,
        "session": manual.session,
        "authorisation": first.authorisation,
        "prisoner": first.prisoner,
        "officer": first.officer,
        "reason": first.reason.value,
        "why": first.why,
        "after": manual.after,
        "statement": first.digest,
        "alike": known[first.prisoner].alike if first.prisoner in known else "",
    }
    return Stated(manual, case, audit.append(conn, office.name, "MANUAL_STATED", content, now).index)


def settle_statements(conn: Connection, office: Office, check: Check, manual: Manual) -> Decided | str:
    """Decides on two officers' statements, once; a sentence when the session takes none any more."""
    assert manual.second is not None, "two officers decide"
    case = office.authority.case(conn, check.authorisation)
    if case is not None and any(same_person(manual.second.officer, each) for each in case.approvers):
        return APPROVED
    moment, pair = manual.second.at, canonical.encode([each.message for each in manual.statements])
    now = int(moment.timestamp() * 1_000)
    if sessions.answer(conn, check.session, manual.first.digest, pair, now) is not Answered.FIRST:
        return "This check has ended. Start again."
    if (left := _left_behind(conn, check.lane, check.authorisation)) is not None:
        life.take_over(conn, check.authorisation, left, check.session, now)
    question = Question(
        check.authorisation,
        check.prison,
        check.lane,
        check.lane_kind,
        check.session,
        admit_statements(manual, check.lane, office.book(), moment),
        moment,
        check.officer,
        manual.identified,
    )
    decision = office.authority.decide(conn, question)
    where = {"prison": check.prison, "lane": check.lane}
    content = {**where, "manual": _as_map(manual), **decision.to_map()}
    entry = audit.append(conn, office.name, "DECISION", content, now)
    sessions.decide(conn, check.session, decision.verdict.value, entry.body, entry.index, now)
    return Decided(replace(decision, audit_index=entry.index), entry.index)


def release_by_key(conn: Connection, office: Office, check: Check, place: Place, now: int) -> int | HeldBack | str:
    """The last look and the consumption in one: afterwards the key is turned. The audit entry's index.

    The prison's authorisations are suspended until two officers have reconciled what happened (design §1).
    """
    unsettled = [each for each in outcomes.unsettled_here(conn, place) if each.session != check.session]
    if unsettled:
        return "The last opening at this door is not settled yet. Wait for the interlock's word, or reconcile it."
    if (why := refuse_people(office, check)) is not None:
        return why
    officer = check.confirmed_by or ""
    again = decide_again(conn, office, check, officer)
    where = {"prison": check.prison, "lane": check.lane}
    content = {**where, "session": check.session, "authorisation": check.authorisation, "officer": officer}
    if again.verdict is not Verdict.RELEASE:
        why = again.telling.sentence if again.telling else "It is no longer a release."
        index = audit.append(conn, office.name, "KEY_REFUSED", {**content, **again.to_map()}, now).index
        return HeldBack(why, again, index)
    held = life.find(conn, check.authorisation, lock=True)
    if held is None or held.session != check.session:
        life.reserve(conn, check.authorisation, check.session, office.name, now)
    answer = life.released_manually(conn, check.authorisation, check.session, now)
    if isinstance(answer, Refused):
        return answer.advice
    office.authority.released(conn, check.authorisation, office.clock.now())
    why = f"Somebody was let out by key at {check.lane}: reconcile"
    freezes.freeze(conn, Scope.PRISON, check.prison, office.name, why, now)
    sessions.end(conn, check.session, "Let out by key.", now)
    return audit.append(conn, office.name, "KEY_RELEASE", content, now).index


def _left_behind(conn: Connection, lane: str, authorisation: str) -> bytes | None:
    """The ended session of this lane that still holds the authorisation: its interlock was asked and fell silent before
    any grant was made. Nothing can open on it any more, and without the interlock nothing frees it."""
    held = life.find(conn, authorisation)
    if held is None or held.state is not State.RESERVED or held.session is None:
        return None
    of = sessions.find(conn, held.session)
    ended = of is not None and of.lane == lane and of.state is SessionState.ENDED
    return held.session if ended else None


APPROVED = "An officer who approved this release may not also identify the person."


def _as_map(manual: Manual) -> dict[str, object]:
    first = manual.first
    officers = [
        {"officer": s.officer, "means": s.means.value, "statement": s.digest, "compared": s.compared}
        for s in manual.statements
    ]
    return {"reason": first.reason.value, "why": first.why, "after": manual.after, "officers": officers}
