"""The library: every case decides as it expects, and the whole table of reasons is shown by some case."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sallyport_gateway.authority.policy import release_policy
from sallyport_gateway.authority.reasons import REASONS
from sallyport_gateway.casebook.files import LIBRARY, library
from sallyport_gateway.casebook.replay import replay
from sallyport_gateway.casebook.words import Case
from sallyport_gateway.commands.cli_decide import app
from sallyport_protocol.causes import CauseCode
from sallyport_protocol.decision import Verdict

CASES = library()
STANDARD = release_policy()

RARE = frozenset(
    {
        "CALCULATION_IN_FUTURE",
        "CALCULATION_REFERENCE_MALFORMED",
        "CHECKED_BEFORE_CALCULATED",
        "CREATED_IN_FUTURE",
        "DATE_MISSING",
        "GRANTED",
        "LEDGER_UNKNOWN",
        "MANUAL_BY_CALCULATOR",
        "NOT_MANUAL",
        "NO_CALCULATION",
        "NO_CONFIRMING_OFFICER",
        "NO_DEPORTATION_ORDER",
        "NO_IDENTITY",
        "ORDER_IN_FUTURE",
        "ORDER_OF_OTHER_KIND",
        "OTHER_MOVEMENT",
        "PURPOSE_NOT_COVERED",
        "RECALL_NOT_MARKED",
        "RECALL_UNKNOWN",
        "REVIEWED_IN_FUTURE",
        "APPROVED_IN_FUTURE",
        "COURT_SENTENCE_NOT_CALCULATED",
        "WARRANT_ALERT",
        "WARRANT_UNKNOWN",
    }
)
"""Reasons that no case of the library shows; `tests/gateway/authority` shows each."""


@pytest.mark.parametrize("case", [each for _, each in CASES], ids=[path.stem for path, _ in CASES])
def test_the_case_decides_as_it_expects(case: Case) -> None:
    assert case.expect is not None
    assert replay(case, STANDARD).wrong == ()


def test_there_are_at_least_sixty_and_every_story_of_the_field_is_among_them() -> None:
    names = " ".join(path.stem for path, _ in CASES)
    assert len(CASES) >= 60
    for story in (
        *("kebatu", "smith-2025", "kaddour-cherif", "moore-2014", "clegg", "hewell", "maclellan"),
        *("repealed-code", "wristband-swap", "shea-2025"),
    ):
        assert story in names, story


def test_the_library_shows_every_reason_but_the_rare_ones_and_every_cause() -> None:
    replays = [replay(case, STANDARD) for _, case in CASES]
    shown = {check.reason for each in replays for check in each.decision.refused}
    assert REASONS.keys() - shown == RARE
    assert {each.decision.cause for each in replays} == {None, *CauseCode}
    assert {each.decision.verdict for each in replays} == {*Verdict}


def test_the_command_reports_cases_and_wrong() -> None:
    result = CliRunner().invoke(app, ["--library", "--json"])
    told = json.loads(result.stdout)
    assert result.exit_code == 0 and told["cases"] == len(CASES) and told["wrong"] == 0 and told["differences"] == []


def test_a_wrong_expectation_is_told_and_ends_with_one(tmp_path: Path) -> None:
    content = json.loads((LIBRARY / "base-cr.json").read_text())
    content["expect"] = {"verdict": "HOLD", "failed": [17], "cause": "OTHER", "reasons": ["USED"], "owner": "SECURITY"}
    (tmp_path / "case.json").write_text(json.dumps(content))
    result = CliRunner().invoke(app, [str(tmp_path / "case.json"), "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["wrong"] == [
        "verdict is RELEASE, expected HOLD",
        "cause is none, expected OTHER",
        "failed checks is none, expected 17",
        "owner is CONFIRMING_OFFICER, expected SECURITY",
        "reason USED was not reported",
    ]
    result = CliRunner().invoke(app, ["--library", "--folder", str(tmp_path), "--json"])
    assert result.exit_code == 1 and json.loads(result.stdout)["wrong"] == 1


def test_a_case_is_told_in_words() -> None:
    result = CliRunner().invoke(app, [str(LIBRARY / "is91.json")])
    assert result.exit_code == 0
    assert "HOLD" in result.stdout and "Immigration warrant not applied" in result.stdout
    assert "Ask Home Office" in result.stdout and "IS91" in result.stdout


def test_the_complete_form_of_a_variant_decides_the_same(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [str(LIBRARY / "kebatu-2025.json"), "--expand"])
    (tmp_path / "whole.json").write_text(result.stdout)
    assert "extends" not in result.stdout
    again = CliRunner().invoke(app, [str(tmp_path / "whole.json"), "--json"])
    first = CliRunner().invoke(app, [str(LIBRARY / "kebatu-2025.json"), "--json"])
    assert again.exit_code == first.exit_code == 0 and again.stdout == first.stdout
