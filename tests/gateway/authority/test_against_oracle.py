"""Generated cases: no wrong release, no wrong hold, against a second opinion that shares nothing with the product."""

import json
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from random import Random

import pytest
from case_maker import make
from naive_oracle import refused_checks

from sallyport_gateway.authority.policy import release_policy
from sallyport_gateway.casebook.replay import replay
from sallyport_gateway.casebook.words import Case
from sallyport_protocol.decision import CheckOutcome, Verdict


def judge(seeds: range) -> Counter[str]:
    """Counts verdicts; a case that the oracle sees differently is named by its seed."""
    standard, told = release_policy(), Counter[str]()
    for seed in seeds:
        case = make(Random(seed))
        wanted = refused_checks(case)
        decision = replay(Case.parse(json.dumps(case)), standard).decision
        found = {int(each.number) for each in decision.checks if each.outcome is not CheckOutcome.PASS}
        told[decision.verdict] += 1
        told["should release"] += not wanted
        for number in wanted:
            told[f"check {number}"] += 1
        if (decision.verdict is Verdict.RELEASE) != (not wanted) or found != wanted:
            told[f"WRONG seed {seed}: {sorted(found)} instead of {sorted(wanted)}"] += 1
    return told


def expect_right(told: Counter[str], cases: int) -> None:
    assert not [line for line in told if line.startswith("WRONG")][:10]
    assert told[Verdict.RELEASE] == told["should release"] > cases * 0.2
    assert told[Verdict.HOLD] > cases * 0.3 and told[Verdict.REFER] > 0
    assert all(told[f"check {number}"] > 0 for number in range(13, 27))


def test_a_sample() -> None:
    expect_right(judge(range(6_000)), 6_000)


@pytest.mark.long
@pytest.mark.timeout(4 * 3_600)
def test_a_million() -> None:
    cases, part = 1_000_000, 10_000
    parts = [range(start, start + part) for start in range(1_000_000, 1_000_000 + cases, part)]
    told = Counter[str]()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for each in pool.map(judge, parts):
            told.update(each)
    print({key: told[key] for key in sorted(told)})
    expect_right(told, cases)
