"""APCER and BPCER against answers known by hand; what a presentation is on disk."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from sallyport_biometrics.face.attack import Weights
from sallyport_models.evaluate.attack import det_lines, report_of
from sallyport_models.evaluate.attack_presentations import Presentation, presentations_in
from sallyport_protocol.errors import RoadError

MARK = Weights((), {"mark": 0.0}, {"mark": 1.0}, {"mark": 1.0}, 0.5)


def shown(subject: str, species: str, *marks: float, setting: str = "") -> Presentation:
    return Presentation(subject, species, setting, tuple({"mark": mark} for mark in marks))


LIVE = [shown(f"P{number}", "live", 2.0 if number == 0 else 0.0, setting="ab"[number % 2]) for number in range(10)]
SCREEN = [shown(f"P{number}", "screen", 0.0 if number < 3 else 2.0) for number in range(10)]
PAPER = [shown("P1", "paper", 2.0), shown("P2", "paper")]


def test_rates_by_hand() -> None:
    report = report_of([*LIVE, *SCREEN, *PAPER], MARK)
    assert report.bpcer.rate == pytest.approx(0.1)
    assert {name: rate.rate for name, rate in report.bpcer_by_setting.items()} == {"a": 0.2, "b": 0.0}
    assert report.apcer["screen"].rate == pytest.approx(0.3)
    assert (report.apcer["paper"].rate, report.apcer["paper"].images, report.apcer["paper"].without_face) == (0.0, 1, 1)
    assert report.worst == pytest.approx(0.3)
    assert report.apcer["screen"].interval.low < 0.3 < report.apcer["screen"].interval.high
    assert "no conformance" in report.not_shown and report.signs == ("mark",)


def test_frames_of_one_presentation_are_judged_together() -> None:
    three = [shown("P1", "screen", 2.0, 2.0, -9.0), shown("P2", "screen", 2.0, 2.0, 0.0)]
    assert report_of([*LIVE, *three], MARK).apcer["screen"].rate == 0.5


def test_the_det_plot_has_a_line_for_each_species() -> None:
    lines = det_lines([*LIVE, *SCREEN, *(shown(f"Q{number}", "paper", 2.0) for number in range(5))], MARK)
    assert set(lines) == {"screen", "paper"}
    assert all((points >= 0).all() and (points <= 1).all() for points in lines.values())


def image(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.zeros((8, 8, 3), np.uint8))


def test_images_settings_and_folders_of_frames(tmp_path: Path) -> None:
    image(tmp_path / "live" / "ANNA_0001.png")
    image(tmp_path / "live" / "webcam" / "ANNA_0002.png")
    for frame in range(3):
        image(tmp_path / "attack" / "screen" / "phone" / "BEN_0001" / f"{frame}.png")
    found = {(each.subject, each.species, each.setting): len(each.frames) for each in presentations_in(tmp_path)}
    assert found == {("ANNA", "live", ""): 1, ("ANNA", "live", "webcam"): 1, ("BEN", "screen", "phone"): 3}


def test_says_which_folders_it_wants(tmp_path: Path) -> None:
    with pytest.raises(RoadError, match="live/ and attack/SPECIES/"):
        presentations_in(tmp_path)
    image(tmp_path / "live" / "ANNA_0001.png")
    (tmp_path / "attack" / "screen").mkdir(parents=True)
    with pytest.raises(RoadError, match="screen: no JPEG or PNG"):
        presentations_in(tmp_path)
