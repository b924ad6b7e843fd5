"""Case files that cannot be used get a sentence that says what is wrong, and where."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from sallyport_gateway.casebook.files import LIBRARY, expand, merge, named_case, read_case
from sallyport_gateway.casebook.schema import case_schema
from sallyport_gateway.commands.cli_decide import app
from sallyport_protocol.errors import MalformedError, RoadError


def base() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((LIBRARY / "base-cr.json").read_text())
    return content


def refused(tmp_path: Path, content: object) -> str:
    path = tmp_path / "case.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(MalformedError) as told:
        read_case(path)
    result = CliRunner().invoke(app, [str(path)])
    assert result.exit_code == 2 and str(told.value) in result.stderr.replace("\n", "")
    return str(told.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[]", "one JSON object"),
        ("{}", '"form" must be "sallyport-case/1"'),
        ('{"form": "sallyport-case/2"}', '"form" must be'),
        ('{"form": "sallyport-case/1", "form": "sallyport-case/1"}', "occurs twice"),
        ('{"form": "sallyport-case/1"}', "evidence is missing"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_what_is_no_case(tmp_path: Path, content: str, words: str) -> None:
    assert words in refused(tmp_path, content)


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        ({"now": "2026-06-10T09:30:00"}, "now is not a time with its zone"),
        ({"now": "yesterday"}, "now is not a time"),
        ({"surprise": 1}, "surprise is no field of it"),
        ({"evidence": {"prisoner": {"recall": "no"}}}, "evidence.prisoner.recall: Input should be a valid boolean"),
        ({"evidence": {"prisoner": {"legalStatus": "FREE"}}}, "evidence.prisoner.legalStatus"),
        ({"evidence": {"prisoner": {"dateOfBirth": "17/04/1991"}}}, "evidence.prisoner.dateOfBirth"),
        ({"evidence": {"asOf": {"RUMOUR": "2026-06-10T09:30:00Z"}}}, "evidence.asOf.RUMOUR"),
        ({"evidence": {"calculation": {"dates": {"CRX": "2026-06-10"}}}}, "evidence.calculation.dates.CRX"),
        ({"request": {"laneKind": "window"}}, "request.laneKind"),
        ({"request": {"prisonerNumber": "A" * 65}}, "request.prisonerNumber"),
        ({"admission": [{"number": 13, "reason": "BAD", "sentence": "Bad."}]}, "admission.0.number"),
        ({"admission": [{"number": 3, "outcome": "PASS", "reason": "BAD", "sentence": "Bad."}]}, "admission.0.outcome"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, patch: dict[str, Any], words: str) -> None:
    assert words in refused(tmp_path, merge(base(), patch))


def test_ten_megabytes_are_not_read(tmp_path: Path) -> None:
    assert "more than 1048576 bytes" in refused(tmp_path, json.dumps(base()) + " " * 10_000_000)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "case.json").write_bytes(b'{"form": "\xff"}')
    with pytest.raises(MalformedError, match="not JSON in UTF-8"):
        read_case(tmp_path / "case.json")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RoadError, match="No such file"):
        read_case(tmp_path / "nothing.json")
    assert CliRunner().invoke(app, [str(tmp_path / "nothing.json")]).exit_code == 2
    assert CliRunner().invoke(app, ["--library", "--folder", str(tmp_path)]).exit_code == 2
    assert CliRunner().invoke(app, []).exit_code == 2


def test_variants_in_a_circle_or_of_nothing(tmp_path: Path) -> None:
    variant = {"form": "sallyport-case/1", "name": "n", "lesson": "l", "expect": {"verdict": "HOLD"}}
    assert "is there a circle" in refused(tmp_path, {**variant, "extends": "case"})
    assert "extends: " in refused(tmp_path, {**variant, "extends": "../etc/passwd"})
    (tmp_path / "base.json").write_text(json.dumps(base()))
    assert "changes.expect is not one of" in refused(
        tmp_path, {**variant, "extends": "base", "changes": {"expect": {}}}
    )


def test_the_schema_file_is_the_schema_and_accepts_the_library() -> None:
    kept = json.loads((LIBRARY.parent / "schema.json").read_text())
    assert kept == case_schema()
    validator = Draft202012Validator(kept)
    for path in sorted(LIBRARY.glob("*.json")):
        validator.validate(json.loads(path.read_text()))
        validator.validate(expand(path))
    assert not validator.is_valid({**base(), "surprise": 1})


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner))
)
def test_merging_nothing_changes_nothing_and_merging_is_idempotent(value: Any) -> None:
    assert merge(base(), {}) == base()
    once = merge(base(), value)
    assert merge(once, value) == once


@pytest.mark.parametrize("text", ["9" * 5_000, "[" * 100_000, '{"form": "\ud83d'])
def test_what_python_itself_will_not_read_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.json").write_text(text, errors="surrogatepass")
    with pytest.raises(MalformedError, match=r"odd\.json is not JSON"):
        named_case(tmp_path / "odd.json")


def test_a_mistyped_field_is_told_with_the_one_that_is_meant(tmp_path: Path) -> None:
    case = json.loads((LIBRARY / "base-cr.json").read_text())
    case["evidence"]["prisoner"]["dateOfBrith"] = case["evidence"]["prisoner"].pop("dateOfBirth")
    (tmp_path / "typo.json").write_text(json.dumps(case))
    with pytest.raises(MalformedError, match=r"typo.json: .*dateOfBrith is no field of it \(is dateOfBirth meant\?\)"):
        named_case(tmp_path / "typo.json")
