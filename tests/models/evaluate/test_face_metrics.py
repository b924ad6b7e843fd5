"""Figures against answers known by hand, and intervals against populations of known rates."""

import json
from pathlib import Path

import numpy as np
import pytest

from sallyport_biometrics.face.embed import unit
from sallyport_models.evaluate.det_plot import draw_det
from sallyport_models.evaluate.face import report_of, score_pairs
from sallyport_models.evaluate.face_scores import Enrolled, all_pairs
from sallyport_models.evaluate.pairs import (
    Pair,
    find_images,
    person_of,
    read_fold_count,
    read_groups,
    read_pairs,
)
from sallyport_models.evaluate.scores import (
    best_threshold,
    curve,
    equal_error_rate,
    error_rates,
    fnmr_interval,
    fold_accuracy,
    gini,
)
from sallyport_protocol.errors import MalformedError, RoadError


def floats(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def test_fnmr_at_fmr_by_hand() -> None:
    impostor = np.arange(1000, dtype=np.float32) / 1000  # 0 to 0.999
    genuine = floats(0.5, 0.985, 0.9895, 0.9985, 2.0)
    rates = error_rates(genuine, impostor)
    # at FMR 1e-2 ten impostors pass (0.990 to 0.999), so the threshold lies just above 0.989
    assert rates.threshold[1e-2] == pytest.approx(0.989, abs=1e-6)
    assert rates.fnmr[1e-2] == pytest.approx(2 / 5)
    assert rates.fnmr[1e-3] == pytest.approx(3 / 5)
    assert set(rates.fnmr) == {1e-2, 1e-3}, "rates that these impostors cannot show are not given"


def test_thresholds_never_accept_more_than_the_rate() -> None:
    impostor = np.random.default_rng(3).choice(np.linspace(0, 1, 30), 5000).astype(np.float32)  # many ties
    rates = error_rates(floats(1.0), impostor)
    for rate, threshold in rates.threshold.items():
        assert (impostor >= threshold).mean() <= rate


def test_equal_error_rate() -> None:
    assert equal_error_rate(floats(5, 6, 7, 8), floats(1, 2, 3, 4)) == 0.0
    assert equal_error_rate(floats(1, 2, 3, 4), floats(1, 2, 3, 4)) == pytest.approx(0.5)


def test_best_threshold_separates() -> None:
    threshold = best_threshold(floats(0.1, 0.2, 0.8, 0.9), np.array([False, False, True, True]))
    assert threshold == pytest.approx(0.5)


def test_fold_accuracy_uses_the_other_folds_threshold() -> None:
    scores = floats(0.1, 0.9, 0.1, 0.9, 0.6, 0.9)  # the last fold's impostor lies above the others' threshold
    genuine = np.array([False, True, False, True, False, True])
    assert fold_accuracy(scores, genuine, 3)[2] == pytest.approx(0.5)


def test_failures_to_acquire_count_as_misses() -> None:
    rates = error_rates(floats(-np.inf, 2.0), np.linspace(0, 1, 200).astype(np.float32))
    assert rates.fnmr[1e-2] == pytest.approx(0.5)


def test_interval_covers_the_true_rate_and_is_wider_by_identity() -> None:
    generator = np.random.default_rng(7)
    covered, by_identity, by_pair = 0, 0.0, 0.0
    for trial in range(60):
        difficulty = generator.beta(0.5, 4.5, size=80)  # mean 0.1, very unequal
        people = np.repeat(np.arange(80), 20)
        missed = generator.random(len(people)) < difficulty[people]
        scores = np.where(missed, 0.0, 1.0).astype(np.float32)
        interval = fnmr_interval(scores, people, 0.5, samples=300, seed=trial)
        covered += interval.low <= 0.1 <= interval.high
        by_identity += interval.high - interval.low
        alone = fnmr_interval(scores, np.arange(len(people)), 0.5, samples=300, seed=trial)
        by_pair += alone.high - alone.low
    assert covered >= 50
    assert by_identity > 1.5 * by_pair


def test_no_error_in_few_people_is_no_proof() -> None:
    none = fnmr_interval(np.ones(10, np.float32), np.arange(10), 0.5)
    every = fnmr_interval(np.zeros(10, np.float32), np.arange(10), 0.5)
    assert (none.low, none.high) == pytest.approx((0.0, 0.3085), abs=1e-3)  # Clopper and Pearson, 0 of 10
    assert (every.low, every.high) == pytest.approx((0.6915, 1.0), abs=1e-3)


def test_gini() -> None:
    assert gini([0.1, 0.1, 0.1]) == pytest.approx(0.0)
    assert gini([0.0, 0.0, 0.3]) == pytest.approx(1.0)
    assert gini([]) == 0.0


def enrolled(name: str, seed: int, spread: float = 0.3) -> Enrolled:
    base = np.random.default_rng(sum(map(ord, person_of(name)))).normal(size=16)
    noise = np.random.default_rng(seed).normal(size=16) * spread
    return Enrolled(name, unit((base + noise).astype(np.float32)), 1.0, (), 0.01)


def test_all_pairs_are_counted_once() -> None:
    people = [enrolled(f"P{who}_{index:04d}", who * 10 + index) for who in range(4) for index in range(3)]
    scores = all_pairs([*people, Enrolled("P0_0009", None, 0.0, ("NO_FACE",), 0.01)])
    assert len(scores.genuine) == 4 * 3 + 3
    assert np.isneginf(scores.genuine).sum() == 3
    assert len(scores.impostor) == 12 * 11 // 2 - 12
    assert sorted(np.bincount(scores.identities)) == [3, 3, 3, 6]


def test_report_names_every_figure_of_the_contract() -> None:
    people = [enrolled(f"P{who}_{index:04d}", who * 10 + index) for who in range(60) for index in range(1, 4)]
    pairs = [Pair(f"P{who}_0001", f"P{who}_0002", True) for who in range(10)]
    pairs += [Pair(f"P{who}_0001", f"P{who + 1}_0002", False) for who in range(10)]
    labels = {f"P{who}": "even" if who % 2 == 0 else "odd" for who in range(60)}
    report = report_of(people, all_pairs(people), pairs, 2, labels)
    flat = report.flat()
    assert {"accuracy", "eer", "failure_to_acquire", "fnmr_at_fmr_1e-3", "fnmr_at_fmr_1e-4"} <= flat.keys()
    assert report.groups is not None and [row.group for row in report.groups.rows] == ["even", "odd"]
    assert 0.0 <= report.fnmr[1e-3] <= report.fnmr[1e-4] <= 1.0


def test_scores_of_listed_pairs() -> None:
    first, second = enrolled("A_0001", 1), enrolled("A_0002", 2)
    failed = Enrolled("B_0001", None, 0.0, (), 0.0)
    scores, genuine = score_pairs(
        [first, second, failed], [Pair("A_0001", "A_0002", True), Pair("A_0001", "B_0001", False)]
    )
    assert first.embedding is not None and second.embedding is not None
    assert scores[0] == pytest.approx(float(first.embedding @ second.embedding))
    assert np.isneginf(scores[1]) and genuine.tolist() == [True, False]


def test_reads_the_public_pair_form(tmp_path: Path) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text("10\t300\nAda_B\t1\t4\nAda_B\t1\tCy_D\t12\n")
    assert read_pairs(path) == (Pair("Ada_B_0001", "Ada_B_0004", True), Pair("Ada_B_0001", "Cy_D_0012", False))


@pytest.mark.parametrize("text", ["", "10 300\n", "Ada one two\n", "a b c d e\n"])
def test_other_pair_files_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text(text)
    with pytest.raises(MalformedError, match="pairs"):
        read_pairs(path)


def test_folds_are_what_the_file_says_or_ten(tmp_path: Path) -> None:
    path = tmp_path / "pairs.txt"
    for text, folds in (("5\t300\nAda B\t1\t4\n", 5), ("Ada B\t1\t4\n", 10), ("600\n", 10), ("", 10)):
        path.write_text(text)
        assert read_fold_count(path) == folds
    path.write_text("Ada B\t1\t4\n")
    assert read_pairs(path) == (Pair("Ada B_0001", "Ada B_0004", True),)


def test_images_have_one_name_each_whatever_their_digits(tmp_path: Path) -> None:
    for place in ("A_1.jpg", "deep/A_00002.PNG", "B.jpeg"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).touch()
    assert set(find_images(tmp_path)) == {"A_0001", "A_0002", "B"}
    (tmp_path / "A_0001.png").touch()
    with pytest.raises(MalformedError, match="one name"):
        find_images(tmp_path)


def test_what_a_small_set_cannot_show_is_null_and_never_left_out() -> None:
    people = [enrolled(f"P{who}_{index:04d}", who * 10 + index) for who in range(12) for index in range(1, 3)]
    pairs = [Pair("P0_0001", "P0_0002", True), Pair("P1_0001", "P2_0001", False)]
    labels = {f"P{who}": "alone" if who == 0 else "others" for who in range(12)}
    flat = report_of(people, all_pairs(people), pairs, 10, labels).flat()
    assert flat["fnmr_at_fmr_1e-2"] is not None and flat["fnmr_at_fmr_1e-5"] is None
    assert flat["groups"]["rows"][0]["fmr"] is None  # type: ignore[index]
    assert len(report_of(people, all_pairs(people), pairs, 10, None).accuracy_by_fold) == 2
    one_kind = report_of(people, all_pairs(people), pairs[:1], 1, None).flat()
    assert one_kind["pairs_eer"] is None
    json.dumps([flat, one_kind], allow_nan=False)
    with pytest.raises(MalformedError, match="no face is found"):
        all_pairs([Enrolled("A_0001", None, 0.0, (), 0.01)])


def test_missing_files_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RoadError, match="name an existing file"):
        read_pairs(tmp_path / "none.txt")
    with pytest.raises(RoadError, match="no JPEG or PNG"):
        find_images(tmp_path)
    wrong = tmp_path / "groups.csv"
    for text in ("name,colour\nAda,red\n", "person,group\nAda\n", "person,group\n", ""):
        wrong.write_text(text)
        with pytest.raises(MalformedError, match="person,group"):
            read_groups(wrong)


def test_det_plot_is_drawn(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    points = curve(generator.normal(3, 1, 500).astype(np.float32), generator.normal(0, 1, 5000).astype(np.float32))
    assert (np.diff(points[:, 0]) > 0).all() and (np.diff(points[:, 1]) <= 0).all()
    draw_det(tmp_path / "det.png", {"made": points})
    assert (tmp_path / "det.png").read_bytes().startswith(b"\x89PNG")
