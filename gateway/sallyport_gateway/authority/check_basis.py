"""Checks about the right to leave: 14 the authorisation, 21 the licence, 23 the approvers, 26 the manual path. Pure."""

from collections.abc import Iterator

from sallyport_gateway.authority.findings import finding
from sallyport_gateway.authority.question import Question, clock, unclear
from sallyport_gateway.authority.records import Authorisation
from sallyport_gateway.authority.words import NOT_DISCHARGES, AuthorisationState, LicenceStatus, MovementType
from sallyport_protocol.checks import CheckResult
from sallyport_protocol.identity import person_key

APPROVERS = 2
"""Officers who must approve, and who must identify on the manual path (design §1, roles)."""


def check_authorisation(q: Question) -> Iterator[CheckResult]:
    """14: exactly one authorisation, approved, for this movement, purpose and kind of lane, its window open."""
    asked, number = q.request, q.request.prisoner_number
    if asked.movement_type is not MovementType.REL:
        yield finding("MOVEMENT_NOT_COVERED", movement=asked.movement_type)
    elif asked.movement_reason in NOT_DISCHARGES:
        yield finding("NOT_A_DISCHARGE", reason=asked.movement_reason)
    elif q.purpose is None:
        yield finding("PURPOSE_NOT_COVERED", reason=asked.movement_reason)
    approved = [
        each.id
        for each in q.evidence.authorisations
        if each.state is AuthorisationState.APPROVED and each.window_closes > q.now and not q.spent(each.id)
    ]
    if len(approved) > 1:
        yield finding("AUTHORISATION_DUPLICATE", approved, number=number, count=len(approved))
    if q.authorisation is None:
        yield finding("NO_AUTHORISATION", id=asked.authorisation_id, number=number)
        return
    yield from _check_terms(q, q.authorisation)
    yield from _check_window(q, q.authorisation)
    yield from _check_lane(q, q.authorisation)


def _check_terms(q: Question, given: Authorisation) -> Iterator[CheckResult]:
    asked, records = q.request, [given.id]
    if given.state is not AuthorisationState.APPROVED:
        yield finding("AUTHORISATION_NOT_APPROVED", records, id=given.id, state=given.state)
    if given.prisoner_number != asked.prisoner_number:
        yield finding(
            "AUTHORISATION_OF_ANOTHER",
            records,
            id=given.id,
            found=given.prisoner_number,
            number=asked.prisoner_number,
        )
    if given.prison_id != asked.prison_id:
        yield finding("AUTHORISATION_OTHER_PRISON", records, id=given.id, found=given.prison_id, prison=asked.prison_id)
    if (given.movement_type, given.movement_reason) != (asked.movement_type, asked.movement_reason):
        found = f"{given.movement_type} {given.movement_reason}"
        wanted = f"{asked.movement_type} {asked.movement_reason}"
        yield finding("OTHER_MOVEMENT", records, id=given.id, found=found, asked=wanted)


def _check_window(q: Question, given: Authorisation) -> Iterator[CheckResult]:
    records, most = [given.id], q.policy.measures.window_longest.value
    if given.created_at > q.now:
        yield finding("CREATED_IN_FUTURE", records, id=given.id, made=clock(given.created_at))
    if q.now < given.window_opens:
        yield finding("WINDOW_NOT_OPEN", records, opens=clock(given.window_opens))
    if q.now >= given.window_closes:
        yield finding("WINDOW_CLOSED", records, closes=clock(given.window_closes))
    hours = (given.window_closes - given.window_opens).total_seconds() / 3_600
    if hours > most:
        yield finding("WINDOW_TOO_LONG", records, hours=hours, most=most)


def _check_lane(q: Question, given: Authorisation) -> Iterator[CheckResult]:
    asked = q.request.lane_kind
    if given.lane_kind is not asked:
        yield finding("OTHER_LANE_KIND", [given.id], id=given.id, found=given.lane_kind, asked=asked)
    if q.purpose is None:
        return
    if asked not in q.purpose.lane_kinds:
        yield finding("LANE_NOT_ALLOWED", [given.id], purpose=q.purpose_name, asked=asked)
    if q.purpose.escort and not q.escorted:
        escort = given.escort.name.strip() if given.escort else ""
        code = "ESCORT_NOT_SIGNED" if escort else "NO_ESCORT"
        yield finding(code, [given.id], purpose=q.purpose_name, escort=escort, number=given.prisoner_number)


def check_licence(q: Question) -> Iterator[CheckResult]:
    """21: a licence of the right kind, approved or active, where the purpose needs one."""
    if q.purpose is None:
        yield finding("LICENCE_UNKNOWN", purpose=q.purpose_name)
        return
    kinds = q.purpose.licence_kinds
    fitting = [licence for licence in q.evidence.licences if licence.kind in kinds]
    if not kinds or any(each.status in (LicenceStatus.APPROVED, LicenceStatus.ACTIVE) for each in fitting):
        return
    if not fitting:
        yield finding("NO_LICENCE", purpose=q.purpose_name, kinds=", ".join(kinds))
    for each in fitting:
        yield finding("LICENCE_NOT_APPROVED", [each.licence_id], id=each.licence_id, status=each.status)


def check_approvers(q: Question) -> Iterator[CheckResult]:
    """23: two officers, distinct, neither the calculator nor at the door; the duty governor for early removal."""
    given = q.authorisation
    if given is None:
        yield finding("NO_APPROVALS_KNOWN")
        return
    officers = {key: each.officer for each in given.approvals if (key := person_key(each.officer))}
    if len(officers) < APPROVERS:
        yield finding("TOO_FEW_APPROVERS", [given.id], count=len(officers))
    confirmer, calculation = q.request.confirming_officer, q.evidence.calculation
    calculator = calculation.calculated_by_username if calculation is not None else None
    for who in unclear(*(each.officer for each in given.approvals), confirmer or None, calculator):
        yield finding("OFFICER_UNCLEAR", [given.id], who=who)
    if not confirmer:
        yield finding("NO_CONFIRMING_OFFICER")
    for who in officers.values():
        if calculator is not None and person_key(who) == person_key(calculator):
            yield finding("APPROVED_BY_CALCULATOR", [given.id], who=who)
        if confirmer and person_key(who) == person_key(confirmer):
            yield finding("APPROVED_BY_CONFIRMER", [given.id], who=who)
    for each in given.approvals:
        if each.at > q.now:
            yield finding("APPROVED_IN_FUTURE", [given.id], who=each.officer)
        if q.before(each.at, given.created_at):
            yield finding("APPROVED_BEFORE_MADE", [given.id], who=each.officer, made=clock(given.created_at))
        checked = calculation.checked_at if calculation is not None and q.needs_dates else None
        if checked is not None and each.at < checked:
            yield finding("APPROVED_BEFORE_CALCULATION", [given.id], who=each.officer)
    if q.purpose is not None and q.purpose.duty_governor and not any(each.duty_governor for each in given.approvals):
        yield finding("NO_DUTY_GOVERNOR", [given.id], purpose=q.purpose_name)


def check_manual(q: Question) -> Iterator[CheckResult]:
    """26: two officers, neither an approver nor the calculator, with a reason; the governor after a mismatch."""
    manual = q.request.manual
    if manual is None:
        yield finding("NOT_MANUAL")
        return
    officers = {key: each for each in manual.officers if (key := person_key(each))}
    for who in unclear(*manual.officers):
        yield finding("MANUAL_UNCLEAR", who=who)
    if len(officers) < APPROVERS:
        yield finding("MANUAL_TOO_FEW", count=len(officers))
    approvers = {person_key(each.officer) for each in q.authorisation.approvals} if q.authorisation else set()
    calculation = q.evidence.calculation
    for key, who in officers.items():
        if key in approvers:
            yield finding("MANUAL_BY_APPROVER", who=who)
        if calculation is not None and key == person_key(calculation.calculated_by_username):
            yield finding("MANUAL_BY_CALCULATOR", who=who)
    if not manual.why.strip():
        yield finding("MANUAL_NO_REASON")
    confirmer = q.request.confirming_officer
    if confirmer and person_key(confirmer) not in officers:
        yield finding("MANUAL_BY_ANOTHER", who=confirmer)
    after = "_".join(manual.after.upper().replace("_", " ").replace("-", " ").split())
    if after in ("NON_MATCH", "ATTACK_SUSPECTED") and person_key(manual.duty_governor or "") not in officers:
        yield finding("MANUAL_NO_GOVERNOR", after=after)
