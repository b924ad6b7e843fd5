"""What the pages of the lanes show, as words. Times are aware datetimes.

The gateway fills these values from its own state; the pages add nothing to them but layout. Nothing here touches a
database, a service or a clock.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sallyport_gateway.web.act_view import ActView
from sallyport_gateway.web.decision_view import DecisionView, ManualView


class DoorState(StrEnum):
    """What the interlock last reported of its door."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"
    OPEN = "open"
    ALARM = "alarm"
    UNKNOWN = "unknown"


class StepState(StrEnum):
    """Where one step of a session stands."""

    WAITING = "waiting"
    NOW = "now"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DoorView:
    """The discharge step's door. `sentence` says more where more is known."""

    state: DoorState
    since: datetime
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class KioskView:
    """The kiosk that serves the lane."""

    name: str
    connected: bool
    since: datetime | None
    """Since when it has been connected, or not; None when it was never heard."""


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of a session: "Face", "Finger", "Checks", ..."""

    label: str
    state: StepState
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SessionView:
    """The session that runs in the lane."""

    session: str
    since: datetime
    state: str
    """In the officer's words: "The person is at the camera"."""
    steps: tuple[StepView, ...] = ()


@dataclass(frozen=True, slots=True)
class SubjectView:
    """Whose release this is. Names come in any script."""

    name: str
    prisoner_number: str
    born: date | None
    photograph: str | None
    """A key that `OfficerViews.photograph` understands, a new one for each new picture; None when there is none."""
    photographed: date | None = None
    recorded: tuple[str, ...] = ()
    """What officers recorded that the person cannot do or show at the kiosk."""
    alike: str = ""
    """Who may be mistaken for this person; empty for nobody."""


@dataclass(frozen=True, slots=True)
class AuthorisationView:
    """One release authorisation and what may be done with it."""

    authorisation: str
    subject_name: str
    prisoner_number: str
    movement: str
    reason: str
    window_opens: datetime
    window_closes: datetime
    state: str
    approvers: tuple[str, ...]
    acts: tuple[ActView, ...] = ()


@dataclass(frozen=True, slots=True)
class AlarmView:
    """Something that wants a person now."""

    at: datetime
    lane: str
    code: str
    sentence: str
    owner: str = ""
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class EventView:
    """One line of the lane's recent past."""

    at: datetime
    title: str
    detail: str = ""
    audit_index: int | None = None


@dataclass(frozen=True, slots=True)
class FreezeView:
    """What stops every grant, above everything else on the page, and what ends it: two officers."""

    heading: str
    """"Frozen: Prison MDI. Nothing opens."."""
    why: str
    officer: str = ""
    since: datetime | None = None
    lift_asked_by: str = ""
    """Who asked for its end; another officer must."""
    acts: tuple[ActView, ...] = ()


@dataclass(frozen=True, slots=True)
class LaneView:
    """Everything on one lane's page."""

    lane: str
    prison: str
    kiosk: KioskView
    door: DoorView
    session: SessionView | None = None
    subject: SubjectView | None = None
    authorisation: AuthorisationView | None = None
    decision: DecisionView | None = None
    alarms: tuple[AlarmView, ...] = ()
    acts: tuple[ActView, ...] = ()
    events: tuple[EventView, ...] = ()
    """Newest first."""
    manual: ManualView | None = None
    freezes: tuple[FreezeView, ...] = ()
    """Those that stop this lane."""
    people: tuple[str, ...] = ()
    """The prisoner numbers of everybody who is named on it: who reads it has consulted their data."""


@dataclass(frozen=True, slots=True)
class ElsewhereView:
    """A lane that another gateway keeps. `page` is empty where there is none to go to."""

    lane: str
    sentence: str
    page: str


@dataclass(frozen=True, slots=True)
class LanesView:
    """Everything on the first page."""

    prison: str
    lanes: tuple[LaneView, ...]
    alarms: tuple[AlarmView, ...] = ()
    authorisations: tuple[AuthorisationView, ...] = ()
    acts: tuple[ActView, ...] = ()
    freezes: tuple[FreezeView, ...] = ()
    """Every one in force, oldest first."""
    people: tuple[str, ...] = ()
    """As on a lane's page."""
    elsewhere: tuple[ElsewhereView, ...] = ()
