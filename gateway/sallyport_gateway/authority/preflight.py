"""Pre-flight: everybody due soon, checked as if now, so that nothing is found only at the door. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sallyport_gateway.authority.authorise import authorise
from sallyport_gateway.authority.calendar import london_day
from sallyport_gateway.authority.evidence import AuthorityEvidence, ReleaseRequest
from sallyport_gateway.authority.policy import ReleasePolicy
from sallyport_gateway.authority.records import Authorisation
from sallyport_protocol.checks import CheckOutcome, CheckResult
from sallyport_protocol.subject import Modality

BANDS: Final = (2, 14)
"""Days before release at which everybody is looked at (checks 14 days and 2 days before release)."""

REFERENCE_YEARS: Final = 5
"""Age of a biometric reference from which it should be taken anew, years. Source: NIST IR 7556 finds face non-match
rates to rise with years between captures; to be set from the estate's own figures [?]."""

_ONLY_ON_THE_DAY: Final = frozenset({"WINDOW_NOT_OPEN", "NOT_DUE", "NO_CONFIRMING_OFFICER", "USE_UNKNOWN"})
"""Findings that are right before the day."""


@dataclass(frozen=True, slots=True)
class HeldReference:
    """What pre-flight needs to know of an enrolled reference."""

    modality: Modality
    captured_on: date
    usable: bool
    """It opens with this gateway's key."""


@dataclass(frozen=True, slots=True)
class Line:
    """One person due, and what must be settled before the day. Nothing listed: ready."""

    authorisation: str
    prisoner_number: str
    name: str
    day: date
    band: int
    """2 or 14: due within so many days."""
    findings: tuple[CheckResult, ...]
    references: tuple[str, ...]
    """Sentences about the biometric references."""

    @property
    def ready(self) -> bool:
        return not self.findings and not self.references


def band_of(day: date, now: datetime) -> int | None:
    """The narrowest band in which a release day lies; past days are in the first."""
    left = (day - london_day(now)).days
    return next((band for band in BANDS if left <= band), None)


def look_ahead(
    given: Authorisation,
    evidence: AuthorityEvidence,
    references: Sequence[HeldReference],
    policy: ReleasePolicy,
    now: datetime,
) -> Line | None:
    """Checks one authorisation as if its person stood at the door now; None when it is not due soon."""
    day = london_day(given.window_opens)
    band = band_of(day, now)
    if band is None:
        return None
    request = ReleaseRequest.at_any_door(given, "pre-flight")
    findings = tuple(
        each
        for each in authorise(request, evidence, policy, now)
        if each.outcome is not CheckOutcome.PASS and each.reason not in _ONLY_ON_THE_DAY
    )
    name = f"{given.forenames} {given.surname}".strip()
    return Line(given.id, given.prisoner_number, name, day, band, findings, usability(references, day))


def usability(references: Sequence[HeldReference], day: date) -> tuple[str, ...]:
    """What is wrong with a person's references for a release on `day`."""
    said: list[str] = []
    for modality in Modality:
        held = [each for each in references if each.modality is modality]
        usable = [each for each in held if each.usable]
        if not held:
            said.append(f"No {modality} reference is enrolled.")
        elif not usable:
            said.append(f"No {modality} reference opens with this gateway's key: enrol it again.")
        elif day - max(each.captured_on for each in usable) > timedelta(days=round(REFERENCE_YEARS * 365.25)):
            said.append(f"The newest {modality} reference is more than {REFERENCE_YEARS} years old: take a new one.")
    return tuple(said)
