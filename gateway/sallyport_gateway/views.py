"""From the gateway's state to what the officer's pages show. Reads; changes nothing."""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection

from sallyport_gateway import parameters
from sallyport_gateway.audit.heads import Standing
from sallyport_gateway.authority.holding import ESCALATION
from sallyport_gateway.board_words import DoorBelief
from sallyport_gateway.check import Check, Stage
from sallyport_gateway.desk import Desk
from sallyport_gateway.doubt import seen_words
from sallyport_gateway.drivers.authority_holds import OpenHold, hold_of
from sallyport_gateway.lane import Lane
from sallyport_gateway.ledger import freezes, joint, life
from sallyport_gateway.ledger.freezes import Freeze, Scope
from sallyport_gateway.ledger.states import FINAL
from sallyport_gateway.manual import Manual
from sallyport_gateway.offered_acts import account, desk_acts, door_acts, lift, paper_acts, restore
from sallyport_gateway.ports import Case, Photographed
from sallyport_gateway.service import Service
from sallyport_gateway.web.ports import ElsewhereError, Reader
from sallyport_gateway.web.view import (
    AlarmView,
    AuthorisationView,
    CheckView,
    DecisionView,
    DoorState,
    DoorView,
    ElsewhereView,
    EventView,
    FreezeView,
    HoldView,
    KioskView,
    LanesView,
    LaneView,
    ManualView,
    ModalityView,
    SessionView,
    StatementView,
    StepState,
    StepView,
    SubjectView,
)
from sallyport_protocol.acts import ActKind
from sallyport_protocol.checks import DEFAULTS, Path
from sallyport_protocol.decision import Decision, Verdict
from sallyport_protocol.messages import Modality, ModalityResult
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
_OLD_STORE: Final = "This gateway's records are older than what was witnessed. Nothing opens."
_UNKNOWN_OPENING: Final = "Either the records were restored from a backup, or the door was opened without a grant"
_MOVEMENTS: Final = {"REL": "Release"}
_LABELS: Final = {Modality.FACE: "Face", Modality.FINGER: "Finger"}


class Views:
    """Implements `OfficerViews` over a running service."""

    def __init__(self, service: Service, desk: Desk) -> None:
        self._service, self._desk = service, desk

    @property
    def acts(self) -> Desk:
        """Where the officers' acts go."""
        return self._desk

    async def lanes(self) -> LanesView:
        """The whole desk of this gateway."""
        prison = self._service.configuration.file.prisons[0]
        found = [await self._lane(lane) for lane in self._service.lanes.values()]
        cases = await self._service.store.read(lambda conn: self._cases(conn, prison))
        papers = tuple(_paper(case, state) for case, state in cases)
        alarms = tuple(alarm for lane in found for alarm in lane.alarms)
        away = tuple(ElsewhereView(each.lane, each.sentence, each.page) for each in self._service.lanes_elsewhere())
        stops = (*await self._doubts(*self._service.lanes.values()), *await self._service.store.read(_frozen))
        people = tuple(dict.fromkeys((*(each for lane in found for each in lane.people), *_people(None, cases))))
        acts = tuple(desk_acts(self._service.configuration.file.prisons))
        return LanesView(prison, tuple(found), alarms, papers, acts, freezes=stops, people=people, elsewhere=away)

    async def lane(self, lane: str) -> LaneView | None:
        """One lane; None when there is none of that name. Raises ElsewhereError when another gateway keeps it."""
        found = self._service.lanes.get(lane)
        if found is None and (away := self._service.elsewhere(lane)) is not None:
            raise ElsewhereError(away.sentence, away.address)
        return await self._lane(found) if found else None

    async def photograph(self, lane: str, key: str, reader: Reader) -> bytes | None:
        """The photograph of the person whose check runs in that lane, and of nobody else; each look is logged."""
        found, service = self._service.lanes.get(lane), self._service
        check = found.check if found is not None else None
        if check is None or check.over:
            return None
        number = check.prisoner_number
        held = await service.store.read(lambda conn: service.authority.photographed(conn, number))
        if held is None or _photograph_key(check, held) != key:
            return None
        await self._desk.reading.log(reader, (number,), "photograph")
        return await service.store.read(lambda conn: service.authority.photograph(conn, number))

    async def consulted(self, reader: Reader, people: Iterable[str], what: str) -> None:
        """Logs that somebody reads about these people."""
        await self._desk.reading.consulted(reader, people, what)

    def subscribe(self, lane: str | None) -> AsyncIterator[None]:
        """A tick after every change of that lane, or of anything."""
        return self._service.subscribe(lane)

    async def _hold(self, check: Check) -> OpenHold | None:
        """The open hold that this check's verdict made or joined."""
        decision, now = check.decision, self._service.clock.now()
        if decision is None or decision.cause is None:
            return None
        paper, cause = check.authorisation, decision.cause
        return await self._service.store.read(lambda conn: hold_of(conn, paper, cause, now))

    def _cases(self, conn: Connection, prison: str) -> list[tuple[Case, str]]:
        cases = self._service.authority.cases(conn, prison, self._service.clock.now())
        return [(case, _state(conn, case)) for case in cases]

    async def _doubts(self, *lanes: Lane) -> list[FreezeView]:
        """Why this store may not be relied on, and what two officers do about it."""
        heads, now, store = self._service.heads, int(self._service.clock.now().timestamp() * 1_000), self._service.store
        found = []
        if heads.standing in (Standing.BEHIND, Standing.FORKED):
            log, seen = heads.log, seen_words(heads.behind)
            asked = await store.read(lambda conn: joint.waiting(conn, ActKind.RESTORE, log, now))
            why = f"The witness has seen {seen}; this store holds something else. It was restored from a backup"
            found.append(FreezeView(_OLD_STORE, why, lift_asked_by=asked or "", acts=(restore(log, seen),)))
        for lane in lanes:
            board, nonce = lane.opening.keys.board, lane.opening.standing.unknown
            if nonce is not None:
                asked = await store.read(partial(joint.waiting, kind=ActKind.ACCOUNT, subject=board, now=now))
                act = account(board, nonce.hex())
                heading = f"{board} has opened for a grant that this gateway does not know of. It gets no other."
                found.append(FreezeView(heading, _UNKNOWN_OPENING, lift_asked_by=asked or "", acts=(act,)))
        return found

    async def _lane(self, lane: Lane) -> LaneView:
        check, service = lane.check, self._service
        now, mono = service.clock.now(), service.clock.monotonic_ms()
        case, state, held = None, "", None
        if check is not None:
            wanted = check.authorisation
            case = await service.store.read(lambda conn: service.authority.case(conn, wanted))
            state = await service.store.read(lambda conn: _state(conn, case)) if case else ""
            number = check.prisoner_number
            held = await service.store.read(lambda conn: service.authority.photographed(conn, number))
        entry = lane.entry
        frozen = [each for each in await service.store.read(freezes.in_force) if _stops(each, entry.prison, entry.name)]
        papers: list[tuple[Case, str]] = []
        if check is None or check.over or check.stage is Stage.DECIDED:
            papers = await service.store.read(lambda conn: self._cases(conn, lane.entry.prison))
        return LaneView(
            lane=lane.entry.name,
            prison=lane.entry.prison,
            kiosk=KioskView(lane.kiosk, lane.in_contact, lane.contact_since),
            door=_door(lane.opening.belief, now, mono),
            session=_session(check),
            subject=_subject(case, check, held) if case and check else None,
            authorisation=_paper(case, state) if case else None,
            decision=_decision(check, await self._hold(check)) if check and check.decision else None,
            alarms=tuple(AlarmView(at, lane.entry.name, code, text) for at, code, text in lane.voice.alarms),
            acts=tuple(door_acts(lane, check, papers, pictured=held is not None)),
            events=tuple(EventView(at, title, detail, index) for at, title, detail, index in lane.voice.events),
            manual=_manual(check.manual) if check and check.manual else None,
            freezes=(*await self._doubts(lane), *(_freeze(each) for each in frozen)),
            people=_people(case, papers),
        )


def _clock(decision: Decision, held: OpenHold | None) -> HoldView:
    """The hold's clock: it runs since the first time that this paper was held for this cause."""
    owner, step = _words(decision.owner.value), decision.next_step.wording
    if held is None:
        return HoldView(decision.decided_at, owner, step)
    later = [level.value for after, level in ESCALATION if after > held.clock.running]
    to = _words(later[0]).lower() if later else ""
    return HoldView(held.held.opened_at, owner, step, to, held.clock.next_at)


def _state(conn: Connection, case: Case) -> str:
    held = life.find(conn, case.authorisation)
    if held is None:
        return case.state.lower()
    settled = held.state in FINAL
    return held.state.lower() if settled else f"{case.state}, {held.state}".lower()


def _door(belief: DoorBelief, now: datetime, mono: int) -> DoorView:
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


def _session(check: Check | None) -> SessionView | None:
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


def _decision(check: Check, held: OpenHold | None = None) -> DecisionView:
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


def _people(case: Case | None, papers: Iterable[tuple[Case, str]]) -> tuple[str, ...]:
    """Whom a page names, each once."""
    own = () if case is None else (case.prisoner_number,)
    return tuple(dict.fromkeys((*own, *(each.prisoner_number for each, _ in papers))))


def _subject(case: Case, check: Check, held: Photographed | None) -> SubjectView:
    """Whose release this is; the photograph only while the check runs."""
    if held is None or check.over:
        return SubjectView(case.name, case.prisoner_number, case.born, None)
    key = _photograph_key(check, held)
    return SubjectView(case.name, case.prisoner_number, case.born, key, held.captured_on)


def _photograph_key(check: Check, held: Photographed) -> str:
    """A new one for each check and each picture."""
    return f"{check.session.hex()}-{held.stored_at}"


def _manual(manual: Manual) -> ManualView:
    statements = tuple(StatementView(each.officer, each.means.wording, each.at) for each in manual.statements)
    first, waits = manual.first, manual.second is None
    until = first.at + timedelta(milliseconds=parameters.STATEMENT_LIFE_MS) if waits else None
    said = "Nothing: no attempt was made" if manual.after == "NO_ATTEMPT" else _words(manual.after)
    return ManualView(first.reason.wording, first.why, said, statements, first.digest.hex(), until)


def _frozen(conn: Connection) -> list[FreezeView]:
    return [_freeze(each) for each in freezes.in_force(conn)]


def _freeze(held: Freeze) -> FreezeView:
    what = {
        Scope.LANE: f"Frozen: lane {held.name}. Nothing opens.",
        Scope.PRISON: f"Frozen: prison {held.name}. Nothing opens.",
        Scope.ESTATE: "Frozen: the whole estate. Nothing opens.",
    }
    otherwise = f"No check by a kiosk counts at {held.name}. Take the manual path."
    since = datetime.fromtimestamp(held.at / 1_000, UTC)
    heading = what.get(held.scope, otherwise)
    return FreezeView(heading, held.why, held.officer, since, held.lift_asked_by or "", (lift(held),))


def _stops(held: Freeze, prison: str, lane: str) -> bool:
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


def _paper(case: Case, state: str) -> AuthorisationView:
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
