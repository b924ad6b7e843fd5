"""Replays a case: the decision that it gives, and how that differs from what it expects. Pure."""

from dataclasses import dataclass

from sallyport_gateway.authority.decide import decide
from sallyport_gateway.authority.policy import ReleasePolicy
from sallyport_gateway.casebook.words import Case, Expectation
from sallyport_protocol.checks import REQUIRED, CheckNumber, CheckOutcome, CheckResult, passed
from sallyport_protocol.decision import Decision


@dataclass(frozen=True, slots=True)
class Replay:
    """One case's decision; `wrong` says, in sentences, where it is not what the case expects."""

    case: Case
    decision: Decision
    wrong: tuple[str, ...]


def replay(case: Case, standard: ReleasePolicy) -> Replay:
    """Decides the case by its own policy, else by `standard`."""
    decision = decide(_admission(case), case.request, case.evidence, case.policy or standard, case.now)
    return Replay(case, decision, () if case.expect is None else _differences(decision, case.expect))


def _admission(case: Case) -> list[CheckResult]:
    """Checks 1 to 12 (1 to 8 on the manual path): passed but for the case's findings."""
    refused = [
        CheckResult(CheckNumber(each.number), each.outcome, each.reason, each.sentence) for each in case.admission
    ]
    numbers = {each.number for each in refused}
    wanted = [number for number in REQUIRED[case.request.path] if number <= CheckNumber.MATCH]
    return [*refused, *(passed(number) for number in wanted if number not in numbers)]


def _differences(decision: Decision, expect: Expectation) -> tuple[str, ...]:
    reported = {check.reason for check in decision.refused}
    found: list[tuple[str, object, object]] = [
        ("verdict", decision.verdict, expect.verdict),
        ("cause", decision.cause, expect.cause),
        ("failed checks", decision.numbers(CheckOutcome.FAIL), expect.failed),
        ("unknown checks", decision.numbers(CheckOutcome.UNKNOWN), expect.unknown),
    ]
    if expect.owner is not None:
        found.append(("owner", decision.owner, expect.owner))
    if expect.next_step is not None:
        found.append(("next step", decision.next_step, expect.next_step))
    lines = [f"{what} is {_say(got)}, expected {_say(wanted)}" for what, got, wanted in found if got != wanted]
    missing = [code for code in expect.reasons or () if code not in reported]
    return (*lines, *(f"reason {code} was not reported" for code in missing))


def _say(value: object) -> str:
    return ", ".join(str(each) for each in value) or "none" if isinstance(value, tuple) else str(value or "none")
