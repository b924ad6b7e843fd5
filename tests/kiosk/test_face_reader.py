"""A face is read from frames taken after the offer, one person alone in each; a broken camera is a FAULT."""

import threading
from dataclasses import replace
from typing import Any

import pytest
from kiosk_bench import Bench
from kiosk_doors import ALICE, BORIS, CROWD, NOBODY, face_template, reference, until
from kiosk_people import Suspects

from sallyport_kiosk import parameters
from sallyport_kiosk.stage import Step
from sallyport_protocol.messages import ModalityOutcome
from sallyport_protocol.subject import Modality, RecordedException

MINE = (reference(Modality.FACE, ALICE),)


@pytest.fixture(autouse=True)
def short_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "FACE_ATTEMPT_MS", 60)


def test_the_right_person(bench: Bench) -> None:
    evidence, template = bench.session.face.read(MINE, bench.stage())
    assert (evidence.outcome, evidence.attempts, evidence.detail) == (ModalityOutcome.MATCH, 1, "")
    assert evidence.fmr is not None and evidence.fmr.upper_log10 == pytest.approx(-4.5)
    assert len(evidence.captures) == parameters.FRAMES
    assert (evidence.models, evidence.reference_age_days) == (face_template(ALICE).models, 10)
    assert template is not None and template.frames == parameters.FRAMES
    assert bench.display.frame is not None


def test_another_person_is_tried_again_and_is_no_match(bench: Bench) -> None:
    bench.camera.shown = BORIS
    evidence, _ = bench.session.face.read(MINE, bench.stage())
    assert (evidence.outcome, evidence.attempts) == (ModalityOutcome.NON_MATCH, 5)
    assert evidence.detail == "the face is not the enrolled person's"


def test_the_best_of_several_references_counts(bench: Bench) -> None:
    two = (reference(Modality.FACE, BORIS, "2020-01-01"), *MINE)
    evidence, _ = bench.session.face.read(two, bench.stage())
    assert evidence.outcome is ModalityOutcome.MATCH
    assert evidence.fmr is not None and evidence.fmr.upper_log10 > -4.5  # a stranger had two chances


@pytest.mark.parametrize(("shown", "words"), [(NOBODY, "NO_FACE"), (CROWD, "SEVERAL_FACES")])
def test_nobody_or_several_people_are_told_so_and_not_acquired(bench: Bench, shown: int, words: str) -> None:
    bench.camera.shown = shown
    evidence, template = bench.session.face.read(MINE, bench.stage())
    assert (evidence.outcome, evidence.attempts) == (ModalityOutcome.NOT_ACQUIRED, 5)
    assert (template, evidence.fmr, evidence.captures) == (None, None, ())
    assert (Step.FACE, words) in bench.display.shown


def test_a_second_person_breaks_the_run_of_frames(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "FACE_ATTEMPT_MS", 60_000)
    stage, found = bench.stage(), []
    bench.camera.shown = CROWD
    reading = threading.Thread(target=lambda: found.append(bench.session.face.read(MINE, stage)), daemon=True)
    reading.start()
    until(lambda: (Step.FACE, "SEVERAL_FACES") in bench.display.shown, "the second person to be seen")
    bench.camera.shown = ALICE
    reading.join(20)
    assert found[0][0].outcome is ModalityOutcome.MATCH


def test_frames_from_before_the_offer_answer_nothing(bench: Bench) -> None:
    bench.camera.late_ms = 3_600_000
    evidence, _ = bench.session.face.read(MINE, bench.stage())
    assert evidence.outcome is ModalityOutcome.NOT_ACQUIRED


@pytest.mark.parametrize("frames", [0, 3])
def test_a_camera_that_fails_is_a_fault_that_says_what_to_do(bench: Bench, frames: int) -> None:
    bench.camera.frames_left = frames
    evidence, template = bench.session.face.read(MINE, bench.stage())
    assert (evidence.outcome, template) == (ModalityOutcome.FAULT, None)
    assert "plug it in" in evidence.detail


def test_a_camera_that_crawls_is_a_fault(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "SLOWEST_CAMERA_MS", 2)
    evidence, _ = bench.session.face.read(MINE, bench.stage())
    assert evidence.outcome is ModalityOutcome.FAULT and "too slow" in evidence.detail


def test_a_reference_that_cannot_be_read_is_a_fault(bench: Bench) -> None:
    broken = MINE[0].model_copy(update={"template": b"not a template"})
    evidence, _ = bench.session.face.read((broken,), bench.stage())
    assert evidence.outcome is ModalityOutcome.FAULT and "enrol" in evidence.detail


def test_without_a_reference_nothing_matches(bench: Bench) -> None:
    evidence, _ = bench.session.face.read((), bench.stage())
    assert (evidence.outcome, evidence.fmr) == (ModalityOutcome.INCONCLUSIVE, None)


def test_an_exception_on_record_asks_for_no_face(bench: Bench) -> None:
    excused = RecordedException(modality=Modality.FACE, reason="dressing", officer="s.patel")
    evidence, _ = bench.session.face.read(MINE, bench.stage(bench.offer(1, exceptions=(excused,))))
    assert (evidence.outcome, evidence.exception) == (ModalityOutcome.EXCEPTION, "dressing")
    assert bench.camera.opened == 0


def test_a_session_that_was_ended_captures_nothing(bench: Bench) -> None:
    stop = threading.Event()
    stop.set()
    evidence, _ = bench.session.face.read(MINE, bench.stage(stop=stop))
    assert evidence.outcome is ModalityOutcome.NOT_ACQUIRED
    assert bench.camera.sequence == 0


@pytest.mark.parametrize(
    ("scores", "attempts", "suspicious"),
    [([0.1], 1, False), ([0.9, 0.2], 2, False), ([0.9], 2, True), ([0.5, 0.5], 2, True), ([0.499], 1, False)],
)
def test_a_face_that_looks_like_a_picture_has_one_more_try(
    bench: Bench, scores: list[float], attempts: int, suspicious: bool
) -> None:
    detector: Any = Suspects(scores)
    evidence, _ = replace(bench.session.face, attack=detector).read(MINE, bench.stage())
    assert (evidence.attempts, evidence.suspicious) == (attempts, suspicious)
    assert evidence.attack_score == scores[-1] and detector.frames == [parameters.FRAMES] * attempts
    assert evidence.models == (*face_template(ALICE).models, *detector.digests)
    assert ("picture" in evidence.detail) is suspicious
