"""Doing what an officer's believed act says. A sentence when it is refused; MalformedError for wrong fields."""

import json
from typing import Final

from sqlalchemy import Connection

from sallyport_gateway.acts import doubt, manual_path
from sallyport_gateway.acts.act_fields import Fields
from sallyport_gateway.acts.doubt import Noted
from sallyport_gateway.acts.excusing import excuse
from sallyport_gateway.acts.manual import Statement
from sallyport_gateway.acts.officer_acts import BelievedAct, foreign
from sallyport_gateway.audit import log as audit
from sallyport_gateway.authority.holding import SAID_BY_OFFICERS, Ending
from sallyport_gateway.drivers.authority_access import By
from sallyport_gateway.drivers.authority_holds import end_hold
from sallyport_gateway.drivers.authority_sweep import answer_alarm
from sallyport_gateway.ledger import freezes, life, settlement
from sallyport_gateway.ledger.freezes import Scope
from sallyport_gateway.ledger.states import State
from sallyport_gateway.ledger.words import Refused
from sallyport_gateway.ports import RecordEntry
from sallyport_gateway.release.board_words import ALARMS, LOCKING
from sallyport_gateway.release.lane import Lane
from sallyport_gateway.service import Service
from sallyport_protocol.acts import ActKind, ManualReason, Means
from sallyport_protocol.documents import Entry
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import Role


class Performing:
    """What acts do at this gateway. Each was signed, judged and taken once before it comes here."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def perform(self, believed: BelievedAct, now: int) -> str | Noted | None:
        """Does it; a sentence when it is refused, Noted when it waits for another officer. `now` in ms since 1970."""
        service, fields = self._service, Fields(believed.act.fields)
        await self._gather(believed, fields)
        match believed.act.kind:
            case ActKind.START | ActKind.MANUAL:
                return await self._begin(believed, fields)
            case ActKind.CONFIRM | ActKind.CANCEL | ActKind.SECOND | ActKind.KEY:
                return await self._go_on(believed, fields)
            case ActKind.APPROVE | ActKind.WITHDRAW | ActKind.CREATE | ActKind.RECORD | ActKind.HEARD:
                return await service.store.write(lambda conn: self._paper(conn, believed, fields, now))
            case ActKind.SETTLE | ActKind.ANSWER:
                return await service.store.write(lambda conn: self._close(conn, believed, fields))
            case ActKind.FREEZE | ActKind.UNFREEZE:
                return await self._freeze(believed, fields, now)
            case ActKind.RESTORE:
                fields.words("why")
                return await doubt.restore(service, believed, fields.text("log"), fields.text("witnessed"), now)
            case ActKind.ACCOUNT:
                fields.words("why")
                nonce = fields.hexadecimal("nonce", "an interlock's nonce")
                return await doubt.account(service, believed, fields.text("board"), nonce, now)
            case ActKind.LEFT:
                fields.words("why")
                return await doubt.left(service, believed, fields.text("authorisation"), fields.text("when"), now)
            case ActKind.EXCUSE:
                return await service.store.write(lambda conn: excuse(conn, service, believed, fields))
            case ActKind.SIGN_IN:
                raise AssertionError("the desk signs in by itself")
            case ActKind.RECONCILE:
                return await service.store.write(lambda conn: self._reconcile(conn, believed, fields, now))

    async def _gather(self, believed: BelievedAct, fields: Fields) -> None:
        """Who asks, approves or identifies is judged on what the sources say now. A check asks for itself."""
        office = self._service.office
        match believed.act.kind:
            case ActKind.CREATE:
                await office.gather_person(_about(fields.document()))
            case ActKind.APPROVE | ActKind.MANUAL:
                await office.gather(fields.text("authorisation"), True)
            case ActKind.SECOND | ActKind.KEY:
                for lane in self._service.lanes.values():
                    if lane.check is not None and _has(lane, _session(believed, fields)):
                        await office.gather(lane.check.authorisation, False)

    # At a door

    async def _begin(self, believed: BelievedAct, fields: Fields) -> str | None:
        lane = self._service.lanes.get(fields.text("lane"))
        if lane is None:
            return "There is no such lane."
        if (why := _elsewhere(believed.officer, lane)) is not None:
            return why
        if believed.act.kind is ActKind.MANUAL:
            return await manual_path.identify(lane, self._statement(believed, fields))
        return await lane.start(fields.text("authorisation"), believed.officer.name)

    async def _go_on(self, believed: BelievedAct, fields: Fields) -> str | None:
        session, officer = _session(believed, fields), believed.officer
        lane = next((each for each in self._service.lanes.values() if _has(each, session)), None)
        if lane is None:
            by_hand = believed.act.kind is ActKind.SECOND
            return "No such statement of a first officer waits here." if by_hand else "This check is not running here."
        if (why := _elsewhere(officer, lane)) is not None:
            return why
        looks = believed.act.kind is not ActKind.CANCEL
        if looks and (why := await self._not_compared(lane, fields)) is not None:
            return why
        match believed.act.kind:
            case ActKind.CONFIRM:
                return await lane.confirm(session, officer.name)
            case ActKind.SECOND:
                challenge = fields.hexadecimal("statement", "a statement's digest")
                return await manual_path.second(lane, session, challenge, self._statement(believed, fields))
            case ActKind.KEY:
                return await manual_path.by_key(lane, session, officer.name)
        return await lane.cancel(session, officer.name)

    async def _not_compared(self, lane: Lane, fields: Fields) -> str | None:
        """Where a photograph is on record, whoever identifies as the second officer, and whoever lets somebody out,
        signs that they compared it."""
        number, service = lane.check.prisoner_number if lane.check is not None else "", self._service
        held = await service.store.read(lambda conn: service.authority.photographed(conn, number))
        return NOT_COMPARED if held is not None and fields.optional("compared") != "yes" else None

    def _statement(self, believed: BelievedAct, fields: Fields) -> Statement:
        return Statement(
            officer=believed.officer.name,
            governor=Role.DUTY_GOVERNOR in believed.officer.roles,
            lane=fields.text("lane"),
            authorisation=fields.text("authorisation"),
            prisoner=fields.text("prisoner"),
            reason=fields.one_of("reason", ManualReason),
            why=fields.words("why"),
            means=fields.one_of("means", Means),
            compared=fields.optional("compared") == "yes",
            message=believed.message,
            digest=believed.digest,
            at=self._service.clock.now(),
        )

    # Papers and records

    def _paper(self, conn: Connection, believed: BelievedAct, fields: Fields, now: int) -> str | None:
        """What changes the records; the ledger follows in the same transaction, so no grant overtakes it."""
        authority, at, officer = self._service.authority, self._service.clock.now(), believed.officer.name
        match believed.act.kind:
            case ActKind.WITHDRAW:
                paper, why = fields.text("authorisation"), fields.text("reason")
                refusal = authority.withdraw(conn, paper, officer, why, at)
                if refusal is None:
                    life.stop(conn, paper, why, now)
                return refusal
            case ActKind.APPROVE:
                paper, governor = fields.text("authorisation"), Role.DUTY_GOVERNOR in believed.officer.roles
                refusal = authority.approve(conn, paper, officer, at, duty_governor=governor)
                case = authority.case(conn, paper)
                if refusal is None and case is not None and case.state == "APPROVED":
                    return _bring_to_life(conn, paper, case.cites, now)
                return refusal
            case ActKind.CREATE:
                return authority.create(conn, fields.document(), officer, at)
            case ActKind.HEARD:
                authority.heard(conn, fields.text("source"), at)
                return None
        entry = RecordEntry(fields.text("kind"), fields.optional("prisoner"), fields.document(), fields.text("reason"))
        life.revise(conn, authority.record(conn, entry, officer, at))
        return None

    def _reconcile(self, conn: Connection, believed: BelievedAct, fields: Fields, now: int) -> str | None:
        """Two officers who saw the same settle an unknown opening; if it was one, the person has left on it."""
        opened, paper, service = fields.text("opened") == "yes", fields.text("authorisation"), self._service
        case = service.authority.case(conn, paper)
        if case is not None and (away := foreign(believed.officer, case.prison)) is not None:
            return away
        answer = settlement.record(conn, paper, believed.officer.name, opened, fields.words("why"), now)
        if isinstance(answer, Refused):
            return answer.advice
        if answer.state is State.SETTLED and opened:
            service.authority.released(conn, paper, service.clock.now())
        content = {"authorisation": paper, "officer": believed.officer.name, "opened": opened}
        audit.append(conn, service.office.name, "RECONCILED", {**content, "answer": answer.state.value}, now)
        return None

    def _close(self, conn: Connection, believed: BelievedAct, fields: Fields) -> str | None:
        """A hold or an alarm about a release is over: how, and who says so, stays on record."""
        by, now = By(believed.officer.name, fields.words("why")), self._service.clock.now()
        if believed.act.kind is ActKind.SETTLE:
            number, ending = fields.text("hold"), fields.one_of("ending", Ending)
            if not number.isdecimal() or len(number) > 9:
                raise MalformedError("the field hold is not a hold's number")
            if ending not in SAID_BY_OFFICERS:
                raise MalformedError(f"{ending} is what the gateway itself notes; say {' or '.join(SAID_BY_OFFICERS)}")
            return None if end_hold(conn, int(number), ending, by, now) else "This hold has ended already."
        paper, reason = fields.text("authorisation"), fields.text("reason")
        error = fields.text("error")
        if error not in ("yes", "no"):
            raise MalformedError("the field error must be yes or no")
        done = answer_alarm(conn, paper, reason, by, now, was_error=error == "yes")
        return None if done else "This alarm has been answered already."

    # Freezes

    async def _freeze(self, believed: BelievedAct, fields: Fields, now: int) -> str | None:
        scope, name = self._place(fields)
        why, service = fields.words("why"), self._service
        lane = service.files.book.registry.lane(name)
        prison = None if scope is Scope.ESTATE else lane.prison if lane is not None else name
        if believed.act.kind is ActKind.UNFREEZE and (away := foreign(believed.officer, prison)) is not None:
            return away
        refusal = await service.store.write(lambda conn: self._frozen(conn, believed, scope, name, why, now))
        if believed.act.kind is ActKind.UNFREEZE and refusal is None and name in service.lanes:
            thawed = service.lanes[name]
            thawed.voice.settle("EVENTS_MISSING", *(ALARMS[kind][0] for kind in LOCKING))
            await thawed.opening.clear()
        return refusal

    def _frozen(
        self, conn: Connection, believed: BelievedAct, scope: Scope, name: str, why: str, now: int
    ) -> str | None:
        officer, kind = believed.officer.name, believed.act.kind
        content = {"scope": scope.value, "name": name, "officer": officer, "why": why}
        if kind is ActKind.FREEZE:
            fresh = freezes.freeze(conn, scope, name, officer, why, now)
            audit.append(conn, self._service.office.name, "FROZEN", {**content, "fresh": fresh}, now)
            return None
        lifted = freezes.lift(conn, scope, name, officer, now)
        audit.append(conn, self._service.office.name, "UNFROZEN", {**content, "answer": lifted.value}, now)
        return None if lifted is freezes.Lift.LIFTED else f"Not lifted yet: {lifted.value.lower().replace('_', ' ')}."

    def _place(self, fields: Fields) -> tuple[Scope, str]:
        """What is frozen. Raises MalformedError: a freeze with a mistyped name would stop nothing."""
        try:
            scope = Scope(fields.text("scope").upper())
        except ValueError as error:
            raise MalformedError("the field scope must be lane, prison, estate or models") from error
        known = self._service.files.book.registry.lanes
        prisons = {each.prison for each in known}
        names = {Scope.LANE: {each.name for each in known}, Scope.PRISON: prisons, Scope.MODELS: prisons}
        name = freezes.ESTATE if scope is Scope.ESTATE else fields.text("name")
        if scope is not Scope.ESTATE and name not in names[scope]:
            raise MalformedError(f"there is no {scope.lower()} {name} in this estate; nothing was changed")
        return scope, name


def _bring_to_life(conn: Connection, authorisation: str, cites: str | None, now: int) -> str | None:
    """An approved authorisation is AVAILABLE; one that was approved before goes on with a higher revision."""
    if life.find(conn, authorisation) is not None:
        life.revise(conn, [authorisation])
        return None
    answer = life.create(conn, authorisation, now, cites)
    return answer.advice if isinstance(answer, Refused) else None


def _about(document: str) -> str:
    """Whom a document is about, as far as it says; what is wrong with it is said when it is entered."""
    try:
        content = json.loads(document)
    except (ValueError, RecursionError):
        return ""
    number = content.get("prisonerNumber") if isinstance(content, dict) else None
    return number if isinstance(number, str) else ""


def _session(believed: BelievedAct, fields: Fields) -> bytes:
    """The session that an act goes on with: a second statement names the first, and so the session."""
    if believed.act.kind is ActKind.SECOND:
        return fields.hexadecimal("statement", "a statement's digest")[:16]
    return fields.session()


def _has(lane: Lane, session: bytes) -> bool:
    return lane.check is not None and lane.check.session == session


def _elsewhere(officer: Entry, lane: Lane) -> str | None:
    """At a door acts only who belongs to its prison (or to the whole estate)."""
    return foreign(officer, lane.entry.prison)


NOT_COMPARED: Final = "Compare the person with the photograph on record first, and tick that you did."

DONE: Final = {
    ActKind.START: "The check has begun.",
    ActKind.CONFIRM: "The interlock has been asked to open.",
    ActKind.CANCEL: "The check has ended.",
    ActKind.APPROVE: "Your approval is recorded.",
    ActKind.WITHDRAW: "The authorisation is withdrawn.",
    ActKind.FREEZE: "Grants are frozen.",
    ActKind.UNFREEZE: "The freeze is lifted.",
    ActKind.CREATE: "The authorisation is entered; two officers must approve it.",
    ActKind.RECORD: "The record is entered.",
    ActKind.HEARD: "The source counts as heard now.",
    ActKind.SETTLE: "How the hold ended is recorded.",
    ActKind.ANSWER: "Your answer is recorded.",
    ActKind.RECONCILE: "What you saw is recorded.",
    ActKind.MANUAL: "Your statement is recorded. A second officer must sign the same within five minutes.",
    ActKind.SECOND: "Both statements are recorded. Read the verdict.",
    ActKind.RESTORE: "The next log is open. The gateway begins anew; settle each authorisation that was alive.",
    ActKind.LEFT: "The release is recorded. The prison stays suspended until two officers lift its freeze.",
    ActKind.EXCUSE: "It is recorded, and holds for a day.",
    ActKind.SIGN_IN: "You are signed in to read. What you read is recorded under your name.",
    ActKind.ACCOUNT: "The opening is accounted for. Settle each authorisation that was alive then.",
    ActKind.KEY: "The authorisation is used up. Let the person out by key now.",
}
"""What an officer is told when it is done."""
