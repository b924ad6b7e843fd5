"""The groups that are recorded: age at the check, from the date of birth that every record has. Pure.

Sex, ethnicity and skin tone are not in the records that the gateway reads; where a deployment may process them for
this purpose (Equality Act 2010 s.149; Data Protection Act 2018, Part 3), they would be further groups here.
"""

from datetime import date
from typing import Final

BANDS: Final = ((21, "under 21"), (30, "21 to 29"), (50, "30 to 49"))
OLDEST: Final = "50 and over"


def group_of(born: date | None, day: date) -> str:
    """The age band on that day; empty where no date of birth is recorded."""
    if born is None:
        return ""
    age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    return next((name for limit, name in BANDS if age < limit), OLDEST)
