"""What officers do: prepared for their signature, verified, believed once, done."""

import secrets
import time
from collections.abc import Mapping
from typing import Any, Final

from cryptography import x509
from sqlalchemy import Connection

from sallyport_gateway.audit import log as audit
from sallyport_gateway.lane import Lane
from sallyport_gateway.ledger import freezes, life, once, settlement
from sallyport_gateway.ledger.freezes import Scope
from sallyport_gateway.ledger.words import Refused
from sallyport_gateway.officer_acts import BelievedAct, RefusedAct, judge_act, refuse_officer
from sallyport_gateway.ports import RecordEntry
from sallyport_gateway.service import Service
from sallyport_gateway.web.ports import ActOutcome, PreparedAct
from sallyport_protocol import envelope
from sallyport_protocol.acts import ACT_PLACE, Act, ActKind
from sallyport_protocol.documents import Entry
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import Role

_LIFE_S: Final = 120.0
_MOST: Final = 1_000
"""Prepared acts kept at once; the oldest go first."""


class Desk:
    """Implements `OfficerActs` for the pages; `do` takes a whole signed act, whoever made it."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._prepared: dict[str, tuple[float, Act, bytes]] = {}

    async def prepare(self, kind: str, fields: Mapping[str, str], certificate_der: bytes) -> PreparedAct | ActOutcome:
        """The words of an act for the holder of this certificate, or why not."""
        book, now = self._service.files.book, self._service.clock.now()
        key_id = envelope.key_id_of(certificate_der)
        entry = book.entry(key_id)
        try:
            act_kind = ActKind(kind.upper())
            x509.load_der_x509_certificate(certificate_der)
        except ValueError as error:
            raise MalformedError(
                f"{kind!r} is not something an officer does, or the certificate is unreadable"
            ) from error
        if entry is None:
            return ActOutcome(False, ("This certificate is not in the estate. Sign in with your own.",))
        refusal = refuse_officer(entry, act_kind, book, now)
        if refusal is not None:
            return ActOutcome(False, (refusal,))
        act = Act(
            kind=act_kind,
            officer=entry.name,
            at=int(now.timestamp() * 1_000),
            nonce=secrets.token_bytes(16),
            fields=dict(fields),
        )
        token = secrets.token_urlsafe(24)
        self._forget()
        self._prepared[token] = (time.monotonic(), act, key_id)
        return PreparedAct(envelope.to_be_signed(act.to_map(), key_id, ACT_PLACE), token)

    async def submit(self, token: str, signature: bytes) -> ActOutcome:
        """Takes the signature over what was prepared and does the act."""
        self._forget()
        found = self._prepared.pop(token, None)
        if found is None:
            return ActOutcome(False, ("This was prepared too long ago, or done already. Do it again.",))
        _, act, key_id = found
        return await self.do(envelope.assemble(act.to_map(), key_id, signature))

    async def do(self, message: bytes) -> ActOutcome:
        """Believes a signed act once, and does it."""
        service = self._service
        believed = judge_act(message, service.files.book, service.clock.now())
        if isinstance(believed, RefusedAct):
            return ActOutcome(False, (believed.sentence,))
        now = int(service.clock.now().timestamp() * 1_000)

        def take(conn: Connection) -> bool:
            first = once.first_act(conn, believed.officer.fingerprint, believed.act.nonce, now)
            if first:
                content = {"act": believed.act.to_map(), "message": believed.digest}
                audit.append(conn, service.office.name, "ACT", content, now)
            return first

        if not await service.store.write(take):
            return ActOutcome(False, ("This act was done before.",))
        refusal = await self._perform(believed, now)
        service.changed("")
        for name in service.lanes:
            service.changed(name)
        return ActOutcome(refusal is None, (refusal or _DONE[believed.act.kind],))

    async def _perform(self, believed: BelievedAct, now: int) -> str | None:
        act, officer, service = believed.act, believed.officer.name, self._service
        fields = _Fields(act.fields)
        match act.kind:
            case ActKind.START:
                lane = service.lanes.get(fields.text("lane"))
                if lane is None:
                    return "There is no such lane."
                return _elsewhere(believed.officer, lane) or await lane.start(fields.text("authorisation"), officer)
            case ActKind.CONFIRM | ActKind.CANCEL:
                session = fields.session()
                for lane in service.lanes.values():
                    if lane.check is not None and lane.check.session == session:
                        act_on = lane.confirm if act.kind is ActKind.CONFIRM else lane.cancel
                        return _elsewhere(believed.officer, lane) or await act_on(session, officer)
                return "This check is not running here."
            case ActKind.APPROVE | ActKind.WITHDRAW | ActKind.CREATE | ActKind.RECORD | ActKind.HEARD:
                return await service.store.write(lambda conn: self._paper(conn, believed, fields, now))
            case ActKind.FREEZE | ActKind.UNFREEZE:
                scope, name = self._place(fields)
                refusal = await service.store.write(lambda conn: _freeze(conn, act, officer, scope, name, fields, now))
                if act.kind is ActKind.UNFREEZE and refusal is None and name in service.lanes:
                    await service.lanes[name].opening.clear()
                return refusal
            case ActKind.RECONCILE:
                return await service.store.write(lambda conn: _reconcile(conn, officer, fields, now))

    def _paper(self, conn: Connection, believed: BelievedAct, fields: "_Fields", now: int) -> str | None:
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
                    _bring_to_life(conn, paper, now)
                return refusal
            case ActKind.CREATE:
                return authority.create(conn, fields.document(), officer, at)
            case ActKind.HEARD:
                authority.heard(conn, fields.text("source"), at)
                return None
        entry = RecordEntry(fields.text("kind"), fields.optional("prisoner"), fields.document(), fields.text("reason"))
        life.revise(conn, authority.record(conn, entry, officer, at))
        return None

    def _place(self, fields: "_Fields") -> tuple[Scope, str]:
        """What is frozen. Raises MalformedError: a freeze with a mistyped name would stop nothing."""
        try:
            scope = Scope(fields.text("scope").upper())
        except ValueError as error:
            raise MalformedError("the field scope must be lane, prison or estate") from error
        known = self._service.files.book.registry.lanes
        names = {Scope.LANE: {each.name for each in known}, Scope.PRISON: {each.prison for each in known}}
        name = freezes.ESTATE if scope is Scope.ESTATE else fields.text("name")
        if scope is not Scope.ESTATE and name not in names[scope]:
            raise MalformedError(f"there is no {scope.lower()} {name} in this estate; nothing was changed")
        return scope, name

    def _forget(self) -> None:
        oldest = time.monotonic() - _LIFE_S
        kept = {token: item for token, item in self._prepared.items() if item[0] > oldest}
        self._prepared = dict(list(kept.items())[-_MOST:])


class _Fields:
    """The fields of an act. Raises MalformedError naming the one that is missing or wrong."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        value = self._fields.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= 200:
            raise MalformedError(f"the field {name} is missing or too long")
        return value

    def optional(self, name: str) -> str | None:
        return self.text(name) if self._fields.get(name) else None

    def document(self) -> str:
        value = self._fields.get("document")
        if not isinstance(value, str) or not 0 < len(value) <= 100_000:
            raise MalformedError("the field document is missing or too long")
        return value

    def session(self) -> bytes:
        try:
            return bytes.fromhex(self.text("session"))
        except ValueError as error:
            raise MalformedError("the field session is not a session's number") from error


def _bring_to_life(conn: Connection, authorisation: str, now: int) -> None:
    """An approved authorisation is AVAILABLE; one that was approved before goes on with a higher revision."""
    if life.find(conn, authorisation) is None:
        life.create(conn, authorisation, now)
    else:
        life.revise(conn, [authorisation])


def _elsewhere(officer: Entry, lane: Lane) -> str | None:
    """At a door acts only who belongs to its prison (or to the whole estate)."""
    if officer.prison in (None, lane.entry.prison):
        return None
    return f"{officer.name} belongs to {officer.prison}, this lane to {lane.entry.prison}."


def _freeze(conn: Connection, act: Act, officer: str, scope: Scope, name: str, fields: _Fields, now: int) -> str | None:
    if act.kind is ActKind.FREEZE:
        freezes.freeze(conn, scope, name, officer, fields.text("why"), now)
        return None
    lifted = freezes.lift(conn, scope, name, officer, now)
    return None if lifted is freezes.Lift.LIFTED else f"Not lifted yet: {lifted.value.lower().replace('_', ' ')}."


def _reconcile(conn: Connection, officer: str, fields: _Fields, now: int) -> str | None:
    opened = fields.text("opened") == "yes"
    answer = settlement.record(conn, fields.text("authorisation"), officer, opened, fields.text("why"), now)
    return answer.advice if isinstance(answer, Refused) else None


_DONE: Final = {
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
    ActKind.RECONCILE: "What you saw is recorded.",
}
