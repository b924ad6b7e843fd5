"""A hold that is owned: cause, owner, first step, a clock that escalates, and how it ended. Pure.

Holding somebody who must go free is unlawful; so each hold runs against two clocks: its owner's, and the law's (the
end of the day on which release fell due: from then on the person is over-detained).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from sallyport_gateway.authority.calendar import london_day
from sallyport_protocol.causes import CauseCode, NextStep, Owner
from sallyport_protocol.decision import Decision, Verdict


class Ending(StrEnum):
    """How a hold ended."""

    ERROR_PREVENTED = "ERROR_PREVENTED"
    """The release would have been an error."""
    SETTLED = "SETTLED"
    """The record or the paper was put right; the person may leave."""
    ATTEMPT_REPEATED = "ATTEMPT_REPEATED"
    """A later attempt at the door decided otherwise."""
    WITHDRAWN = "WITHDRAWN"
    """The authorisation was withdrawn."""


SAID_BY_OFFICERS: Final = (Ending.ERROR_PREVENTED, Ending.SETTLED)
"""How an officer says that a hold ended; the other endings are what the gateway sees for itself."""


class Level(StrEnum):
    """Who has been told so far."""

    OWNER = "OWNER"
    DUTY_GOVERNOR = "DUTY_GOVERNOR"
    GOVERNING_GOVERNOR = "GOVERNING_GOVERNOR"


ESCALATION: Final[tuple[tuple[timedelta, Level], ...]] = (
    (timedelta(0), Level.OWNER),
    (timedelta(minutes=30), Level.DUTY_GOVERNOR),
    (timedelta(hours=2), Level.GOVERNING_GOVERNOR),
)
"""Time since the hold began, and who is told then. Source: chosen so that a hold of the morning is settled, or known to
the governing governor, by noon; to be agreed with the service [?]."""


@dataclass(frozen=True, slots=True)
class Held:
    """One hold, as it is opened. `reasons` are the codes of everything that did not pass."""

    prisoner_number: str
    authorisation: str
    prison: str
    verdict: Verdict
    cause: CauseCode
    owner: Owner
    next_step: NextStep
    reasons: tuple[str, ...]
    opened_at: datetime
    due: date | None
    """The first day on which the release was due; None where no date is known."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Where a hold stands at one moment."""

    running: timedelta
    level: Level
    over_detained: bool
    next_at: datetime | None
    """When the next level is told; None at the last."""


def held_by(decision: Decision, prison: str, due: date | None) -> Held | None:
    """The hold that a decision makes; None for a release."""
    if decision.cause is None:
        return None
    return Held(
        decision.prisoner_number,
        decision.authorisation_id,
        prison,
        decision.verdict,
        decision.cause,
        decision.owner,
        decision.next_step,
        tuple(dict.fromkeys(check.reason for check in decision.refused)),
        decision.decided_at,
        due,
    )


def clock(opened_at: datetime, due: date | None, now: datetime) -> Clock:
    """How long it runs, who must know by now, and whether the person should have been free since midnight."""
    running = max(now - opened_at, timedelta(0))
    level = [who for after, who in ESCALATION if after <= running][-1]
    later = [opened_at + after for after, _ in ESCALATION if after > running]
    over = due is not None and london_day(now) > due
    return Clock(running, level, over, later[0] if later else None)
