"""London's days and clock, and the days on which a date is met."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sallyport_gateway.authority import calendar
from sallyport_gateway.authority.check_dates import due_from
from sallyport_gateway.authority.policy import DayRule


@pytest.mark.parametrize(
    ("utc", "day"),
    [
        (datetime(2026, 3, 29, 0, 59, 59), date(2026, 3, 29)),
        (datetime(2026, 3, 29, 23, 0), date(2026, 3, 30)),
        (datetime(2026, 6, 9, 22, 59, 59), date(2026, 6, 9)),
        (datetime(2026, 6, 9, 23, 0), date(2026, 6, 10)),
        (datetime(2026, 10, 24, 23, 0), date(2026, 10, 25)),
        (datetime(2026, 10, 25, 23, 30), date(2026, 10, 25)),
        (datetime(2026, 12, 31, 23, 59, 59), date(2026, 12, 31)),
    ],
)
def test_london_midnights(utc: datetime, day: date) -> None:
    assert calendar.london_day(utc.replace(tzinfo=UTC)) == day


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        calendar.london_day(datetime(2026, 6, 10))


def test_bank_holidays_are_those_of_england_and_wales() -> None:
    published = [(1, 1), (4, 3), (4, 6), (5, 4), (5, 25), (8, 31), (12, 25), (12, 28)]
    days = {date(2026, month, day) for month, day in published}
    assert {day for day in calendar.bank_holidays(2026) if day.weekday() < 5} == days
    assert date(2026, 3, 17) not in calendar.bank_holidays(2026), "Northern Ireland's"
    assert date(2026, 1, 2) not in calendar.bank_holidays(2026), "Scotland's"


@pytest.mark.parametrize(
    ("on", "rule", "early", "due"),
    [
        (date(2026, 6, 13), DayRule.EARLIER, 0, date(2026, 6, 12)),
        (date(2026, 6, 14), DayRule.LATER, 0, date(2026, 6, 15)),
        (date(2026, 6, 14), DayRule.NONE, 2, date(2026, 6, 14)),
        (date(2026, 4, 6), DayRule.EARLIER, 0, date(2026, 4, 2)),
        (date(2026, 4, 3), DayRule.LATER, 0, date(2026, 4, 7)),
        (date(2026, 6, 12), DayRule.EARLIER, 2, date(2026, 6, 10)),
        (date(2026, 6, 13), DayRule.EARLIER, 2, date(2026, 6, 10)),
        (date(2026, 6, 11), DayRule.EARLIER, 2, date(2026, 6, 11)),
        (date(2026, 12, 24), DayRule.EARLIER, 2, date(2026, 12, 22)),
        (date(2026, 12, 28), DayRule.EARLIER, 0, date(2026, 12, 24)),
        (date(2026, 6, 12), DayRule.LATER, 2, date(2026, 6, 12)),
    ],
)
def test_the_first_day(on: date, rule: DayRule, early: int, due: date) -> None:
    assert due_from(on, rule, early) == due


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.sampled_from(DayRule), st.sampled_from([0, 2]))
def test_no_rule_moves_a_date_by_more_than_a_holiday_and_two_days(on: date, rule: DayRule, early: int) -> None:
    due = due_from(on, rule, early)
    assert abs(due - on) <= timedelta(days=10)
    assert rule is DayRule.NONE or calendar.is_working_day(due)
    assert due <= on if rule is DayRule.EARLIER else due >= on
