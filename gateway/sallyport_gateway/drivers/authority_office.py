"""The embedded authority behind the lanes' port: one gateway's authority, with the ledger's part added."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from sallyport_gateway.authority.calendar import bank_holidays
from sallyport_gateway.authority.check_dates import due_day
from sallyport_gateway.authority.decide import decide
from sallyport_gateway.authority.evidence import AuthorityEvidence, Freeze, Life, ManualIdentification, ReleaseRequest
from sallyport_gateway.authority.guard import Guarded
from sallyport_gateway.authority.holding import Ending, held_by
from sallyport_gateway.authority.policy import ReleasePolicy, release_policy
from sallyport_gateway.authority.preflight import Line
from sallyport_gateway.authority.question import ask
from sallyport_gateway.authority.records import Authorisation, Relation
from sallyport_gateway.authority.words import (
    FreezeScope,
    LifeState,
    MovementReason,
    MovementType,
    Source,
)
from sallyport_gateway.drivers import authority_embedded as embedded
from sallyport_gateway.drivers.authority_access import Action, By, log_access
from sallyport_gateway.drivers.authority_compose import compose, guard
from sallyport_gateway.drivers.authority_departure import note_departure
from sallyport_gateway.drivers.authority_holds import end_holds_of, open_hold
from sallyport_gateway.drivers.authority_needs import exceptions_of, needs_of, record_exception, recorded_of
from sallyport_gateway.drivers.authority_photographs import enrol_photograph, open_photograph, photographed
from sallyport_gateway.drivers.authority_preflight import preflight
from sallyport_gateway.drivers.authority_records import SHAPES, Kind, hear, put
from sallyport_gateway.drivers.authority_references import SealedReference, enrol, references_of
from sallyport_gateway.drivers.authority_roll import Roll
from sallyport_gateway.drivers.authority_unmatched import UnmatchedWarrants
from sallyport_gateway.drivers.authority_vault import Vault, open_reference, seal_reference
from sallyport_gateway.ledger import freezes, life
from sallyport_gateway.ports import Case, Photographed, Question, Recorded, RecordEntry
from sallyport_protocol.checks import Path
from sallyport_protocol.decision import Decision
from sallyport_protocol.documents import LaneKind
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import person_key
from sallyport_protocol.subject import Guard, Needs, RecordedException, Reference

LISTED_BACK: Final = timedelta(days=1)
"""How long after its window an authorisation stays on the officer's list."""


class EmbeddedAuthority:
    """`ports.Authority` on the embedded store. `ledger_current`: is this gateway's record complete? None: not known."""

    def __init__(
        self,
        reference_key: bytes,
        ledger_current: Callable[[], bool | None],
        policy: ReleasePolicy | None = None,
    ) -> None:
        """`reference_key` has 32 bytes. Raises MalformedError for another length."""
        self._vault = Vault(reference_key)
        self._ledger_current = ledger_current
        self.policy = policy or release_policy()
        self._unmatched, self._roll = UnmatchedWarrants(), Roll()
        bank_holidays(datetime.now().astimezone().year)  # it takes a third of a second: not in the first decision

    def case(self, conn: Connection, authorisation: str) -> Case | None:
        """One authorisation; None when there is none of that name."""
        found = embedded.find(conn, authorisation)
        return None if found is None else self._case(found)

    def cases(self, conn: Connection, prison: str, now: datetime) -> list[Case]:
        """The prison's living authorisations, newest window first."""
        return [self._case(each) for each in reversed(embedded.of_prison(conn, prison, now - LISTED_BACK))]

    def decide(self, conn: Connection, question: Question) -> Decision:
        """Composes what every source says now, runs checks 13 to 25 and judges all twenty-five."""
        number = embedded.number_of(conn, question.authorisation)
        least = self.policy.measures.name_similarity.value
        found = compose(conn, number or "unknown", self._unmatched, least, self._roll)
        given = next((each for each in found.authorisations if each.id == question.authorisation), None)
        request = ReleaseRequest(
            session=question.session.hex(),
            prison_id=question.prison,
            lane=question.lane,
            lane_kind=LaneKind(question.lane_kind),
            prisoner_number=number or "",
            authorisation_id=question.authorisation,
            movement_type=given.movement_type if given else MovementType.REL,
            movement_reason=given.movement_reason if given else MovementReason.CR,
            confirming_officer=question.officer or None,
            guard=question.guard,
            **_manual(question),
        )
        frozen = [
            Freeze(scope=FreezeScope(each.scope), name=each.name, why=each.why)
            for each in freezes.over(conn, question.prison, question.lane)
        ]
        evidence = self._whole(conn, found.with_ledger(_lives(conn, found), frozen, self._ledger_current()))
        decision = decide(question.checks, request, evidence, self.policy, question.now)
        self._own(conn, decision, request, evidence)
        return decision

    def _whole(self, conn: Connection, found: AuthorityEvidence) -> AuthorityEvidence:
        """What there is to say of the roads to sources elsewhere; here there are none."""
        return found

    def _own(self, conn: Connection, decision: Decision, request: ReleaseRequest, evidence: AuthorityEvidence) -> None:
        """Every hold gets an owner and a clock; a release ends the holds before it."""
        now = decision.decided_at
        if decision.cause is None:
            by = By("gateway", "a later attempt released")
            end_holds_of(conn, decision.authorisation_id, Ending.ATTEMPT_REPEATED, by, now)
            return
        held = held_by(decision, request.prison_id, due_day(ask(request, evidence, self.policy, now)))
        if held is not None:
            open_hold(conn, held)

    def references(self, conn: Connection, prisoner_number: str, officer: str, now: datetime) -> tuple[Reference, ...]:
        """The person's enrolled references, decrypted; the consultation is logged.

        Raises MalformedError for one that this gateway's key does not open.
        """
        found = tuple(open_reference(self._vault, each) for each in references_of(conn, prisoner_number))
        log_access(conn, Action.CONSULTED, prisoner_number, "references", By(officer, "a check at the door"), now)
        return found

    def photographed(self, conn: Connection, prisoner_number: str) -> Photographed | None:
        """Whether a photograph is on record, without opening it."""
        return photographed(conn, prisoner_number)

    def photograph(self, conn: Connection, prisoner_number: str) -> bytes | None:
        """The photograph on record, decrypted. The caller logs the consultation."""
        return open_photograph(conn, self._vault, prisoner_number)

    def enrol_photograph(
        self, conn: Connection, prisoner_number: str, jpeg: bytes, captured: date, by: By, now: datetime
    ) -> None:
        """Encrypts and stores a photograph for the officer's eye."""
        enrol_photograph(conn, self._vault, prisoner_number, jpeg, captured, by, now)

    def enrolled(self, conn: Connection, prisoner_number: str) -> bool:
        """Whether any reference is in force for the person; none is opened."""
        return bool(references_of(conn, prisoner_number))

    def enrol(self, conn: Connection, prisoner_number: str, reference: Reference, by: By, now: datetime) -> None:
        """Encrypts and stores a reference; it replaces the one of the same finger or face."""
        enrol(conn, seal_reference(self._vault, prisoner_number, reference), by, now)

    def except_modality(
        self, conn: Connection, prisoner_number: str, recorded: RecordedException, ends: datetime, now: datetime
    ) -> None:
        """Records that a modality cannot be used for this person until `ends`."""
        record_exception(conn, prisoner_number, recorded, ends, now)

    def exceptions(self, conn: Connection, prisoner_number: str, now: datetime) -> tuple[RecordedException, ...]:
        """Modalities that an officer recorded as unusable, as of `now`."""
        return exceptions_of(conn, prisoner_number, now)

    def recorded(self, conn: Connection, numbers: Collection[str], now: datetime) -> dict[str, Recorded]:
        """Needs and exceptions of these people and who is like them, by prisoner number."""
        found = recorded_of(conn, numbers, now)
        for number in numbers:
            if because := self._guarded(conn, number, now).because:
                found[number] = replace(found.get(number, Recorded()), alike=because)
        return found

    def needs(self, conn: Connection, prisoner_number: str, now: datetime) -> Needs | None:
        """What the person cannot do before the camera, as an officer recorded; None for nothing."""
        recorded = needs_of(conn, prisoner_number, now)
        return None if recorded is None else recorded.needs

    def guard(self, conn: Connection, prisoner_number: str, now: datetime) -> Guard:
        """What a check at the kiosk must allow for: a similar name on the roll, a relative, a twin."""
        return self._guarded(conn, prisoner_number, now).guard

    def _guarded(self, conn: Connection, prisoner_number: str, now: datetime) -> Guarded:
        return guard(conn, prisoner_number, self._roll, self.policy.measures.name_similarity.value, now)

    def approve(
        self, conn: Connection, authorisation: str, officer: str, now: datetime, *, duty_governor: bool = False
    ) -> str | None:
        """One officer's approval; a sentence when it is refused."""
        by = By(officer, "approval of a release")
        return _said(embedded.approve(conn, authorisation, by, now, duty_governor=duty_governor))

    def withdraw(self, conn: Connection, authorisation: str, officer: str, why: str, now: datetime) -> str | None:
        """Withdraws an authorisation at once; a sentence when it is refused."""
        refusal = _said(embedded.withdraw(conn, authorisation, By(officer, why), now))
        if refusal is None:
            end_holds_of(conn, authorisation, Ending.WITHDRAWN, By(officer, why), now)
        return refusal

    def preflight(self, conn: Connection, prison: str, now: datetime) -> list[Line]:
        """Who of a prison is due within 14 days, checked as if now, and what must be settled before the day."""

        def with_ledger(evidence: AuthorityEvidence) -> AuthorityEvidence:
            return self._whole(conn, evidence.with_ledger(_lives(conn, evidence), [], self._ledger_current()))

        return preflight(conn, prison, self.policy, now, self._opens, with_ledger)

    def _opens(self, kept: SealedReference) -> bool:
        try:
            return bool(open_reference(self._vault, kept).template)
        except MalformedError:
            return False

    def create(self, conn: Connection, document: str, officer: str, now: datetime) -> str | None:
        """Enters an authorisation as PENDING. A sentence when it is refused; raises MalformedError for other JSON."""
        return _said(embedded.create(conn, Authorisation.parse(document), By(officer, "request for a release"), now))

    def record(self, conn: Connection, entry: RecordEntry, officer: str, now: datetime) -> tuple[str, ...]:
        """Enters what a source says and holds at once what it voids. Raises MalformedError for other JSON."""
        if entry.kind not in set(Kind):
            raise MalformedError(f"{entry.kind!r} is no kind of record; there are {', '.join(Kind)}")
        kind = Kind(entry.kind)
        document = SHAPES[kind].model.parse(entry.document)
        if isinstance(document, Relation):
            _vouched(document, officer)
        return put(conn, kind, entry.prisoner_number, document, By(officer, entry.reason), now).touched

    def heard(self, conn: Connection, source: str, now: datetime) -> None:
        """A source was heard about everybody. Raises MalformedError for a source that there is not."""
        if source not in set(Source):
            raise MalformedError(f"{source!r} is no source; there are {', '.join(Source)}")
        hear(conn, Source(source), now)

    def released(self, conn: Connection, authorisation: str, now: datetime) -> None:
        """The person has left on it: the authorisation is over and the record says OUT."""
        given = embedded.find(conn, authorisation)
        if given is not None:
            note_departure(conn, given, now)

    def _case(self, given: Authorisation) -> Case:
        purpose = self.policy.purpose(given.movement_reason)
        return Case(
            authorisation=given.id,
            prisoner_number=given.prisoner_number,
            name=f"{given.forenames} {given.surname}".strip(),
            born=given.date_of_birth,
            movement=given.movement_type.value,
            reason=given.movement_reason.value,
            purpose=purpose.name if purpose else "No such release",
            opens=given.window_opens,
            closes=given.window_closes,
            state=given.state.value,
            approvers=tuple(each.officer for each in given.approvals),
            prison=given.prison_id,
            cites=given.cites,
        )


def _manual(question: Question) -> dict[str, Any]:
    """The request's part about the manual path."""
    by = question.manual
    if by is None:
        return {}
    word = ManualIdentification(officers=by.officers, why=by.why, after=by.after, duty_governor=by.governor)
    return {"path": Path.MANUAL, "manual": word}


def _vouched(relation: Relation, officer: str) -> None:
    """Nobody enters a relation, or ends one, in another's name. Raises MalformedError."""
    named = relation.recorded_by if relation.ended_at is None else relation.ended_by
    if not named or person_key(named) != person_key(officer):
        raise MalformedError(f"The record says that {named or 'nobody'} entered it; {officer} signs it. Name yourself.")


def _lives(conn: Connection, found: AuthorityEvidence) -> dict[str, Life]:
    """What the ledger says of the authorisations that it knows, by name."""
    return {each.id: here for each in found.authorisations if (here := _life(conn, each.id)) is not None}


def _life(conn: Connection, authorisation: str) -> Life | None:
    held = life.find(conn, authorisation)
    if held is None:
        return None
    session = held.session.hex() if held.session else None
    return Life(state=LifeState(held.state.value), session=session, stopped=held.stopped_at is not None)


def _said(answer: embedded.Changed | embedded.Refused) -> str | None:
    return answer.sentence if isinstance(answer, embedded.Refused) else None
