"""The composition rule: nothing but the full set of passes opens."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sallyport_protocol.checks import CheckResult, failed, passed, unknown
from sallyport_protocol.decision import (
    DEFAULTS,
    REQUIRED,
    TELLING,
    CauseCode,
    CheckNumber,
    CheckOutcome,
    Decision,
    Path,
    Verdict,
    judge,
)
from sallyport_protocol.errors import MalformedError

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
END = NOW + timedelta(hours=2)


def decide(checks: list[CheckResult], path: Path = Path.BIOMETRIC, end: datetime | None = END) -> Decision:
    return judge(
        checks,
        path=path,
        now=NOW,
        window_ends=end,
        session="00" * 16,
        prisoner_number="A1234BC",
        authorisation_id="one",
        policy="2026-1",
    )


def all_pass(path: Path = Path.BIOMETRIC) -> list[CheckResult]:
    return [passed(number) for number in REQUIRED[path]]


@pytest.mark.parametrize("path", Path)
def test_every_required_check_passed_releases_for_a_minute(path: Path) -> None:
    decision = decide(all_pass(path), path)
    assert decision.verdict is Verdict.RELEASE
    assert decision.valid_until == NOW + timedelta(seconds=60)
    assert decision.usable(NOW + timedelta(seconds=59))
    assert not decision.usable(NOW + timedelta(seconds=60))
    assert not decision.usable(NOW - timedelta(seconds=1))


def test_no_checks_is_no_release() -> None:
    decision = decide([])
    assert decision.verdict is Verdict.HOLD
    assert decision.numbers(CheckOutcome.UNKNOWN) == tuple(range(1, 26))


@pytest.mark.parametrize("path", Path)
def test_any_missing_failed_or_unknown_check_holds(path: Path) -> None:
    for number in REQUIRED[path]:
        rest = [check for check in all_pass(path) if check.number is not number]
        for extra in ([], [failed(number, "BAD", "Bad.")], [unknown(number, "UNSURE", "Unsure.")]):
            decision = decide(rest + extra, path)
            assert decision.verdict is Verdict.HOLD, number
            assert decision.cause is DEFAULTS[number][0]


def test_a_check_reported_twice_or_beyond_the_path_holds() -> None:
    assert decide([*all_pass(), passed(CheckNumber.MATCH)]).verdict is Verdict.HOLD
    assert decide([*all_pass(), passed(CheckNumber.MANUAL_OFFICERS)]).verdict is Verdict.HOLD
    assert decide(all_pass(), Path.MANUAL).verdict is Verdict.HOLD


@pytest.mark.parametrize("end", [None, NOW, NOW - timedelta(seconds=1)])
def test_no_open_window_is_no_release(end: datetime | None) -> None:
    assert decide(all_pass(), end=end).verdict is Verdict.HOLD


def test_the_validity_ends_with_the_window() -> None:
    assert decide(all_pass(), end=NOW + timedelta(seconds=5)).valid_until == NOW + timedelta(seconds=5)


def test_only_matters_of_judgement_refer() -> None:
    weigh = CheckResult(CheckNumber.WARRANTS, CheckOutcome.FAIL, "SIMILAR", "Look.", judgement=True)
    rest = [check for check in all_pass() if check.number is not CheckNumber.WARRANTS]
    assert decide([*rest, weigh]).verdict is Verdict.REFER
    hard = [check for check in rest if check.number is not CheckNumber.HOLDS]
    assert decide([*hard, weigh, failed(CheckNumber.HOLDS, "XNR", "No.")]).verdict is Verdict.HOLD


def test_a_failure_tells_more_than_an_unknown_and_the_person_more_than_the_paper() -> None:
    assert {*TELLING} == {*CheckNumber} and len(TELLING) == len(CheckNumber)
    for first, second in pairwise(TELLING):
        both = [failed(first, "ONE", "One."), failed(second, "TWO", "Two.")]
        decision = decide(both)
        assert (decision.cause, decision.owner, decision.next_step) == DEFAULTS[first]
        decision = decide([unknown(first, "ONE", "One."), both[1]])
        assert (decision.cause, decision.owner, decision.next_step) == DEFAULTS[second]


def test_a_release_cannot_be_made_by_hand_without_its_checks() -> None:
    good = decide(all_pass())
    with pytest.raises(MalformedError):
        Decision(
            **{
                **{name: getattr(good, name) for name in Decision.__slots__},
                "checks": good.checks[:-1],
            }
        )


def test_the_map_is_plain() -> None:
    finding = CheckResult(
        CheckNumber.WARRANTS,
        CheckOutcome.FAIL,
        "WARRANT_OUTSTANDING",
        "Warrant W1 is outstanding.",
        ("W1",),
        cause=CauseCode.REMAND_WARRANT,
    )
    rest = [check for check in all_pass() if check.number is not CheckNumber.WARRANTS]
    told = decide([*rest, finding]).to_map()
    assert told["cause"] == "REMAND_WARRANT" and told["records"] == ["W1"]
    assert told["decided_at"] == "2026-11-20T09:00:00.000Z" and told["valid_until"] is None
    assert [check["number"] for check in told["checks"]] == list(range(1, 26))
    assert type(told["verdict"]) is str and type(told["checks"][16]["cause"]) is str


@pytest.mark.parametrize("reason", ["", "lower", "A", "1A", "WITH SPACE"])
def test_reason_codes_have_one_form(reason: str) -> None:
    with pytest.raises(MalformedError):
        failed(CheckNumber.PARSE, reason, "Text.")
    with pytest.raises(MalformedError):
        failed(CheckNumber.PARSE, "GOOD", " ")


@given(
    st.lists(st.tuples(st.sampled_from(CheckNumber), st.sampled_from(CheckOutcome)), max_size=40),
    st.sampled_from(Path),
)
def test_release_implies_exactly_the_passes(found: list[tuple[CheckNumber, CheckOutcome]], path: Path) -> None:
    checks = [CheckResult(number, outcome, "SOME_REASON", "Text.") for number, outcome in found]
    decision = decide(checks, path)
    exact = sorted(n for n, _ in found) == list(REQUIRED[path]) and all(o == "PASS" for _, o in found)
    assert (decision.verdict is Verdict.RELEASE) == exact
    assert {int(n) for n in REQUIRED[path]} <= {int(c.number) for c in decision.checks}
