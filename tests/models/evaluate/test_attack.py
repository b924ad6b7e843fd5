"""APCER and BPCER against answers known by hand."""

from pathlib import Path

import pytest

from sallyport_biometrics.face.passive import Signs
from sallyport_models.evaluate.attack import Presentation, report_of, species_of
from sallyport_protocol.errors import RoadError

CLEAN, MARKED = Signs(0.5, ()), Signs(9.0, ())


def test_rates_by_hand() -> None:
    live = [Presentation(f"P{number}", MARKED if number == 0 else CLEAN) for number in range(10)]
    screen = [Presentation(f"P{number}", CLEAN if number < 3 else MARKED) for number in range(10)]
    paper = [Presentation("P1", MARKED), Presentation("P2", None)]
    report = report_of({"live": live, "screen": screen, "paper": paper}, ("pattern",))
    assert report.bpcer.rate == pytest.approx(0.1)
    assert report.apcer["screen"].rate == pytest.approx(0.3)
    assert (report.apcer["paper"].rate, report.apcer["paper"].without_face) == (0.0, 1)
    assert report.worst == pytest.approx(0.3)
    assert report.apcer["screen"].interval.low < 0.3 < report.apcer["screen"].interval.high
    assert "no conformance" in report.not_shown


def test_says_which_folders_it_wants(tmp_path: Path) -> None:
    with pytest.raises(RoadError, match="live/ and attack/SPECIES/"):
        species_of(tmp_path)
    (tmp_path / "live").mkdir()
    (tmp_path / "attack" / "screen").mkdir(parents=True)
    assert list(species_of(tmp_path)) == ["live", "screen"]
