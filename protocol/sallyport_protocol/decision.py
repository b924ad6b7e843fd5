"""The gateway's judgement, as words: one verdict, one cause, every check's finding.

The composition rule is `judge`: every required check must be there exactly once and pass, or nothing opens.
Nothing here does I/O; `now` is an argument.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Any

from sallyport_protocol.causes import CauseCode, NextStep, Owner
from sallyport_protocol.checks import (
    ADMISSION,
    AUTHORISATION,
    DEFAULTS,
    REQUIRED,
    TELLING,
    CheckNumber,
    CheckOutcome,
    CheckResult,
    Path,
    failed,
    passed,
    unknown,
)
from sallyport_protocol.errors import MalformedError

__all__ = [
    "ADMISSION",
    "AUTHORISATION",
    "DECISION_LIFE",
    "DEFAULTS",
    "REQUIRED",
    "TELLING",
    "CauseCode",
    "CheckNumber",
    "CheckOutcome",
    "CheckResult",
    "Decision",
    "NextStep",
    "Owner",
    "Path",
    "Verdict",
    "failed",
    "judge",
    "passed",
    "unknown",
]

DECISION_LIFE = timedelta(seconds=60)
"""How long a RELEASE may be acted on, seconds (design §1, invariant S3)."""


class Verdict(StrEnum):
    """RELEASE opens after the officer's confirmation; HOLD and REFER never open."""

    RELEASE = "RELEASE"
    HOLD = "HOLD"
    REFER = "REFER"


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gateway decided on one attempt, complete enough to be replayed by an auditor.

    `valid_until` is set on a RELEASE only. `session` and `authorisation_id` are texts (hex, UUID); the policy is
    named by its version and SHA-256. `audit_index` is filled in when the decision has been recorded.
    """

    verdict: Verdict
    path: Path
    checks: tuple[CheckResult, ...]
    cause: CauseCode | None
    owner: Owner
    next_step: NextStep
    decided_at: datetime
    valid_until: datetime | None
    session: str
    prisoner_number: str
    authorisation_id: str
    policy: str
    audit_index: int | None = None

    def __post_init__(self) -> None:
        if (self.verdict is Verdict.RELEASE) != (self.cause is None and self.valid_until is not None):
            raise MalformedError("A RELEASE has a validity and no cause; a HOLD or REFER has a cause and no validity.")
        if self.verdict is Verdict.RELEASE and not _complete(self.checks, self.path):
            raise MalformedError("A RELEASE needs every required check exactly once, each passed.")

    @property
    def records(self) -> tuple[str, ...]:
        """Every record relied on, each once, in the order of the checks."""
        return tuple(dict.fromkeys(record for check in self.checks for record in check.records))

    @property
    def refused(self) -> tuple[CheckResult, ...]:
        """The findings that did not pass, in check order."""
        return tuple(check for check in self.checks if check.outcome is not CheckOutcome.PASS)

    @property
    def telling(self) -> CheckResult | None:
        """The finding that names the cause; None on a RELEASE."""
        return _most_telling(self.refused) if self.refused else None

    def numbers(self, outcome: CheckOutcome) -> tuple[int, ...]:
        """The numbers of the checks with a finding of this outcome, rising."""
        return tuple(sorted({int(check.number) for check in self.checks if check.outcome is outcome}))

    def usable(self, now: datetime) -> bool:
        """May the door still be opened on it at `now`?"""
        return self.valid_until is not None and self.decided_at <= now < self.valid_until

    def to_map(self) -> dict[str, Any]:
        """As plain maps, texts and integers, ready for JSON or CBOR; times are UTC to the millisecond."""
        return {
            "verdict": self.verdict.value,
            "path": self.path.value,
            "checks": [check.to_map() for check in self.checks],
            "cause": None if self.cause is None else self.cause.value,
            "owner": self.owner.value,
            "next_step": self.next_step.value,
            "decided_at": _stamp(self.decided_at),
            "valid_until": None if self.valid_until is None else _stamp(self.valid_until),
            "session": self.session,
            "prisoner_number": self.prisoner_number,
            "authorisation_id": self.authorisation_id,
            "policy": self.policy,
            "records": list(self.records),
            "audit_index": self.audit_index,
        }


def judge(
    checks: Iterable[CheckResult],
    *,
    path: Path,
    now: datetime,
    window_ends: datetime | None,
    session: str,
    prisoner_number: str,
    authorisation_id: str,
    policy: str,
) -> Decision:
    """The composition rule.

    RELEASE when every check that the path requires is there exactly once and passed, nothing else was reported,
    and the authorisation's window has an end after `now`. Otherwise REFER when every finding that did not pass
    asks for a person's judgement, else HOLD. A required check that is missing counts as unknown: no checks, no
    release.
    """
    findings = _with_missing(tuple(checks), path)
    refused = [check for check in findings if check.outcome is not CheckOutcome.PASS]
    valid_until = None
    if _complete(findings, path) and window_ends is not None and now < window_ends:
        verdict, cause = Verdict.RELEASE, None
        owner, step = Owner.CONFIRMING_OFFICER, NextStep.OPEN_THE_DOOR
        valid_until = min(now + DECISION_LIFE, window_ends)
    else:
        verdict = Verdict.REFER if refused and all(check.judgement for check in refused) else Verdict.HOLD
        cause, owner, step = _blame(refused)
    return Decision(
        verdict=verdict,
        path=path,
        checks=findings,
        cause=cause,
        owner=owner,
        next_step=step,
        decided_at=now,
        valid_until=valid_until,
        session=session,
        prisoner_number=prisoner_number,
        authorisation_id=authorisation_id,
        policy=policy,
    )


def _with_missing(checks: tuple[CheckResult, ...], path: Path) -> tuple[CheckResult, ...]:
    """The findings in check order, each required check that nobody made added as unknown."""
    missing = set(REQUIRED[path]) - {check.number for check in checks}
    added = [unknown(each, "NOT_MADE", f"Check {int(each)} was not made: {each.title}.") for each in missing]
    return tuple(sorted((*checks, *added), key=_BY_NUMBER))


_BY_NUMBER = attrgetter("number")


def _complete(checks: tuple[CheckResult, ...], path: Path) -> bool:
    """Exactly the required checks, each once, each passed."""
    if any(check.outcome is not CheckOutcome.PASS for check in checks):
        return False
    return tuple(check.number for check in checks) == REQUIRED[path]


def _blame(refused: list[CheckResult]) -> tuple[CauseCode, Owner, NextStep]:
    """Cause, owner and first step of the most telling finding: failures before unknowns, then `TELLING`."""
    if not refused:
        return CauseCode.OTHER, Owner.OFFENDER_MANAGEMENT, NextStep.ASK_OFFENDER_MANAGEMENT
    telling = _most_telling(refused)
    cause, owner, step = DEFAULTS[telling.number]
    return telling.cause or cause, telling.owner or owner, telling.next_step or step


def _most_telling(refused: Iterable[CheckResult]) -> CheckResult:
    return min(refused, key=lambda c: (c.outcome is not CheckOutcome.FAIL, TELLING.index(c.number)))


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
