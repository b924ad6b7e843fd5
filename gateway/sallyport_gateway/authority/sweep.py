"""After the door has opened: does the authority still say that this person may be out? Pure.

The checks on dates, holds, warrants, immigration and recall run again on what is known now. Whatever they find came
too late for the door, and somebody must be told at once. A source that is merely old says nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sallyport_gateway.authority.authorise import CHECKS
from sallyport_gateway.authority.evidence import AuthorityEvidence, ReleaseRequest
from sallyport_gateway.authority.policy import ReleasePolicy
from sallyport_gateway.authority.question import ask
from sallyport_protocol.checks import CheckNumber, CheckResult


class Told(StrEnum):
    """Who must be told that somebody was released who should not be out."""

    DUTY_GOVERNOR = "DUTY_GOVERNOR"
    POLICE = "POLICE"
    VICTIM_CONTACT = "VICTIM_CONTACT"
    HOME_OFFICE = "HOME_OFFICE"
    PUBLIC_PROTECTION_CASEWORK = "PUBLIC_PROTECTION_CASEWORK"
    COURT = "COURT"


_EVERYBODY: Final = (Told.DUTY_GOVERNOR, Told.POLICE, Told.VICTIM_CONTACT)
WATCHED: Final[dict[CheckNumber, tuple[Told, ...]]] = {
    CheckNumber.DATES: _EVERYBODY,
    CheckNumber.HOLDS: _EVERYBODY,
    CheckNumber.WARRANTS: (*_EVERYBODY, Told.COURT),
    CheckNumber.IMMIGRATION: (*_EVERYBODY, Told.HOME_OFFICE),
    CheckNumber.RECALL: (*_EVERYBODY, Told.PUBLIC_PROTECTION_CASEWORK),
}
"""The checks that are watched after a release, and who hears of each."""

_OUT: Final = frozenset({"INPUTS_UNKNOWN", "RECALL_WITHOUT_RECORD", "RECALL_NOT_MARKED"})
"""Findings that a release itself may cause in the sources: no alarm."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is now known against a release that has happened."""

    finding: CheckResult
    tell: tuple[Told, ...]


def sweep(
    request: ReleaseRequest, evidence: AuthorityEvidence, policy: ReleasePolicy, now: datetime
) -> tuple[Alarm, ...]:
    """What is known now against the release that `request` led to."""
    question = ask(request, evidence, policy, now)
    return tuple(
        Alarm(finding, tell)
        for number, tell in WATCHED.items()
        for finding in CHECKS[number](question)
        if finding.reason not in _OUT
    )
