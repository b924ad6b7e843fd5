"""London's clock and the working days of England and Wales. Pure: every day is an argument."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import holidays

LONDON: Final = ZoneInfo("Europe/London")
_DAY: Final = timedelta(days=1)
_FRIDAY: Final = 4


def london(moment: datetime) -> datetime:
    """An aware time on London's clock. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone says nothing; give UTC")
    try:
        return moment.astimezone(LONDON)
    except OverflowError:  # the first or last hours of the calendar: nonsense, but it must be said by a check
        return moment.replace(tzinfo=LONDON)


def london_day(moment: datetime) -> date:
    """The calendar day in London: a release due on a day is due from London's midnight, BST or not."""
    return london(moment).date()


def night_of(now: datetime, at: time) -> date:
    """The London day of the newest moment `at` on London's clock that is not to come: whose nightly work is due.

    An hour that the clocks skip is taken as an hour later; of one that they repeat, the first counts.
    """
    today = london_day(now)
    moment = datetime.combine(today, at, LONDON)
    return today if now.timestamp() >= moment.timestamp() else today - _DAY


def from_millis(millis: int) -> datetime:
    """The aware time of milliseconds since 1970 UTC."""
    return datetime.fromtimestamp(millis / 1_000, UTC)


@lru_cache(maxsize=256)
def bank_holidays(year: int) -> frozenset[date]:
    """Bank holidays of England and Wales, from the library `holidays` (England and Wales are the same)."""
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))


def is_working_day(day: date) -> bool:
    """Monday to Friday and no bank holiday."""
    return day.weekday() <= _FRIDAY and day not in bank_holidays(day.year)


def working_day_on_or_before(day: date) -> date:
    """The release day of a date on a weekend or bank holiday (Criminal Justice Act 1961, s.23(3))."""
    while not is_working_day(day):
        day -= _DAY
    return day


def working_day_on_or_after(day: date) -> date:
    """The release day of a date before which nobody may leave."""
    while not is_working_day(day):
        day += _DAY
    return day


def before_a_break(day: date) -> bool:
    """A Friday, or the working day before a bank holiday: services are shut when the person needs them.

    Offenders (Day of Release from Detention) Act 2023, s.1.
    """
    return is_working_day(day) and (day.weekday() == _FRIDAY or (day + _DAY) in bank_holidays((day + _DAY).year))


def working_days_before(day: date, count: int) -> date:
    """`count` working days before `day`."""
    while count > 0:
        day -= _DAY
        count -= is_working_day(day)
    return day
