"""Checks about what else stands against the person: 17 warrants, 18 immigration, 19 recall. Pure."""

from collections.abc import Iterator

from sallyport_gateway.authority.check_person import holding_alerts
from sallyport_gateway.authority.findings import finding
from sallyport_gateway.authority.policy import Basis, Purpose
from sallyport_gateway.authority.question import Question, written
from sallyport_gateway.authority.records import CourtCase, Warrant
from sallyport_gateway.authority.similar import may_be_named, same_birthday, same_person, tells_apart
from sallyport_gateway.authority.words import (
    CustodialStatus,
    ImmigrationKind,
    LegalStatus,
    MovementReason,
    PaperKind,
    RecallStatus,
    WarrantKind,
    WarrantStatus,
)
from sallyport_protocol.causes import CauseCode
from sallyport_protocol.checks import CheckNumber, CheckResult

CAUSES = {
    WarrantKind.REMAND: CauseCode.REMAND_WARRANT,
    WarrantKind.ARREST: CauseCode.REMAND_WARRANT,
    WarrantKind.SENTENCING: CauseCode.IMPRISONMENT_WARRANT,
    WarrantKind.IMMIGRATION: CauseCode.IMMIGRATION_WARRANT,
    WarrantKind.CIVIL: CauseCode.CIVIL_OR_FINE_WARRANT,
    WarrantKind.FINE: CauseCode.CIVIL_OR_FINE_WARRANT,
}
"""A warrant's kind as the release-in-error statistics count it."""

_OPEN = (WarrantStatus.OUTSTANDING, WarrantStatus.UNKNOWN, WarrantStatus.APPLIED)
_WITH_A_TERM = (WarrantKind.SENTENCING, WarrantKind.CIVIL, WarrantKind.FINE)
"""Kinds whose time a calculation counts; a remand, an arrest or a detention no date ends."""
_STANDING = (RecallStatus.OUTSTANDING, RecallStatus.APPLIED, RecallStatus.UNKNOWN)


def check_warrants(q: Question) -> Iterator[CheckResult]:
    """17: nothing outstanding, unread, or unmatched with a similar name or date of birth; the court agrees."""
    yield from holding_alerts(q, CheckNumber.WARRANTS, "WARRANT_ALERT")
    for warrant in q.evidence.warrants:
        yield from _check_warrant(q, warrant)
    yield from _missing(q)
    for paper in q.evidence.papers:
        if paper.kind is PaperKind.CALCULATION_REQUIRED:
            yield finding("CALCULATION_REQUIRED", [paper.paper_id], id=paper.paper_id)
        else:
            kind = paper.warrant_kind or WarrantKind.SENTENCING
            yield finding("WARRANT_UNREAD", [paper.paper_id], CAUSES[kind], kind=kind, id=paper.paper_id)
    for warrant in q.evidence.unmatched_warrants:
        likeness = _likeness(q, warrant)
        if likeness:
            yield finding(
                "WARRANT_UNMATCHED",
                [warrant.warrant_id],
                CAUSES[warrant.kind],
                kind=warrant.kind,
                id=warrant.warrant_id,
                written=written(warrant),
                likeness=likeness,
            )
    for case in q.evidence.court_cases:
        yield from _check_case(q, case)


def _check_warrant(q: Question, warrant: Warrant) -> Iterator[CheckResult]:
    records, cause = [warrant.warrant_id], CAUSES[warrant.kind]
    if warrant.status is WarrantStatus.OUTSTANDING:
        yield finding("WARRANT_OUTSTANDING", records, cause, kind=warrant.kind, id=warrant.warrant_id)
    elif warrant.status is WarrantStatus.UNKNOWN:
        yield finding("WARRANT_UNKNOWN", records, cause, kind=warrant.kind, id=warrant.warrant_id)
    elif warrant.status is WarrantStatus.WITHDRAWN and q.needs_dates and _calculated(q, warrant.warrant_id):
        yield finding("WARRANT_WITHDRAWN", records, cause, id=warrant.warrant_id)
    elif warrant.status is WarrantStatus.APPLIED and q.purpose is not None and not q.purpose.custody_continues:
        if _stands(q, q.purpose, warrant):
            yield finding(
                "WARRANT_STANDS", records, cause, kind=warrant.kind, id=warrant.warrant_id, purpose=q.purpose_name
            )
        elif warrant.kind in _WITH_A_TERM and not _calculated(q, warrant.warrant_id):
            yield finding("WARRANT_NOT_CALCULATED", records, cause, id=warrant.warrant_id)
        elif q.needs_dates and _calculated(q, warrant.warrant_id) and not _theirs(q, warrant):
            yield finding("WARRANT_OF_ANOTHER", records, cause, id=warrant.warrant_id, written=written(warrant))


def _stands(q: Question, purpose: Purpose, warrant: Warrant) -> bool:
    """Does this release leave the warrant as it is? A term ends with its date, an immigration warrant with the bail or
    in the escort's hands; a remand or an arrest with neither."""
    if warrant.kind is WarrantKind.IMMIGRATION:
        return not (purpose.basis is Basis.IMMIGRATION_BAIL or (purpose.immigration_escort and q.escorted))
    return warrant.kind not in _WITH_A_TERM or not q.needs_dates


def _theirs(q: Question, warrant: Warrant) -> bool:
    """May a warrant that the calculation counts be about this person? By number, and by name or date of birth. Where
    the authorisation itself names somebody else, check 13 says so."""
    prisoner = q.evidence.prisoner
    if prisoner is None or q.authorisation is None:
        return True
    if not same_person(q.authorisation, (prisoner, *prisoner.aliases)):
        return True
    linked = {each.prisoner_number for each in q.evidence.identity.numbers} if q.evidence.identity else set()
    if warrant.prisoner_number not in {None, q.request.prisoner_number, *linked}:
        return False
    least = q.policy.measures.name_similarity.value
    alike = (
        same_birthday(warrant.date_of_birth, each.date_of_birth) or may_be_named(warrant, each, least)
        for each in q.names
    )
    return not warrant.surname.strip() or any(alike)


def _missing(q: Question) -> Iterator[CheckResult]:
    """Warrants that the calculation counts and no source of warrants has."""
    if not q.needs_dates or q.evidence.calculation is None:
        return
    known = {warrant.warrant_id for warrant in q.evidence.warrants}
    for missing in q.evidence.calculation.warrants_included:
        if missing not in known:
            yield finding("WARRANT_MISSING", [missing], id=missing)


def _calculated(q: Question, warrant_id: str | None) -> bool:
    return q.evidence.calculation is not None and warrant_id in q.evidence.calculation.warrants_included


def _likeness(q: Question, warrant: Warrant) -> str | None:
    """In what an unmatched warrant is like this person, unless an officer found that it is not theirs."""
    number = q.request.prisoner_number
    ruled_out = any(each.prisoner_number == number and each.at <= q.now for each in warrant.not_this_person)
    if warrant.status not in _OPEN or ruled_out:
        return None
    if any(same_birthday(warrant.date_of_birth, each.date_of_birth) for each in q.names):
        return "the date of birth is"
    least = q.policy.measures.name_similarity.value
    if any(may_be_named(warrant, each, least) for each in q.names):
        return "the name is like"
    told_apart = not q.names or any(tells_apart(warrant, each) for each in q.names)
    return None if told_apart else "nothing on it can be told from"


def _check_case(q: Question, case: CourtCase) -> Iterator[CheckResult]:
    records, status = [case.case_id], case.custodial_status
    if status is CustodialStatus.UNKNOWN:
        yield finding("COURT_STATUS_UNKNOWN", records, id=case.case_id)
    if q.purpose is None or q.purpose.custody_continues:
        return
    if status is CustodialStatus.REMANDED:
        yield finding("COURT_REMANDED", records, number=q.request.prisoner_number, id=case.case_id)
    elif status is CustodialStatus.CUSTODIAL_SENTENCE and not q.needs_dates:
        yield finding("COURT_SENTENCE", records, id=case.case_id, purpose=q.purpose_name)
    elif status is CustodialStatus.CUSTODIAL_SENTENCE and not _calculated(q, case.warrant_id):
        yield finding("COURT_SENTENCE_NOT_CALCULATED", records, id=case.case_id)


def check_immigration(q: Question) -> Iterator[CheckResult]:
    """18: no immigration hold, unless to a named escort who has signed. UNKNOWN holds even then."""
    to_escort = q.purpose is not None and q.purpose.immigration_escort and q.escorted
    for record in q.evidence.immigration:
        if record.current and record.kind is ImmigrationKind.UNKNOWN:
            yield finding("IMMIGRATION_UNKNOWN", [record.record_id], id=record.record_id)
        holds = record.kind in (ImmigrationKind.IS91, ImmigrationKind.DEPORTATION_ORDER)
        if record.current and holds and not to_escort:
            yield finding("IMMIGRATION_HOLD", [record.record_id], id=record.record_id, kind=record.kind)
    if not to_escort:
        yield from holding_alerts(q, CheckNumber.IMMIGRATION, "IMMIGRATION_ALERT")


def check_recall(q: Question) -> Iterator[CheckResult]:
    """19: every recall applied, and only a post-recall release ends one that is being served."""
    prisoner, number = q.evidence.prisoner, q.request.prisoner_number
    for recall in q.evidence.recalls:
        records, kind = [recall.recall_id], recall.recall_type
        if recall.status is RecallStatus.OUTSTANDING:
            yield finding("RECALL_OUTSTANDING", records, id=recall.recall_id, kind=kind)
        elif recall.status is RecallStatus.UNKNOWN:
            yield finding("RECALL_UNKNOWN", records, id=recall.recall_id, kind=kind)
        elif recall.status is RecallStatus.APPLIED and not _ends_recall(q):
            yield finding("RECALL_BEING_SERVED", records, id=recall.recall_id, kind=kind, purpose=q.purpose_name)
    marked = prisoner is not None and (prisoner.recall or prisoner.legal_status is LegalStatus.RECALL)
    standing = [each.recall_id for each in q.evidence.recalls if each.status in _STANDING]
    if marked and not standing:
        yield finding("RECALL_WITHOUT_RECORD", [number], number=number)
    if standing and prisoner is not None and not marked:
        yield finding("RECALL_NOT_MARKED", standing, id=standing[0], number=number)


def _ends_recall(q: Question) -> bool:
    return q.request.movement_reason is MovementReason.PD or (q.purpose is not None and q.purpose.custody_continues)
