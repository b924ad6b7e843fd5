"""A verdict and everything that led to it, as words for the officer. Times are aware datetimes."""

from dataclasses import dataclass
from datetime import datetime
from math import floor, isfinite, log10

from sallyport_protocol.decision import CheckOutcome, Verdict


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
    liveness: str = ""
    """Whether a living person was there; empty where that is not asked of this part."""
    reference: str = ""
    """How old and how good the reference on record is; empty when nothing was compared."""


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
