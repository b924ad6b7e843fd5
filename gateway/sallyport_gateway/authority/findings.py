"""What a check found, from the table of reasons: the sentence filled in, with the records that it rests on."""

from collections.abc import Iterable
from typing import Any

from sallyport_gateway.authority.reasons import REASONS
from sallyport_protocol.causes import CauseCode as Cause
from sallyport_protocol.causes import NextStep
from sallyport_protocol.checks import CheckNumber, CheckOutcome, CheckResult


def finding(code: str, records: Iterable[str] = (), cause: Cause | None = None, /, **places: Any) -> CheckResult:
    """The finding with this code, its sentence filled in; `cause` overrides the row's."""
    row = REASONS[code]
    owner, step = row.to or (None, None)
    return CheckResult(
        CheckNumber(row.number),
        row.outcome,
        row.code,
        row.sentence.format(**places),
        tuple(str(each) for each in records),
        cause or row.cause,
        owner,
        step,
        row.judgement,
    )


def stale(number: CheckNumber, source: str) -> CheckResult:
    """What check `number` says when it found nothing wrong in a source that is too old or silent."""
    sentence = f"Nothing is known against it, but {source} is not fresh: see check 24."
    return CheckResult(number, CheckOutcome.UNKNOWN, "NOT_FRESH", sentence, next_step=NextStep.REFRESH_SOURCES)
