"""The chimeric evaluation on scores whose truth is known."""

import json
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from sallyport_biometrics.fusion import FACE, FINGER, FusedCalibration
from sallyport_models.calibrate import finger_fit
from sallyport_models.calibrate.face_fit import PeopleScores
from sallyport_models.calibrate.fused_fit import bounded_array, fit_fused, fused_ratios
from sallyport_models.calibrate.logistic import cllr, minimum_cllr
from sallyport_models.evaluate import app, chimeras, fused
from sallyport_models.evaluate.chimeras import FusedData, Trials, trials_of
from sallyport_models.evaluate.face_scores import Enrolled
from sallyport_models.evaluate.finger_figures import Scores
from sallyport_models.evaluate.fused import det_line, equal_error_rate, miss_rate, report_of, threshold_at
from sallyport_models.evaluate.fused_groups import by_group, write_groups
from sallyport_models.evaluate.record import POINTS, made_record, read_record, thinned, write_record
from sallyport_models.evaluate.reliability import draw_reliability, reliability
from sallyport_protocol.errors import MalformedError


def people_scores(separation: float, people: int = 90, images: int = 3, seed: int = 1) -> PeopleScores:
    """Cosine-like scores: impostors around 0, genuine pairs `separation` standard deviations above."""
    generator = np.random.default_rng(seed)
    who = np.repeat(np.arange(people), images)
    noise = generator.normal(0, 0.1, (len(who), len(who)))
    scores = (noise + noise.T) / 2**0.5 + 0.1 * separation * (who[:, None] == who)
    return PeopleScores(np.clip(scores, -1, 1).astype(np.float32), who)


def finger_scores(separation: float, fingers: int = 20, images: int = 6, seed: int = 2) -> Scores:
    """Log odds: impostors around -8, genuine pairs above by `separation` times two."""
    generator = np.random.default_rng(seed)
    who = np.repeat(np.arange(fingers), images)
    rows, columns = np.nonzero(np.triu(np.ones((len(who), len(who))), 1))
    genuine = who[rows] == who[columns]
    odds = generator.normal(-8, 2, len(rows)) + 2 * separation * genuine
    return Scores(odds, genuine, np.stack([who[rows], who[columns]], axis=1))


@cache
def trials_between(separation: float) -> Trials:
    """Held-out trials of made-up people; the same for every test that asks."""
    return trials_of(people_scores(separation), finger_scores(separation))


@pytest.fixture(autouse=True)
def fewer_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chimeras, "IMPOSTORS", 40_000)
    monkeypatch.setattr(chimeras, "FACE_SAMPLES", 30)
    monkeypatch.setattr(chimeras, "TRAINING", 10_000)
    monkeypatch.setattr(chimeras, "FOLDS", 4)
    monkeypatch.setattr(finger_fit, "SAMPLES", 100)


def test_two_modalities_together_beat_the_better_one() -> None:
    report = report_of(trials_between(5))
    alone = min(report["face_fnmr_at_fmr_1e-4"], report["finger_fnmr_at_fmr_1e-4"])
    assert report["fnmr_at_fmr_1e-4"] < alone / 2
    assert report["frr_cut_at_fmr_1e-4"] == pytest.approx(1 - report["fnmr_at_fmr_1e-4"] / alone)
    assert report["min_cllr"] <= report["cllr"] < 0.05
    assert report["cllr_over_min"] == pytest.approx(report["cllr"] / report["min_cllr"])
    low, high = report["fnmr_at_fmr_1e-4_interval"]
    assert low <= report["fnmr_at_fmr_1e-4"] <= high


def test_scores_that_say_nothing_give_an_evaluation_that_says_so() -> None:
    report = report_of(trials_between(0))
    assert report["eer"] == pytest.approx(0.5, abs=0.05)
    assert report["cllr"] > 0.95
    assert report["fnmr_at_fmr_1e-4"] > 0.99


def test_stated_rates_are_honest_on_people_that_were_not_fitted() -> None:
    stated = report_of(trials_between(4))["stated"]
    for each in stated[:2]:
        assert each["inside"], each
        assert each["observed"] > each["stated"] / 10, each


def test_no_calibration_sees_the_people_and_fingers_that_it_is_reported_on() -> None:
    data = FusedData.of(people_scores(4), finger_scores(4), folds=3)
    for folds in ((0, 0), (0, 1), (1, 2), (2, 2)):
        faces, fingers = data.outside(folds)
        assert len(faces.people) == (~np.isin(data.deal.people[data.faces.people], folds)).sum()
        seen = set(np.unique(fingers.fingers).tolist())
        reported = data.finger_pairs(folds)
        assert seen and not seen & set(np.unique(reported.fingers).tolist())
        mated, strange = data.face_pairs(folds)
        assert np.isin(data.deal.people[np.concatenate([mated.person, strange.person])], folds).all()
        assert (len(mated.score) > 0) == (len(reported.odds[reported.genuine]) > 0) == (folds[0] == folds[1])
    counts = [len(data.finger_pairs((a, b)).odds) for a in range(3) for b in range(a, 3)]
    assert sum(counts) == len(data.fingers.odds), "every pair is reported once"


def test_every_genuine_face_pair_meets_every_genuine_finger_pair_of_its_fold() -> None:
    trials = trials_between(4)
    assert set(np.unique(trials.finger)) <= set(range(-1, 20))
    assert (trials.finger[trials.genuine] >= 0).all() and (trials.finger[~trials.genuine] == -1).all()
    assert (trials.upper >= trials.point - 1e-12).all()
    assert trials.genuine.sum() == 90 * 3 * 5 * 15


def test_the_fused_fit_recovers_known_parameters() -> None:
    """Ratios N(+-m, 2m) are their own calibration; a share of genuine captures fails and gives impostors' scores."""
    rng, count, share = np.random.default_rng(3), 60_000, 0.01
    genuine = np.arange(2 * count) < count
    face = rng.normal(np.where(genuine, 6.0, -6.0), np.sqrt(12.0))
    finger = rng.normal(np.where(genuine, 8.0, -8.0), np.sqrt(16.0))
    failed = genuine & (rng.random(2 * count) < share)
    finger[failed] = rng.normal(-8.0, np.sqrt(16.0), failed.sum())
    fitted = fit_fused(face, finger, genuine)
    assert fitted.failed_share[FINGER] == pytest.approx(share, rel=0.01)
    assert fitted.failed_share[FACE] <= 1e-3
    assert fitted.scale == pytest.approx(1.0, abs=0.1) and fitted.shift == pytest.approx(0.0, abs=0.3)
    again = fused_ratios(fitted, face, finger)
    assert cllr(again, genuine) < 1.2 * minimum_cllr(again, genuine)
    assert cllr(again, genuine) < cllr(face + finger, genuine), "a plain sum does not know that captures fail"
    for at in (0, count, 2 * count - 1):
        one = fitted.llr({FACE: float(face[at]), FINGER: float(finger[at])})
        assert one == pytest.approx(again[at])


def test_no_ratio_falls_below_the_share_of_failed_captures() -> None:
    assert bounded_array(np.array([-50.0]), 0.01)[0] == pytest.approx(np.log(0.01))
    assert bounded_array(np.array([9.0]), 0.01)[0] == pytest.approx(9.0 + np.log(0.99), abs=1e-4)
    calibration = FusedCalibration({FACE: 0.01, FINGER: 0.001}, 2.0, 1.0)
    assert calibration.llr({FACE: -99.0, FINGER: -99.0}) == pytest.approx(2 * (np.log(0.01) + np.log(0.001)) + 1)
    assert calibration.llr({FACE: 3.0}) == 3.0 and calibration.llr({}) is None


def test_reliability_finds_right_and_wrong_ratios(tmp_path: Path) -> None:
    rng, genuine = np.random.default_rng(5), np.arange(60_000) < 30_000
    llr = rng.normal(np.where(genuine, 3.0, -3.0), np.sqrt(6.0))
    for bin_ in reliability(llr, genuine):
        assert bin_.found is None or bin_.found == pytest.approx(bin_.stated, abs=0.6)
    doubled = [each for each in reliability(2 * llr, genuine) if each.found is not None and each.stated > 4]
    assert doubled and all(each.found is not None and each.found < each.stated - 1 for each in doubled)
    draw_reliability(tmp_path / "plot.png", reliability(llr, genuine), "made up")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_groups_are_shown_from_ten_people_on(tmp_path: Path) -> None:
    person = np.repeat(np.arange(30), 20)
    genuine = np.tile(np.arange(20) < 10, 30)
    fused = np.where(genuine, 5.0, -5.0)
    fused[(person < 12) & genuine & (np.arange(len(person)) % 2 == 0)] = -4.0
    nothing = np.zeros(len(person))
    trials = Trials(genuine, person, person, np.stack([fused, fused], axis=1), fused, nothing, nothing)
    rows = by_group(trials, ["a"] * 12 + ["b"] * 12 + ["c"] * 4 + [None] * 2, 0.0, 1e-4)
    assert [(row["group"], row["shown"]) for row in rows] == [("a", True), ("b", True), ("c", False)]
    assert rows[0]["fnmr"] == 0.5 and rows[1]["fnmr"] == 0.0 and rows[0]["fmr"] == 0.0
    assert rows[0]["fnmr_low"] <= 0.5 <= rows[0]["fnmr_high"]
    write_groups(tmp_path / "groups.csv", rows)
    lines = (tmp_path / "groups.csv").read_text().splitlines()
    assert lines[0].startswith("group,people,genuine") and lines[3] == "c,4,,,,,,,"


def test_a_record_is_kept_and_read(tmp_path: Path) -> None:
    line = np.stack([np.linspace(0, 1, 5000), np.linspace(1, 0, 5000)], axis=1)
    bins = reliability(np.linspace(-9, 9, 400), np.arange(400) % 2 == 0)
    record = made_record("evaluate", "made up", {"EER": 0.1}, {"all": line}, ("small",), {"all": bins})
    write_record(tmp_path / "fused.json", record)
    assert read_record("fused", tmp_path) == record
    assert 2 < len(thinned(line)) <= POINTS
    assert read_record("face", tmp_path) is None
    (tmp_path / "face.json").write_text("{")
    with pytest.raises(MalformedError, match=r"face\.json"):
        read_record("face", tmp_path)


def test_thresholds_and_rates_on_a_handful() -> None:
    values = np.array([5.0, 4.0, 3.0, 2.0, 1.0, 0.0])
    genuine = np.array([True, True, False, True, False, False])
    assert threshold_at(values, genuine, 0.34) > 1.0
    assert miss_rate(values, genuine, 0.0) == pytest.approx(1 / 3)
    assert equal_error_rate(values, genuine) == pytest.approx(1 / 6)
    assert det_line(values, genuine).shape == (3, 2)


def test_the_command_writes_figures_plots_table_and_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything but the networks: their scores are made up."""
    trials = trials_between(4)
    people = [f"P{number:03d}" for number in range(90)]
    faces = [Enrolled(f"{name}_0001", np.ones(4, np.float32), 1.0, (), 0.0) for name in people]
    print_set = SimpleNamespace(name="MADE", enrolled=(SimpleNamespace(template=b"t"),))
    for name, value in {
        "find_sets": lambda folder: [],
        "find_images": lambda folder: {},
        "load_models": lambda store: {},
        "score_all": lambda sets, model, dpi, processes: [print_set],
        "enrol_with_progress": lambda images, models, processes: faces,
        "numbered": lambda prints: [finger_scores(4)],
        "trials_of": lambda faces, fingers: trials,
        "open_store": lambda path, manifest: SimpleNamespace(load=lambda name: SimpleNamespace(bytes=b"")),
    }.items():
        monkeypatch.setattr(fused, name, value)
    lines = [f"{name},{'ab'[number % 2]}" for number, name in enumerate(people)]
    (tmp_path / "groups.csv").write_text("\n".join(["person,group", *lines]))
    options = {"--det": "det.png", "--reliability": "rel.png", "--csv": "table.csv", "--record": "record.json"}
    named = [each for option, name in options.items() for each in (option, str(tmp_path / name))]
    run = CliRunner().invoke(app, ["fused", str(tmp_path), "--json", "--groups", str(tmp_path / "groups.csv"), *named])
    assert run.exit_code == 0, run.output
    report = json.loads(run.stdout)
    for key in ("eer", "fnmr_at_fmr_1e-4", "frr_cut_at_fmr_1e-4", "cllr", "min_cllr", "stated"):
        assert key in report
    assert report["cllr"] <= 0.05 and [row["group"] for row in report["groups"]] == ["a", "b"]
    assert len((tmp_path / "table.csv").read_text().splitlines()) == 3
    assert read_record("record", tmp_path)["figures"]["Cllr, bits"] == report["cllr"]
    for name in ("det.png", "rel.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    assert CliRunner().invoke(app, ["fused", str(tmp_path)]).exit_code == 0
