"""Checks about the person: 13 the record, 16 holds, 20 legal status, 22 one person. Pure; nothing found is a pass."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from sallyport_gateway.authority.findings import finding
from sallyport_gateway.authority.guard import WEIGHT, guard_of
from sallyport_gateway.authority.identifiers import is_cro, is_pnc, is_prison_code, is_prisoner_number
from sallyport_gateway.authority.question import Question, day, written
from sallyport_gateway.authority.records import Identity, Named, PrisonerRecord
from sallyport_gateway.authority.similar import same_name, same_person
from sallyport_gateway.authority.words import InOutStatus, LegalStatus, Source
from sallyport_protocol.checks import CheckNumber, CheckResult, Path

ACTIVE: Final = "ACTIVE IN"
"""The status of somebody who is held; "ACTIVE OUT" is at court or in hospital."""


def check_prisoner(q: Question) -> Iterator[CheckResult]:
    """13: number well-formed, active, IN, at this prison, and the person that the authorisation names."""
    number = q.request.prisoner_number
    if not is_prisoner_number(number):
        yield finding("NUMBER_MALFORMED", number=repr(number))
    if not is_prison_code(q.request.prison_id):
        yield finding("PRISON_MALFORMED", prison=repr(q.request.prison_id))
    prisoner = q.evidence.prisoner
    if prisoner is None:
        silent = q.trouble(Source.PRISONER) is not None
        yield finding("PRISONER_UNKNOWN" if silent else "PRISONER_NOT_FOUND", number=number)
        return
    for found in {prisoner.prisoner_number, q.evidence.prisoner_number} - {number}:
        yield finding("RECORD_OF_ANOTHER", [found], found=found, number=number)
    if prisoner.status != ACTIVE:
        yield finding("NOT_ACTIVE", [number], number=number, status=prisoner.status)
    if prisoner.in_out_status is not InOutStatus.IN:
        yield finding("NOT_IN", [number], number=number, status=prisoner.in_out_status)
    if prisoner.prison_id != q.request.prison_id:
        yield finding("OTHER_PRISON", [number], number=number, found=prisoner.prison_id, prison=q.request.prison_id)
    if prisoner.restricted_patient:
        yield finding("RESTRICTED_PATIENT", [number], number=number)
    if prisoner.date_of_birth is not None and not _plausible(q, prisoner.date_of_birth):
        yield finding("BIRTH_DATE_IMPLAUSIBLE", [number], number=number, born=day(prisoner.date_of_birth))
    if q.authorisation is not None:
        yield from compare_person(f"Authorisation {q.authorisation.id}", q.authorisation, prisoner, number)


def _plausible(q: Question, born: date) -> bool:
    today = q.today
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return q.policy.measures.age_youngest.value <= age <= q.policy.measures.age_oldest.value


def compare_person(document: str, name: Named, prisoner: PrisonerRecord, number: str) -> Iterator[CheckResult]:
    """A number has no check digit: name and date of birth on the paper must be this person's, or one alias's."""
    known: tuple[Named, ...] = (prisoner, *prisoner.aliases)
    if same_person(name, known):
        return
    if not any(same_name(name, each) for each in known):
        yield finding(
            "NAME_MISMATCH", [number], document=document, written=written(name), number=number, found=written(prisoner)
        )
    births = {each.date_of_birth for each in known} - {None}
    if name.date_of_birth not in births:
        yield finding(
            "BIRTH_DATE_MISMATCH",
            [number],
            document=document,
            written=day(name.date_of_birth),
            number=number,
            found=day(prisoner.date_of_birth),
        )
        return
    if any(same_name(name, each) for each in known):
        told = f"{written(name)}, born {day(name.date_of_birth)}"
        yield finding("NAME_OF_ANOTHER_BIRTH_DATE", [number], document=document, written=told, number=number)


def check_holds(q: Question) -> Iterator[CheckResult]:
    """16: no Not For Release, governor's or security hold."""
    yield from holding_alerts(q, CheckNumber.HOLDS, "ALERT_HOLDS")
    for hold in q.evidence.holds:
        if hold.lifted_at is None or not hold.placed_at <= hold.lifted_at <= q.now:
            kind = hold.kind.replace("_", " ").capitalize()
            yield finding("HOLD_PLACED", [hold.hold_id], kind=kind, who=hold.placed_by, why=hold.why)


def holding_alerts(q: Question, number: CheckNumber, code: str) -> Iterator[CheckResult]:
    """The active alerts that the policy gives to check `number`."""
    for alert in q.evidence.alerts:
        rule = q.policy.holding(alert.alert_type, alert.alert_code) if alert.active else None
        if rule is not None and rule.check is number:
            yield finding(code, [alert.alert_id], code=alert.alert_code, name=rule.name)


def check_legal_status(q: Question) -> Iterator[CheckResult]:
    """20: the legal status is one that this kind of release can rest on."""
    prisoner, number = q.evidence.prisoner, q.request.prisoner_number
    if prisoner is None or q.purpose is None or prisoner.legal_status is LegalStatus.UNKNOWN:
        yield finding("STATUS_UNKNOWN", [number], number=number)
    elif prisoner.legal_status is LegalStatus.DEAD:
        yield finding("DEAD", [number], number=number)
    elif prisoner.legal_status not in q.purpose.legal_statuses:
        yield finding("STATUS_DISAGREES", [number], status=prisoner.legal_status, purpose=q.purpose_name)


def check_one_person(q: Question) -> Iterator[CheckResult]:
    """22: one person under the number; the person's other numbers and every alias reviewed; the check at the kiosk
    allowed for who could be mistaken for this person."""
    needed = guard_of(q.evidence, q.now)
    if q.request.path is Path.BIOMETRIC and WEIGHT[needed.guard] > WEIGHT[q.request.guard]:
        yield finding("GUARD_RAISED", needed.records, because=needed.because)
    identity, number = q.evidence.identity, q.request.prisoner_number
    if identity is None or not identity.cpr_uuids:
        yield finding("NO_IDENTITY", number=number)
        return
    people = set(identity.cpr_uuids)
    if len(people) > 1:
        yield finding("TWO_PEOPLE", sorted(people), count=len(people), number=number)
    for other in identity.numbers:
        if other.prisoner_number != number:
            found, known = other.prisoner_number, is_prisoner_number(other.prisoner_number)
            by = other.reviewed_by if known else None  # nobody can have looked under a number that is none
            yield from _reviewed(q.now, by, other.reviewed_at, "NUMBER_NOT_REVIEWED", found)
    yield from _check_aliases(q, identity)
    for each in q.evidence.prisoner.identifiers if q.evidence.prisoner else ():
        valid = {"PNC": is_pnc, "CRO": is_cro}.get(each.type.strip().upper())
        if valid is not None and not valid(each.value):
            yield finding("IDENTIFIER_MALFORMED", [each.value], type=each.type, value=each.value)


def _check_aliases(q: Question, identity: Identity) -> Iterator[CheckResult]:
    for alias in identity.aliases:
        yield from _reviewed(q.now, alias.reviewed_by, alias.reviewed_at, "ALIAS_NOT_REVIEWED", written(alias))
    prisoner = q.evidence.prisoner
    for held in prisoner.aliases if prisoner else ():
        listed = (prisoner, *identity.aliases)
        if not any(each and same_name(held, each) and held.date_of_birth == each.date_of_birth for each in listed):
            yield finding("ALIAS_NOT_REVIEWED", alias=written(held))


def _reviewed(now: datetime, who: str | None, at: datetime | None, code: str, what: str) -> Iterator[CheckResult]:
    if not who or at is None:
        yield finding(code, found=what, alias=what)
    elif at > now:
        yield finding("REVIEWED_IN_FUTURE", what=what)
