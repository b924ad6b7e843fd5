"""APCER and BPCER against answers known by hand; what a presentation is on disk."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from sallyport_biometrics.face.attack import Curve, Signs, Tail, Weights
from sallyport_biometrics.face.words import Box, Face, Landmarks
from sallyport_models.__main__ import app
from sallyport_models.evaluate.attack import det_lines, report_of
from sallyport_models.evaluate.attack_presentations import Presentation, at_most, presentations_in
from sallyport_models.store import default_store
from sallyport_protocol.errors import RoadError

SAMPLES = Path(__file__).parents[3] / "var" / "samples"

SIGNS = Signs({"mark": Curve((0.0, 9.0), (0.0, 9.0))}, Tail(0.0, 1.0))
MARK = Weights((), SIGNS, SIGNS, Tail(0.0, 1.0), narrow=0.0, limit=0.5, alone=0.5)


def shown(subject: str, species: str, *marks: float, setting: str = "") -> Presentation:
    return Presentation(subject, species, setting, tuple({"mark": mark} for mark in marks))


LIVE = [shown(f"P{number}", "live", 2.0 if number == 0 else 0.0, setting="ab"[number % 2]) for number in range(10)]
SCREEN = [shown(f"P{number}", "screen", 0.0 if number < 3 else 2.0) for number in range(10)]
PAPER = [shown("P1", "paper", 2.0), shown("P2", "paper")]


def test_rates_by_hand() -> None:
    report = report_of([*LIVE, *SCREEN, *PAPER], MARK)
    assert report.bpcer is not None and report.bpcer.rate == pytest.approx(0.1)
    assert {name: rate.rate for name, rate in report.bpcer_by_setting.items()} == {"a": 0.2, "b": 0.0}
    assert report.apcer["screen"].rate == pytest.approx(0.3)
    assert (report.apcer["paper"].rate, report.apcer["paper"].images, report.apcer["paper"].without_face) == (0.0, 1, 1)
    assert report.worst == pytest.approx(0.3)
    assert (report.limit, report.networks) == (0.5, ())
    assert report.apcer["screen"].interval.low < 0.3 < report.apcer["screen"].interval.high
    assert "no conformance" in report.not_shown and report.signs == ("mark",)


def test_frames_of_one_presentation_are_judged_together() -> None:
    three = [shown("P1", "screen", 1.0, 0.0, 0.0), shown("P2", "screen", 2.0, 2.0, 0.0)]
    assert report_of([*LIVE, *three], MARK).apcer["screen"].rate == 0.5


def test_one_kind_alone_has_its_own_figures() -> None:
    live, attacks = report_of(LIVE, MARK), report_of(SCREEN, MARK)
    assert live.bpcer is not None and live.bpcer.rate == pytest.approx(0.1)
    assert (live.apcer, live.eer, live.worst) == ({}, None, None)
    assert attacks.bpcer is None and attacks.eer is None
    assert attacks.apcer["screen"].rate == pytest.approx(0.3)
    assert det_lines(LIVE, MARK) == det_lines(SCREEN, MARK) == {}


def test_what_could_not_be_judged_is_counted_and_is_no_error() -> None:
    none = [Presentation("P1", "paper", "", (), 1), Presentation("P2", "paper", "", ())]
    paper = report_of(none, MARK).apcer["paper"]
    assert (paper.images, paper.without_face, paper.unreadable, paper.rate) == (0, 2, 1, 0.0)
    assert (paper.interval.low, paper.interval.high) == (0, 1) and report_of(none, MARK).worst is None


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


def test_names_and_folders_as_people_make_them(tmp_path: Path) -> None:
    image(tmp_path / "live" / "IMG 17 (2).JPG")
    image(tmp_path / "live" / "b.PNG")
    image(tmp_path / "live" / ".hidden.png")
    for name in ("anna_0001", "ben_0001"):
        image(tmp_path / "attack" / "print" / "phone_1" / f"{name}.png")
    image(tmp_path / "attack" / "loose.bmp")
    found = {(each.subject, each.species, each.setting) for each in presentations_in(tmp_path)}
    assert found == {
        ("IMG 17 (2)", "live", ""),
        ("b", "live", ""),
        ("anna", "print", "phone_1"),
        ("ben", "print", "phone_1"),
        ("loose", "unnamed", ""),
    }


def test_one_folder_is_enough_and_none_says_what_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(RoadError, match="live/ and attack/SPECIES/"):
        presentations_in(tmp_path)
    image(tmp_path / "attack" / "screen" / "ANNA_0001.png")
    assert [each.species for each in presentations_in(tmp_path)] == ["screen"]
    (tmp_path / "attack" / "paper").mkdir()
    with pytest.raises(RoadError, match="paper: no images"):
        presentations_in(tmp_path)


def test_a_wide_face_is_scaled_down_with_its_picture() -> None:
    frame, face = np.zeros((900, 1200, 3), np.uint8), Face(Box(300, 150, 640, 700), Landmarks(*[(0.0, 0.0)] * 5), 0.9)
    small, moved = at_most(frame, face, 320.0)
    assert small.shape == (450, 600, 3) and moved.box == Box(150, 75, 320, 350)
    assert at_most(frame, face, 640.0) == (frame, face)


def run(store: Path, folder: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["evaluate", "attack", str(folder), "--store", str(store), *options])


def test_the_command_judges_photographs_and_broken_files(tmp_path: Path) -> None:
    store = default_store()
    if not (store / "yunet.onnx").exists() or not (SAMPLES / "subject-b-1.jpg").exists():
        pytest.skip("the models or samples are not fetched: run `sallyport-models fetch` and `samples`")
    (tmp_path / "live").mkdir()
    for name in ("subject-a-1", "subject-b-1"):
        shutil.copy(SAMPLES / f"{name}.jpg", tmp_path / "live" / f"{name}.JPG")
    (tmp_path / "live" / "cut.jpg").write_bytes((SAMPLES / "subject-b-1.jpg").read_bytes()[:700])
    (tmp_path / "live" / "empty.png").write_bytes(b"")
    image(tmp_path / "attack" / "paper" / "black.png")
    done = run(store, tmp_path, "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert (report["bpcer"]["images"], report["bpcer"]["without_face"], report["bpcer"]["unreadable"]) == (2, 2, 2)
    assert report["bpcer"]["rate"] == 0.0 and report["apcer"]["paper"]["without_face"] == 1
    assert report["apcer_worst"] is None and report["eer"] is None and report["processor_ms_per_image"] > 0
    assert run(store, tmp_path).exit_code == 0
