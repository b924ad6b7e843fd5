"""What the page of holds and of who is due shows, as words. Times are aware datetimes."""

from dataclasses import dataclass
from datetime import date, datetime

from sallyport_gateway.web.act_view import ActView


@dataclass(frozen=True, slots=True)
class HeldView:
    """A hold and its clock: cause, owner, next step, who has been told, who is told next and when."""

    prisoner_number: str
    name: str
    authorisation: str
    verdict: str
    cause: str
    reasons: tuple[str, ...]
    owner: str
    next_step: str
    since: datetime
    minutes: int
    told: str
    next_told: str
    next_at: datetime | None
    over_detained: bool
    acts: tuple[ActView, ...] = ()


@dataclass(frozen=True, slots=True)
class EndedView:
    """A hold that is over."""

    prisoner_number: str
    cause: str
    since: datetime
    ended_at: datetime
    ending: str
    ended_by: str
    note: str


@dataclass(frozen=True, slots=True)
class ReleasedView:
    """A release that has happened and about which something came to light."""

    prisoner_number: str
    authorisation: str
    sentence: str
    cause: str
    tell: tuple[str, ...]
    since: datetime
    acts: tuple[ActView, ...] = ()


@dataclass(frozen=True, slots=True)
class SettleView:
    """One thing to settle before the day."""

    sentence: str
    owner: str
    next_step: str


@dataclass(frozen=True, slots=True)
class DueView:
    """Somebody who is due soon. Nothing to settle: ready."""

    day: date
    prisoner_number: str
    name: str
    authorisation: str
    settle: tuple[SettleView, ...]
    references: tuple[str, ...]

    @property
    def ready(self) -> bool:
        return not self.settle and not self.references


@dataclass(frozen=True, slots=True)
class LookView:
    """The last look ahead of one prison."""

    prison: str
    night: date
    made_at: datetime
    within_2: tuple[DueView, ...]
    within_14: tuple[DueView, ...]


@dataclass(frozen=True, slots=True)
class AheadView:
    """The whole page."""

    prisons: tuple[str, ...]
    released: tuple[ReleasedView, ...]
    held: tuple[HeldView, ...]
    ended: tuple[EndedView, ...]
    looks: tuple[LookView, ...]
    preflight: str
    """When the next look ahead is made, HH:MM by London's clock."""
    unclear: int = 0
    """Events of the feed that nobody could read and nobody has looked at."""
    people: tuple[str, ...] = ()
    """The prisoner numbers of everybody who is named on it."""
