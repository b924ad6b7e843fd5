"""What company is worth: counted by kind, bounded by what few sessions can show, and kept with the calibration."""

import json
import math
import tomllib
from pathlib import Path
from typing import Any

import pytest

from sallyport_biometrics.face.attack import LARGEST, AttackCalibration, score_of
from sallyport_models.attack_calibration import FILE, parse_attack_calibration
from sallyport_models.calibrate.company import Sessions as Report
from sallyport_models.calibrate.company import calibrate_company, company_table, upper_bound, worth
from sallyport_protocol.errors import MalformedError


def report(genuine: tuple[int, int], **species: tuple[str, int, int]) -> dict[str, Any]:
    return {
        "bpcer": {"sessions": genuine[1], "rate": 0.0},
        "genuine_company": genuine[0],
        "species": {
            name: {"held": held, "company": passed, "apcer": {"sessions": tried}}
            for name, (held, passed, tried) in species.items()
        },
    }


FOUND = report((38, 40), print_still=("print", 0, 30), print_eyes=("print", 0, 30), puppet=("answering", 3, 60))


def table(*reports: dict[str, Any]) -> dict[str, Any]:
    text = company_table([Report.model_validate(each) for each in reports])
    return dict(tomllib.loads(text)["company"])


def test_the_kind_that_gets_furthest_counts() -> None:
    found = table(FOUND)
    assert (found["live"], found["held"]) == ([38, 40], {"answering": [3, 60], "print": [0, 60]})
    assert found["nats"] == pytest.approx(math.log(38 / 40 / upper_bound(3, 60)), abs=1e-4)


def test_reports_are_added_and_what_is_not_held_before_the_camera_says_nothing() -> None:
    wire = report((40, 40), wire=("", 9, 9), print_still=("print", 0, 30))
    assert table(FOUND, wire)["held"] == {"answering": [3, 60], "print": [0, 90]}


@pytest.mark.parametrize(("passed", "tried", "bound"), [(0, 59, 0.0495), (0, 1, 0.95), (5, 5, 1.0), (3, 60, 0.1239)])
def test_the_bound_is_exact(passed: int, tried: int, bound: float) -> None:
    assert upper_bound(passed, tried) == pytest.approx(bound, abs=5e-4)


def test_few_sessions_are_worth_little_and_many_not_everything() -> None:
    assert worth((10, 10), [(0, 10)]) < worth((10, 10), [(0, 100)]) < worth((10, 10), [(0, 10**6)]) < LARGEST
    assert worth((5, 10), [(6, 10)]) == 0.0


@pytest.mark.parametrize("wrong", [report((0, 4), a=("print", 0, 3)), report((4, 4), a=("", 0, 3))])
def test_without_people_or_attacks_nothing_is_said(wrong: dict[str, Any]) -> None:
    with pytest.raises(MalformedError, match="no living people or nothing"):
        table(wrong)


def test_it_completes_the_calibration_again_and_again(tmp_path: Path) -> None:
    output, seen = tmp_path / "attack.toml", tmp_path / "report.json"
    output.write_bytes(FILE.read_bytes())
    seen.write_text(json.dumps(FOUND))
    for _ in range(2):
        calibrate_company([seen], output)
    assert output.read_text().count("[company]") == 1
    before, after = (calibration.for_networks(()) for calibration in (_shipped(), parse(output)))
    assert after.company > 1.0 and (after.limit, after.colour) == (before.limit, before.colour)
    frames = [{"dark": 9.0, "glow": 9.0}]
    alone, trusted = (score_of(frames, after, company) for company in (False, True))
    assert alone is not None and trusted is not None and trusted < alone
    assert alone == score_of(frames, before)


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff"])
def test_what_is_no_report_is_named(tmp_path: Path, content: bytes) -> None:
    seen = tmp_path / "odd.json"
    seen.write_bytes(content)
    with pytest.raises(MalformedError, match=r"odd\.json"):
        calibrate_company([seen], tmp_path / "x.toml")


@pytest.mark.parametrize("nats", ["-0.1", "5.0", "nan", "inf"])
def test_a_worth_that_cannot_be_is_refused(nats: str) -> None:
    text = FILE.read_text().partition("\n[company]\n")[0] + f"\n[company]\nnats = {nats}\n"
    with pytest.raises(MalformedError, match="company must be worth"):
        AttackCalibration.from_toml_dict(tomllib.loads(text))


def _shipped() -> AttackCalibration:
    return parse(FILE)


def parse(path: Path) -> AttackCalibration:
    return parse_attack_calibration(path.read_bytes(), path)
