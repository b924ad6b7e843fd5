"""From the gateway's own values to the words of the officer's pages. Reads on a given connection at most."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from sallyport_gateway import parameters
from sallyport_gateway.acts.manual import Manual
from sallyport_gateway.acts.offered_acts import lift, paper_acts
from sallyport_gateway.authority.holding import ESCALATION
from sallyport_gateway.drivers.authority_holds import OpenHold
from sallyport_gateway.ledger import freezes, life
from sallyport_gateway.ledger.freezes import Freeze, Scope
from sallyport_gateway.ledger.states import FINAL
from sallyport_gateway.ports import Case, Photographed
from sallyport_gateway.release.board_words import DoorBelief
from sallyport_gateway.release.check import Check, Stage
from sallyport_gateway.web.decision_view import (
    CheckView,
    DecisionView,
    HoldView,
    ManualView,
    ModalityView,
    StatementView,
)
from sallyport_gateway.web.lane_view import (
    AuthorisationView,
    DoorState,
    DoorView,
    FreezeView,
    SessionView,
    StepState,
    StepView,
    SubjectView,
)
from sallyport_protocol.checks import DEFAULTS, Path
from sallyport_protocol.decision import Decision, Verdict
from sallyport_protocol.messages import ModalityResult
from sallyport_protocol.subject import Modality
from sallyport_wire import messages as wire

_HEARD_MS: Final = 15_000
_STEPS_BY_HAND: Final = ("Two officers", "Checks", "Confirmation", "Interlock", "Door")
_STEPS: Final = ("Face and finger", "Checks", "Confirmation", "Interlock", "Door")
_AT_STEP: Final = {
    Stage.OFFERED: 0,
    Stage.STATED: 0,
    Stage.DECIDED: 2,
    Stage.REQUESTED: 3,
    Stage.GRANTED: 3,
    Stage.OPENED: 4,
    Stage.ENDED: 5,
}
_WORDS: Final = {
    Stage.OFFERED: "The person is at the kiosk",
    Stage.STATED: "A second officer must identify the person",
    Stage.DECIDED: "The verdict is waiting for you",
    Stage.REQUESTED: "The interlock has been asked",
    Stage.GRANTED: "The interlock may open",
    Stage.OPENED: "The door is unlocked",
    Stage.ENDED: "This check has ended",
}
_MOVEMENTS: Final = {"REL": "Release"}
_LABELS: Final = {Modality.FACE: "Face", Modality.FINGER: "Finger"}


def _clock(decision: Decision, held: OpenHold | None) -> HoldView:
    """The hold's clock: it runs since the first time that this paper was held for this cause."""
    owner, step = _words(decision.owner.value), decision.next_step.wording
    if held is None:
        return HoldView(decision.decided_at, owner, step)
    later = [level.value for after, level in ESCALATION if after > held.clock.running]
    to = _words(later[0]).lower() if later else ""
    return HoldView(held.held.opened_at, owner, step, to, held.clock.next_at)


def state(conn: Connection, case: Case) -> str:
    """What an authorisation's record and its life say, in words."""
    held = life.find(conn, case.authorisation)
    if held is None:
        return case.state.lower()
    settled = held.state in FINAL
    return held.state.lower() if settled else f"{case.state}, {held.state}".lower()


def door_view(belief: DoorBelief, now: datetime, mono: int) -> DoorView:
    """The door as the interlock last reported it."""
    since = now - timedelta(milliseconds=max(0, mono - belief.since))
    if belief.heard is None or mono - belief.heard > _HEARD_MS:
        return DoorView(DoorState.UNKNOWN, since, "The interlock cannot be heard.")
    if belief.locked_out:
        return DoorView(DoorState.ALARM, since, "The lane is locked out.")
    if belief.open:
        return DoorView(DoorState.OPEN, since, "The person may go through.")
    if belief.state == wire.OPEN:
        return DoorView(DoorState.UNLOCKED, since, "It locks again by itself within five seconds.")
    return DoorView(DoorState.LOCKED, since)


def session_view(check: Check | None) -> SessionView | None:
    """The check that runs, step by step."""
    if check is None:
        return None
    at = _AT_STEP[check.stage]
    stopped = check.void is not None and not check.opened
    steps = []
    for number, label in enumerate(_STEPS if check.manual is None else _STEPS_BY_HAND):
        state = StepState.DONE if number < at else StepState.NOW if number == at else StepState.WAITING
        steps.append(StepView(label, StepState.FAILED if stopped and number >= min(at, 2) else state))
    words = _WORDS[check.stage] if check.void is None else check.void
    return SessionView(check.session.hex(), check.offered_at, words, tuple(steps))


def decision_view(check: Check, held: OpenHold | None = None) -> DecisionView:
    """The verdict with everything that led to it."""
    decision = check.decision
    assert decision is not None
    released = decision.verdict is Verdict.RELEASE
    telling = decision.telling
    summary = telling.sentence if telling else "Every check passed. You may open the door."
    if released and check.void is not None:
        summary = check.void
    hold = None
    if not released:
        hold = _clock(decision, held)
    return DecisionView(
        verdict=decision.verdict,
        summary=summary,
        decided=decision.decided_at,
        audit_index=decision.audit_index or check.audit_index or 0,
        cause=_words(decision.cause.value) if decision.cause else "",
        valid_until=decision.valid_until,
        checks=tuple(_checks(decision)),
        modalities=tuple(_modality(each) for each in check.modalities),
        fused_fmr=10.0**check.fused.upper_log10 if check.fused else None,
        hold=hold,
        by_hand=decision.path is Path.MANUAL,
        granted=check.granted_at,
    )


def people(case: Case | None, papers: Iterable[tuple[Case, str]]) -> tuple[str, ...]:
    """Whom a page names, each once."""
    own = () if case is None else (case.prisoner_number,)
    return tuple(dict.fromkeys((*own, *(each.prisoner_number for each, _ in papers))))


def subject_view(case: Case, check: Check, held: Photographed | None) -> SubjectView:
    """Whose release this is; the photograph only while the check runs."""
    if held is None or check.over:
        return SubjectView(case.name, case.prisoner_number, case.born, None)
    key = photograph_key(check, held)
    return SubjectView(case.name, case.prisoner_number, case.born, key, held.captured_on)


def photograph_key(check: Check, held: Photographed) -> str:
    """A new one for each check and each picture."""
    return f"{check.session.hex()}-{held.stored_at}"


def manual_view(manual: Manual) -> ManualView:
    """An identification by hand, as both officers sign it."""
    statements = tuple(StatementView(each.officer, each.means.wording, each.at) for each in manual.statements)
    first, waits = manual.first, manual.second is None
    until = first.at + timedelta(milliseconds=parameters.STATEMENT_LIFE_MS) if waits else None
    said = "Nothing: no attempt was made" if manual.after == "NO_ATTEMPT" else _words(manual.after)
    return ManualView(first.reason.wording, first.why, said, statements, first.digest.hex(), until)


def frozen(conn: Connection) -> list[FreezeView]:
    """Every freeze in force."""
    return [freeze(each) for each in freezes.in_force(conn)]


def freeze(held: Freeze) -> FreezeView:
    """One freeze and what lifts it."""
    what = {
        Scope.LANE: f"Frozen: lane {held.name}. Nothing opens.",
        Scope.PRISON: f"Frozen: prison {held.name}. Nothing opens.",
        Scope.ESTATE: "Frozen: the whole estate. Nothing opens.",
    }
    otherwise = f"No check by a kiosk counts at {held.name}. Take the manual path."
    since = datetime.fromtimestamp(held.at / 1_000, UTC)
    heading = what.get(held.scope, otherwise)
    return FreezeView(heading, held.why, held.officer, since, held.lift_asked_by or "", (lift(held),))


def stops(held: Freeze, prison: str, lane: str) -> bool:
    """Whether a freeze is about this lane."""
    return held.scope is Scope.ESTATE or held.name == (lane if held.scope is Scope.LANE else prison)


def _checks(decision: Decision) -> Iterable[CheckView]:
    for each in decision.checks:
        _, owner, step = DEFAULTS[each.number]
        yield CheckView(
            int(each.number),
            each.number.title,
            each.outcome,
            each.sentence,
            _words((each.owner or owner).value),
            _words((each.next_step or step).value),
        )


def _modality(each: ModalityResult) -> ModalityView:
    fmr = 10.0**each.fmr.upper_log10 if each.fmr else None
    quality = (
        "" if each.quality is None else "good" if each.quality >= 0.6 else "fair" if each.quality >= 0.3 else "poor"
    )
    return ModalityView(_LABELS[each.modality], _words(each.outcome.value), fmr, quality, each.attempts)


def paper_view(case: Case, state: str) -> AuthorisationView:
    """One authorisation and what may be done with it."""
    return AuthorisationView(
        case.authorisation,
        case.name,
        case.prisoner_number,
        _MOVEMENTS.get(case.movement, case.movement),
        f"{case.purpose} ({case.reason})",
        case.opens,
        case.closes,
        state,
        case.approvers,
        paper_acts(case, state),
    )


def _words(code: str) -> str:
    text = code.replace("_", " ").lower()
    return text[:1].upper() + text[1:]


def _quality(value: float) -> str:
    if value >= 0.6:
        return "good"
    return "fair" if value >= 0.3 else "poor"
