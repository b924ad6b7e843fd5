"""What the officer's pages show, as words.

The gateway fills these values from its own state; the pages add nothing to them but layout. Everything the officer may
do is offered as an `ActView`, so the pages hold no policy. Times are aware datetimes. Nothing here touches a database,
a service or a clock.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from math import floor, isfinite, log10

from sallyport_protocol.decision import CheckOutcome, Verdict


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


class InputKind(StrEnum):
    """How one field of an act is asked for."""

    TEXT = "text"
    TICK = "tick"
    CHOICE = "choice"


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
    acts: tuple["ActView", ...] = ()


@dataclass(frozen=True, slots=True)
class CheckView:
    """One finding of one numbered check."""

    number: int
    title: str
    outcome: CheckOutcome
    sentence: str
    owner: str = ""
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class ModalityView:
    """What one modality told: "Face", "Finger: right index"."""

    label: str
    outcome: str
    stated_fmr: float | None
    """Upper bound of the chance that a stranger scores as high, 0 to 1; None when nothing was compared."""
    quality: str = ""
    attempts: int = 0
    liveness: str = "not performed"


@dataclass(frozen=True, slots=True)
class HoldView:
    """The clock of a hold: somebody owns it from the first second."""

    since: datetime
    owner: str
    next_step: str
    escalates_to: str = ""
    escalates_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DecisionView:
    """The gateway's verdict with everything that led to it."""

    verdict: Verdict
    summary: str
    """One sentence under the verdict."""
    decided: datetime
    audit_index: int
    cause: str = ""
    valid_until: datetime | None = None
    checks: tuple[CheckView, ...] = ()
    modalities: tuple[ModalityView, ...] = ()
    fused_fmr: float | None = None
    hold: HoldView | None = None
    by_hand: bool = False
    """Whether two officers stood in for the kiosk."""
    granted: datetime | None = None
    """When the door was granted on it: from then on the decision is used up and no longer runs out."""

    @property
    def reasons(self) -> tuple[CheckView, ...]:
        """The findings that stand in the way: failures first, then unknowns, each by number."""
        return tuple(
            check
            for outcome in (CheckOutcome.FAIL, CheckOutcome.UNKNOWN)
            for check in sorted(self.checks, key=lambda each: each.number)
            if check.outcome == outcome
        )

    def expired(self, now: datetime) -> bool:
        """Whether it can no longer be acted on. A RELEASE without an end never could; a HOLD without one stays."""
        if self.granted is not None:
            return False
        if self.valid_until is None:
            return self.verdict == Verdict.RELEASE
        return now >= self.valid_until


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
class InputView:
    """One field that the officer fills in."""

    name: str
    label: str
    hint: str = ""
    kind: InputKind = InputKind.TEXT
    choices: tuple[tuple[str, str], ...] = ()
    """(value, words) of a CHOICE."""
    pattern: str = ""
    """A regular expression that the whole text must match, checked by the browser for comfort only."""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class ActView:
    """Something the officer may do now: a button that signs. `fields` are signed as they stand."""

    kind: str
    label: str
    fields: tuple[tuple[str, str], ...] = ()
    inputs: tuple[InputView, ...] = ()
    primary: bool = False
    warning: bool = False
    until: datetime | None = None
    """After this the button is dead."""
    folded: bool = False
    """Shown behind its label, to be opened first."""
    note: str = ""
    """What it brings about, beside the button."""

    @property
    def key(self) -> str:
        """Tells this act from every other on the page, across updates."""
        return "-".join((self.kind, *(value for _, value in self.fields)))


@dataclass(frozen=True, slots=True)
class StatementView:
    """What one officer has signed of a person: "I compared the person with the photograph on record"."""

    officer: str
    means: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ManualView:
    """An identification by hand, as both officers sign it."""

    reason: str
    why: str
    after: str
    """What the kiosk said before, in words."""
    statements: tuple[StatementView, ...]
    statement: str
    """The digest of the first officer's signed act, in hexadecimal: what the second signs."""
    until: datetime | None = None
    """When the first statement runs out; None once the second is there."""


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


def fmr_in_words(fmr: float | None) -> str:
    """A stated false match rate as a person reads it; rounded so that it never sounds better than it is."""
    if fmr is None:
        return "not compared"
    if not isfinite(fmr) or not 0 < fmr <= 1:
        return "cannot be stated"
    if fmr > 0.1:
        return "no evidence: strangers often score as high"
    strangers = 1 / fmr * (1 + 1e-12)
    unit = 10 ** max(0, floor(log10(strangers)) - 1)
    return f"fewer than 1 in {int(strangers // unit * unit):,} strangers"
