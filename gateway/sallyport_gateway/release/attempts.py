"""How often one authorisation may be tried: a bound, a pause, then the manual path (S16).

Counted for each authorisation by itself, so that nobody's failures lock anybody else out.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, select

from sallyport_gateway.store.prepared import Prepared
from sallyport_gateway.store.tables import sessions
from sallyport_protocol import canonical
from sallyport_protocol.checks import CheckNumber, CheckOutcome
from sallyport_protocol.decision import Verdict
from sallyport_protocol.documents import Policy
from sallyport_protocol.messages import Outcome

_NO_ATTEMPT: Final = (Outcome.FAULT.value, Outcome.ABANDONED.value)
"""Reasons of check 12 that say nothing about the person."""
_LIMIT: Final = 1 << 20
_REFUSED: Final = Prepared(
    select(sessions.c.decision, sessions.c.decided_at).where(
        sessions.c.authorisation == bindparam("a"),
        sessions.c.decision.is_not(None),
        sessions.c.verdict != Verdict.RELEASE.value,
    )
)
"""A RELEASE passed every check, so no attempt failed in it."""


def failed_attempts(conn: Connection, authorisation: str) -> list[int]:
    """When the checks on it were decided in which face, finger or liveness did not pass; ms since 1970 UTC, rising."""
    rows = _REFUSED.all(conn, a=authorisation)
    return sorted(row.decided_at for row in rows if _failed(row.decision))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One decided check at the kiosk that was no RELEASE. `outcome`: ATTACK_SUSPECTED (check 11 failed), NON_MATCH
    (check 12 failed), the kiosk's own word where nothing was compared, or MATCH."""

    at: int
    outcome: str
    doubted: bool = False
    """Whether the kiosk itself was in doubt: one of checks 1 to 10 did not pass."""


def attempts_on(conn: Connection, authorisation: str) -> tuple[Attempt, ...]:
    """The attempts on it, oldest first; `at` in ms since 1970 UTC."""
    rows = sorted(_REFUSED.all(conn, a=authorisation), key=lambda row: row.decided_at)
    read = ((row.decided_at, _outcome(row.decision)) for row in rows)
    return tuple(Attempt(at, *found) for at, found in read if found is not None)


def pause_left(failures: list[int], policy: Policy, now: int) -> int:
    """Seconds until the manual path is open after the last failed attempt that there may be; 0 for now. Pure."""
    if len(failures) < policy.operating.attempts:
        return 0
    return max(0, -(-(failures[-1] + policy.attempts_pause_s * 1_000 - now) // 1_000))


def refuse_attempt(failures: list[int], policy: Policy, now: int) -> str | None:
    """Why there is no further attempt; None when there is one. Pure."""
    if len(failures) < policy.operating.attempts:
        return None
    wait = pause_left(failures, policy, now)
    if wait:
        return f"{len(failures)} attempts have failed. Wait {wait} s, then take the manual path."
    return f"{len(failures)} attempts have failed. Take the manual path: call the duty governor."


def _outcome(decision: bytes) -> tuple[str, bool] | None:
    """The outcome, and whether the kiosk was in doubt. None for a decision of the manual path: no checks 11 and 12."""
    checks = canonical.decode(decision, limit=_LIMIT)["checks"]
    found = {each["number"]: each for each in checks}
    live, match = found.get(int(CheckNumber.LIVENESS)), found.get(int(CheckNumber.MATCH))
    if live is None or match is None or match["reason"] == "NOT_REACHED":
        return None
    doubted = any(each["number"] < CheckNumber.LIVENESS and each["outcome"] != CheckOutcome.PASS for each in checks)
    if live["outcome"] == CheckOutcome.FAIL:
        return "ATTACK_SUSPECTED", doubted
    if match["outcome"] == CheckOutcome.FAIL and match["reason"] != "NOTHING_COMPARED":
        return "NON_MATCH", doubted
    return "MATCH" if match["outcome"] == CheckOutcome.PASS else str(match["reason"]), doubted


def _failed(decision: bytes) -> bool:
    for check in canonical.decode(decision, limit=_LIMIT)["checks"]:
        about_the_person = check["number"] in (CheckNumber.LIVENESS, CheckNumber.MATCH)
        if about_the_person and check["outcome"] != CheckOutcome.PASS and check["reason"] != "NOT_REACHED":
            return check["reason"] not in _NO_ATTEMPT
    return False
