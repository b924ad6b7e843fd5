"""The numbered checks and their findings, as words.

Numbers are those of the design: 1 to 12 admit the kiosk's result, 13 to 25 authorise the release. On the manual
path two officers stand in for checks 9 to 12; their check has the number 26.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

from sallyport_protocol.causes import CauseCode, NextStep, Owner
from sallyport_protocol.errors import MalformedError

REASON_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
PASS = "PASS"  # noqa: S105 (a reason, not a password)
"""The reason code of a check that passed."""


class CheckNumber(IntEnum):
    """The numbered checks. The numbers never change: they are in the audit log and in old decisions."""

    PARSE = 1
    SIGNATURE = 2
    CERTIFICATE = 3
    REVOCATION = 4
    TOPIC = 5
    SESSION = 6
    CHALLENGE = 7
    COUNTER_AND_TIME = 8
    SOFTWARE = 9
    CAPTURES = 10
    LIVENESS = 11
    MATCH = 12
    PRISONER = 13
    AUTHORISATION = 14
    DATES = 15
    HOLDS = 16
    WARRANTS = 17
    IMMIGRATION = 18
    RECALL = 19
    LEGAL_STATUS = 20
    LICENCE = 21
    ONE_PERSON = 22
    APPROVERS = 23
    FRESHNESS = 24
    USE = 25
    MANUAL_OFFICERS = 26

    @property
    def title(self) -> str:
        """What the check asks, in the officer's words."""
        return _TITLES[self]


_TITLES: Mapping[CheckNumber, str] = {
    CheckNumber.PARSE: "The result can be read: known version, allowed size",
    CheckNumber.SIGNATURE: "Signed by a known key",
    CheckNumber.CERTIFICATE: "Certificate chain, role and validity",
    CheckNumber.REVOCATION: "Not revoked, and the revocation list is fresh",
    CheckNumber.TOPIC: "Sent under the device's own name",
    CheckNumber.SESSION: "An open session of this kiosk and this lane",
    CheckNumber.CHALLENGE: "Answers this session's challenge, for the first time",
    CheckNumber.COUNTER_AND_TIME: "Counter moved forward, times within bounds",
    CheckNumber.SOFTWARE: "Approved models, software and policy",
    CheckNumber.CAPTURES: "Captures unbroken and complete",
    CheckNumber.LIVENESS: "A live person, no attack detected",
    CheckNumber.MATCH: "Face and finger match the references",
    CheckNumber.PRISONER: "Prisoner number valid, active, in this prison, and the right name",
    CheckNumber.AUTHORISATION: "Exactly one approved authorisation, for this movement and lane, now",
    CheckNumber.DATES: "Release date confirmed, checked and due",
    CheckNumber.HOLDS: "No Not For Release, governor's or security hold",
    CheckNumber.WARRANTS: "No outstanding, unread or possibly matching warrant",
    CheckNumber.IMMIGRATION: "No immigration hold",
    CheckNumber.RECALL: "No recall left to apply",
    CheckNumber.LEGAL_STATUS: "Legal status fits the kind of release",
    CheckNumber.LICENCE: "Licence in place where one is needed",
    CheckNumber.ONE_PERSON: "One person: aliases and other numbers reviewed",
    CheckNumber.APPROVERS: "Two officers approved, and they may",
    CheckNumber.FRESHNESS: "Every source fresh enough to rely on",
    CheckNumber.USE: "Authorisation unused, nothing frozen",
    CheckNumber.MANUAL_OFFICERS: "Manual path: two officers identified the person",
}

ADMISSION = tuple(CheckNumber(n) for n in range(1, 13))
AUTHORISATION = tuple(CheckNumber(n) for n in range(13, 26))


class Path(StrEnum):
    """How the person was identified."""

    BIOMETRIC = "BIOMETRIC"
    MANUAL = "MANUAL"


REQUIRED: Mapping[Path, tuple[CheckNumber, ...]] = {
    Path.BIOMETRIC: ADMISSION + AUTHORISATION,
    Path.MANUAL: (*ADMISSION[:8], *AUTHORISATION, CheckNumber.MANUAL_OFFICERS),
}
"""The checks that must each pass, by path."""


class CheckOutcome(StrEnum):
    PASS = "PASS"  # noqa: S105 (a verdict, not a password)
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One finding of one check.

    A check may report several findings; a pass is always its only one. `cause`, `owner` and `next_step` may stay
    None: then the check's own (see `DEFAULTS`) apply. `judgement` marks a finding that a person must weigh.
    """

    number: CheckNumber
    outcome: CheckOutcome
    reason: str
    sentence: str
    records: tuple[str, ...] = ()
    cause: CauseCode | None = None
    owner: Owner | None = None
    next_step: NextStep | None = None
    judgement: bool = False

    def __post_init__(self) -> None:
        if self.reason != PASS and not REASON_CODE.fullmatch(self.reason):
            raise MalformedError(f"Reason code {self.reason!r} is not of the form ABC_DEF; correct the check.")
        if not self.sentence.strip():
            raise MalformedError(f"Check {int(self.number)} gives no sentence for the officer; add one.")

    def to_map(self) -> dict[str, Any]:
        """As plain maps, texts and integers, ready for JSON or CBOR."""
        result: dict[str, Any] = {
            "number": int(self.number),
            "title": _TITLES[self.number],
            "outcome": str(self.outcome),
            "reason": self.reason,
            "sentence": self.sentence,
            "records": list(self.records),
        }
        if self.cause is not None:
            result["cause"] = self.cause.value
        if self.owner is not None:
            result["owner"] = self.owner.value
        if self.next_step is not None:
            result["next_step"] = self.next_step.value
        if self.judgement:
            result["judgement"] = True
        return result


_BARE: Mapping[CheckNumber, str] = {number: f"{title}." for number, title in _TITLES.items()}
_PASSED: Mapping[CheckNumber, CheckResult] = {
    number: CheckResult(number, CheckOutcome.PASS, PASS, sentence) for number, sentence in _BARE.items()
}
"""Most findings of a release: the check passed, and nothing more is to be said."""


def passed(number: CheckNumber, sentence: str = "", records: Iterable[str] = ()) -> CheckResult:
    """The check passed."""
    if not sentence and not records:
        return _PASSED[number]
    return CheckResult(number, CheckOutcome.PASS, PASS, sentence or _BARE[number], tuple(records))


def failed(number: CheckNumber, reason: str, sentence: str, records: Iterable[str] = ()) -> CheckResult:
    """The check found what must not be."""
    return CheckResult(number, CheckOutcome.FAIL, reason, sentence, tuple(records))


def unknown(number: CheckNumber, reason: str, sentence: str, records: Iterable[str] = ()) -> CheckResult:
    """The check could not be made. Never a pass."""
    return CheckResult(number, CheckOutcome.UNKNOWN, reason, sentence, tuple(records))


_DEVICE = (CauseCode.OTHER, Owner.DEVICE_SUPPORT, NextStep.CALL_DEVICE_SUPPORT)
_RECORD = (CauseCode.RELEASE_CRITERIA_NOT_MET, Owner.OFFENDER_MANAGEMENT, NextStep.ASK_OFFENDER_MANAGEMENT)

DEFAULTS: Mapping[CheckNumber, tuple[CauseCode, Owner, NextStep]] = {
    **dict.fromkeys(ADMISSION, _DEVICE),
    CheckNumber.SESSION: (CauseCode.OTHER, Owner.CONFIRMING_OFFICER, NextStep.TRY_AGAIN),
    CheckNumber.CHALLENGE: (CauseCode.OTHER, Owner.SECURITY, NextStep.CALL_SECURITY),
    CheckNumber.COUNTER_AND_TIME: (CauseCode.OTHER, Owner.CONFIRMING_OFFICER, NextStep.TRY_AGAIN),
    CheckNumber.CAPTURES: (CauseCode.OTHER, Owner.CONFIRMING_OFFICER, NextStep.TRY_AGAIN),
    CheckNumber.LIVENESS: (CauseCode.LIVENESS_NOT_SHOWN, Owner.DUTY_GOVERNOR, NextStep.CALL_DUTY_GOVERNOR),
    CheckNumber.MATCH: (CauseCode.WRONG_PERSON, Owner.DUTY_GOVERNOR, NextStep.CALL_DUTY_GOVERNOR),
    **dict.fromkeys(AUTHORISATION, _RECORD),
    CheckNumber.DATES: (
        CauseCode.SENTENCE_MISCALCULATED,
        Owner.SENTENCE_CALCULATION,
        NextStep.RECALCULATE,
    ),
    CheckNumber.HOLDS: (CauseCode.RELEASE_CRITERIA_NOT_MET, Owner.SECURITY, NextStep.CALL_SECURITY),
    CheckNumber.WARRANTS: (
        CauseCode.IMPRISONMENT_WARRANT,
        Owner.COURT_LIAISON,
        NextStep.COURT_URGENT_QUERY,
    ),
    CheckNumber.IMMIGRATION: (
        CauseCode.IMMIGRATION_WARRANT,
        Owner.HOME_OFFICE_LIAISON,
        NextStep.ASK_HOME_OFFICE,
    ),
    CheckNumber.RECALL: (
        CauseCode.RECALL_NOT_APPLIED,
        Owner.OFFENDER_MANAGEMENT,
        NextStep.ASK_OFFENDER_MANAGEMENT,
    ),
    CheckNumber.ONE_PERSON: (
        CauseCode.WRONG_PERSON,
        Owner.OFFENDER_MANAGEMENT,
        NextStep.ASK_OFFENDER_MANAGEMENT,
    ),
    CheckNumber.APPROVERS: (
        CauseCode.RELEASE_CRITERIA_NOT_MET,
        Owner.DUTY_GOVERNOR,
        NextStep.CALL_DUTY_GOVERNOR,
    ),
    CheckNumber.FRESHNESS: (CauseCode.OTHER, Owner.OFFENDER_MANAGEMENT, NextStep.REFRESH_SOURCES),
    CheckNumber.USE: (CauseCode.OTHER, Owner.DUTY_GOVERNOR, NextStep.CALL_DUTY_GOVERNOR),
    CheckNumber.MANUAL_OFFICERS: (
        CauseCode.OTHER,
        Owner.DUTY_GOVERNOR,
        NextStep.CALL_DUTY_GOVERNOR,
    ),
}
"""Cause, owner and first step of a check whose finding names none of its own."""

TELLING: tuple[CheckNumber, ...] = (
    *ADMISSION[:8],
    CheckNumber.MATCH,
    CheckNumber.LIVENESS,
    CheckNumber.MANUAL_OFFICERS,
    CheckNumber.PRISONER,
    CheckNumber.ONE_PERSON,
    CheckNumber.WARRANTS,
    CheckNumber.IMMIGRATION,
    CheckNumber.RECALL,
    CheckNumber.DATES,
    CheckNumber.LEGAL_STATUS,
    CheckNumber.HOLDS,
    CheckNumber.AUTHORISATION,
    CheckNumber.LICENCE,
    CheckNumber.APPROVERS,
    CheckNumber.USE,
    CheckNumber.CAPTURES,
    CheckNumber.SOFTWARE,
    CheckNumber.FRESHNESS,
)
"""Which refused check names the cause. A result that cannot be believed (1 to 8) says nothing about the person;
then who it is, then what bars the release, then what is missing. A failure tells more than an unknown."""
