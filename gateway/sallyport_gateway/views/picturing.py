"""From the gateway's own values to the words of the officer's pages. Reads on a given connection at most."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
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
from sallyport_gateway.ports import Case, Photographed, Recorded
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
from sallyport_protocol.messages import Liveness, ModalityResult
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
        modalities=tuple(modality_view(each, check.liveness) for each in check.modalities),
        fused_fmr=10.0**check.fused.upper_log10 if check.fused else None,
        hold=hold,
        by_hand=decision.path is Path.MANUAL,
        granted=check.granted_at,
    )


def people(case: Case | None, papers: Iterable[tuple[Case, str]]) -> tuple[str, ...]:
    """Whom a page names, each once."""
    own = () if case is None else (case.prisoner_number,)
    return tuple(dict.fromkeys((*own, *(each.prisoner_number for each, _ in papers))))


def subject_view(case: Case, check: Check, held: Photographed | None, recorded: Recorded | None) -> SubjectView:
    """Whose release this is; the photograph only while the check runs."""
    alike = recorded.alike if recorded is not None else ""
    subject = SubjectView(
        case.name, case.prisoner_number, case.born, None, recorded=recorded_words(recorded), alike=alike
    )
    if held is None or check.over:
        return subject
    return replace(subject, photograph=photograph_key(check, held), photographed=held.captured_on)


def recorded_words(recorded: Recorded | None) -> tuple[str, ...]:
    """What officers recorded that a person cannot do or show at the kiosk, a sentence each."""
    needs = recorded.needs if recorded is not None else None
    words = []
    if needs is not None:
        words += [f"Is not asked to {_either(needs.unable)}."] if needs.unable else []
        words += [f"Keeps covered: {_either(needs.covered)}."] if needs.covered else []
        words += ["Has longer to answer."] if needs.slow else []
        words += ["Sees no changing colours."] if needs.no_light else []
    excused = recorded.exceptions if recorded is not None else ()
    words += [f"{_LABELS[each.modality]} is not read: {each.reason} ({each.officer})." for each in excused]
    return tuple(words)


def notes_of(recorded: Mapping[str, Recorded]) -> dict[str, str]:
    """The same beside the start of a check, by prisoner number."""
    return {number: " ".join((*alike_words(each), *recorded_words(each))) for number, each in recorded.items()}


def alike_words(recorded: Recorded) -> tuple[str, ...]:
    """Who may be mistaken for this person: nobody, or a sentence."""
    return (f"Take care: {recorded.alike}.",) if recorded.alike else ()


def warnings_of(recorded: Mapping[str, Recorded]) -> dict[str, str]:
    """The same beside the manual path, which knows no finger that tells them apart."""
    return {number: " ".join(alike_words(each)) for number, each in recorded.items()}


def _either(codes: Iterable[str]) -> str:
    return ", ".join(code.replace("_", " ").lower() for code in codes)


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


def modality_view(each: ModalityResult, liveness: Liveness) -> ModalityView:
    """What one modality told, in words."""
    fmr = 10.0**each.fmr.upper_log10 if each.fmr else None
    days, good = each.reference_age_days, _quality(each.reference_quality)
    age = "" if days is None else f"{days} days old" if days != 1 else "1 day old"
    return ModalityView(
        label=_LABELS[each.modality],
        outcome=_words(each.outcome.value),
        stated_fmr=fmr,
        quality=_quality(each.quality),
        attempts=each.attempts,
        liveness=_words(liveness.value) if each.modality is Modality.FACE else "",
        reference=", ".join(part for part in (age, good) if part),
    )


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


def _quality(value: float | None) -> str:
    if value is None:
        return ""
    if value >= 0.6:
        return "good"
    return "fair" if value >= 0.3 else "poor"
