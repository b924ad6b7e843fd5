"""Check 15: the date is confirmed, checked by somebody else, made from what stands now, agrees and is due. Pure."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from sallyport_gateway.authority.calendar import (
    before_a_break,
    london_day,
    working_day_on_or_after,
    working_day_on_or_before,
    working_days_before,
)
from sallyport_gateway.authority.check_person import compare_person
from sallyport_gateway.authority.findings import finding
from sallyport_gateway.authority.identifiers import is_calculation_reference
from sallyport_gateway.authority.policy import Basis, DayRule, Purpose
from sallyport_gateway.authority.question import Question, clock, day, unclear, written
from sallyport_gateway.authority.records import Authorisation, Calculation, CourtOrder
from sallyport_gateway.authority.words import CalculationStatus, DateType, ImmigrationKind, OrderChannel
from sallyport_protocol.checks import CheckResult
from sallyport_protocol.identity import person_key


def due_from(on: date, rule: DayRule, early_days: int = 0) -> date:
    """The first day on which a release dated `on` may happen.

    A weekend or bank holiday moves it by the rule. `early_days` working days (0: no decision) then bring a Friday, or
    the day before a bank holiday, forward; never a date that only falls due later.
    """
    if rule is DayRule.LATER:
        return working_day_on_or_after(on)
    if rule is DayRule.NONE:
        return on
    settled = working_day_on_or_before(on)
    return working_days_before(settled, early_days) if early_days and before_a_break(settled) else settled


def check_dates(q: Question) -> Iterator[CheckResult]:
    """15: what the release rests on, by the basis of its purpose."""
    if q.purpose is None:
        yield finding("NO_PURPOSE", reason=q.request.movement_reason)
        return
    if q.authorisation is None:
        yield finding("NOTHING_NAMED")
    elif q.purpose.basis is Basis.ORDER:
        yield from _check_order(q, q.purpose, q.authorisation.order_id)
    if q.purpose.basis is Basis.IMMIGRATION_BAIL and not _immigration(q, ImmigrationKind.IMMIGRATION_BAIL):
        yield finding("NO_IMMIGRATION_BAIL")
    if q.purpose.basis is Basis.DEPORTATION and not _immigration(q, ImmigrationKind.DEPORTATION_ORDER):
        yield finding("NO_DEPORTATION_ORDER")
    if q.purpose.basis is Basis.CALCULATION and q.purpose.immigration_escort and not _to_be_removed(q):
        yield finding("NO_REMOVAL", number=q.request.prisoner_number)
    if q.needs_dates:
        calculation = q.evidence.calculation
        if calculation is None:
            yield finding("NO_CALCULATION", number=q.request.prisoner_number)
            return
        yield from _check_calculation(q, calculation)
        yield from _check_inputs(q, calculation)
        if q.authorisation is not None:
            yield from _check_due(q, q.purpose, q.authorisation, calculation)


def _immigration(q: Question, kind: ImmigrationKind) -> bool:
    return any(each.kind is kind and each.current for each in q.evidence.immigration)


def _to_be_removed(q: Question) -> bool:
    """Does the Home Office want this person, and say nothing else beside it?"""
    wanted = any(_immigration(q, kind) for kind in (ImmigrationKind.IS91, ImmigrationKind.DEPORTATION_ORDER))
    let_go = (ImmigrationKind.NO_LONGER_OF_INTEREST, ImmigrationKind.IMMIGRATION_BAIL)
    return wanted and not any(_immigration(q, kind) for kind in let_go)


def _check_calculation(q: Question, made: Calculation) -> Iterator[CheckResult]:
    reference = made.calculation_reference
    records, given = [reference], q.authorisation
    if not is_calculation_reference(reference):
        yield finding("CALCULATION_REFERENCE_MALFORMED", records, reference=reference)
    if made.status is not CalculationStatus.CONFIRMED:
        yield finding("CALCULATION_NOT_CONFIRMED", records, reference=reference, status=made.status)
    if given is not None and given.calculation_reference != reference:
        named = given.calculation_reference or "none"
        yield finding("OTHER_CALCULATION", records, named=named, reference=reference)
    if not made.checked_by_username or made.checked_at is None:
        yield finding("NOT_CHECKED", records, reference=reference)
    else:
        for who in unclear(made.checked_by_username, made.calculated_by_username):
            yield finding("CHECKER_UNCLEAR", records, reference=reference, who=who)
        if person_key(made.checked_by_username) == person_key(made.calculated_by_username):
            yield finding("CHECKED_BY_CALCULATOR", records, reference=reference, who=made.checked_by_username)
        if made.checked_at < made.calculated_at:
            yield finding("CHECKED_BEFORE_CALCULATED", records, reference=reference)
    for at in (made.calculated_at, made.checked_at):
        if at is not None and at > q.now:
            yield finding("CALCULATION_IN_FUTURE", records, reference=reference, at=clock(at))


def _check_inputs(q: Question, made: Calculation) -> Iterator[CheckResult]:
    reference, records = made.calculation_reference, [made.calculation_reference]
    if made.inputs_changed is None:
        yield finding("INPUTS_UNKNOWN", records, reference=reference)
    elif made.inputs_changed:
        yield finding("INPUTS_CHANGED", records, reference=reference)
    added = [each.adjustment_id for each in q.evidence.adjustments if each.active and each.days > 0]
    missing = [each for each in added if each not in made.adjustments_included]
    if missing:
        yield finding("ADDITIONAL_DAYS_MISSING", missing, missing=", ".join(missing), reference=reference)
    for each in made.offences:
        starts, ends = each.in_force_from, each.in_force_until
        if (starts and each.committed_on < starts) or (ends and each.committed_on > ends):
            yield finding("OFFENCE_CODE_NOT_IN_FORCE", [each.code], code=each.code, date=day(each.committed_on))
        if each.committed_on > q.today:
            yield finding("OFFENCE_IN_FUTURE", [each.code], code=each.code, date=day(each.committed_on))


def _check_due(q: Question, purpose: Purpose, given: Authorisation, made: Calculation) -> Iterator[CheckResult]:
    reference, records = made.calculation_reference, [made.calculation_reference]
    named = _date_type(given, purpose)
    if named is None or named not in purpose.date_types:
        allowed = " or ".join(purpose.date_types)
        yield finding("DATE_TYPE_DISAGREES", records, purpose=q.purpose_name, allowed=allowed, named=named or "none")
        return
    on = made.dates.get(named)
    if on is None:
        yield finding("DATE_MISSING", records, reference=reference, named=named)
        return
    due = due_from(on, purpose.day_rule, _early_days(q, given))
    if q.today < due:
        yield finding("NOT_DUE", records, named=named, date=day(on), due=day(due))
    born = q.evidence.prisoner.date_of_birth if q.evidence.prisoner else None
    if on <= max([born or date.min, *(each.committed_on for each in made.offences)]):
        yield finding("DATE_IMPLAUSIBLE", records, named=named, date=day(on))
    expiry = min((made.dates[each] for each in _EXPIRY if each in made.dates), default=on)
    if on > expiry:
        yield finding("DATE_AFTER_EXPIRY", records, named=named, date=day(on), expiry=day(expiry))
    yield from _check_other_dates(named, on, made)


def _check_other_dates(named: DateType, on: date, made: Calculation) -> Iterator[CheckResult]:
    """What the calculation's other dates say against the one that is named."""
    records = [made.calculation_reference]
    for other in _LAST_OF if named in _LAST_OF else ():
        if (later := made.dates.get(other)) is not None and later > on:
            yield finding("LATER_DATE", records, named=named, date=day(on), other=other, later=day(later))
    for other in _NOT_BEFORE.get(named, ()):
        if (earliest := made.dates.get(other)) is not None and on < earliest:
            yield finding("NOT_ELIGIBLE", records, named=named, date=day(on), other=other, earliest=day(earliest))
    for other in _NOT_AFTER.get(named, ()):
        if (latest := made.dates.get(other)) is not None and on > latest:
            yield finding("AFTER_ANOTHER_DATE", records, named=named, date=day(on), other=other, latest=day(latest))


_EXPIRY: Final = (DateType.SED, DateType.SLED, DateType.LED)
"""The ends of sentence and licence: nobody is released after them by the sentence's own dates."""

_LAST_OF: Final = (DateType.CRD, DateType.ARD, DateType.NPD, DateType.PRRD)
"""Of several sentences each may have its own; who has several leaves on the last."""

_NOT_BEFORE: Final = {DateType.HDCAD: (DateType.HDCED,), DateType.APD: (DateType.PED, DateType.TARIFF)}
"""Nobody is let out by discretion before they are eligible."""

_NOT_AFTER: Final = {
    DateType.HDCAD: (DateType.CRD, DateType.ARD),
    DateType.ERSED: (DateType.CRD, DateType.ARD),
    DateType.APD: (DateType.CRD, DateType.NPD),
}
"""What lets somebody out earlier comes no later than the day on which they leave anyway."""

ORDER_LASTS: Final = timedelta(days=28)
"""An order older than this may be about an earlier detention: bail is taken up, or a transfer made, within days [?]."""


def _check_order(q: Question, purpose: Purpose, named: str | None) -> Iterator[CheckResult]:
    orders = [each for each in q.evidence.court_orders if each.order_id == named]
    if len(orders) != 1:
        yield finding("NO_ORDER", purpose=q.purpose_name, named=named or "none named")
        return
    order, records = orders[0], [orders[0].order_id]
    if order.kind not in purpose.order_kinds:
        yield finding("ORDER_OF_OTHER_KIND", records, id=order.order_id, found=order.kind, purpose=q.purpose_name)
    confirmed = (
        bool(order.confirmed_by)
        and order.confirmed_at is not None
        and order.confirmed_at <= q.now
        and london_day(order.confirmed_at) >= order.made_on
    )
    if order.channel is not OrderChannel.COURT_SYSTEM and not confirmed:
        yield finding("ORDER_NOT_CONFIRMED", records, id=order.order_id, channel=order.channel)
    if order.superseded:
        yield finding("ORDER_SUPERSEDED", records, id=order.order_id)
    if order.made_on > q.today:
        yield finding("ORDER_IN_FUTURE", records, id=order.order_id, date=day(order.made_on))
    if q.today - order.made_on > ORDER_LASTS:
        yield finding("ORDER_OLD", records, id=order.order_id, date=day(order.made_on))
    yield from _check_order_person(q, order)
    for condition in order.conditions:
        if condition.met is None:
            yield finding("BAIL_CONDITION_UNKNOWN", records, text=condition.text)
        elif not condition.met:
            yield finding("BAIL_CONDITION_NOT_MET", records, text=condition.text)


def _check_order_person(q: Question, order: CourtOrder) -> Iterator[CheckResult]:
    prisoner, number = q.evidence.prisoner, q.request.prisoner_number
    found = list(compare_person(order.order_id, order, prisoner, number)) if prisoner is not None else []
    if prisoner is not None and found:
        yield finding(
            "ORDER_NOT_CERTAIN" if all(each.judgement for each in found) else "ORDER_OF_ANOTHER",
            [order.order_id],
            id=order.order_id,
            written=f"{written(order)}, born {day(order.date_of_birth)}",
            number=number,
            found=f"{written(prisoner)}, born {day(prisoner.date_of_birth)}",
        )


def due_day(q: Question) -> date | None:
    """The first day on which this release is due, for the clock of a hold; None where nothing says so."""
    given, purpose, made = q.authorisation, q.purpose, q.evidence.calculation
    if given is None or purpose is None:
        return None
    if q.needs_dates:
        named = _date_type(given, purpose)
        on = made.dates.get(named) if made is not None and named is not None else None
        return None if on is None else due_from(on, purpose.day_rule, _early_days(q, given))
    return next((each.made_on for each in q.evidence.court_orders if each.order_id == given.order_id), None)


def _date_type(given: Authorisation, purpose: Purpose) -> DateType | None:
    """The date that the authorisation names; where it names none, the only one that the purpose can rest on."""
    only = purpose.date_types[0] if len(purpose.date_types) == 1 else None
    return given.date_type or only


def _early_days(q: Question, given: Authorisation) -> int:
    return int(q.policy.measures.friday_days.value) if given.early_day_decision else 0
