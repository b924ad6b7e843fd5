"""While the finger is read the same person stays before the camera: absence and swaps void what was proved."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from kiosk_bench import Bench
from kiosk_doors import ALICE, BORIS, CROWD, NOBODY, until
from kiosk_people import MovingPipeline

from sallyport_biometrics.face.track import LONGEST_ABSENCE_MS
from sallyport_kiosk import parameters
from sallyport_kiosk.follower import Follower
from sallyport_kiosk.liveness_reader import Proof
from sallyport_kiosk.session import believed
from sallyport_kiosk.vigil import watched
from sallyport_protocol.errors import RoadError
from sallyport_protocol.messages import Liveness

PASSED = Proof(Liveness.PASSED, face=1, attempts=1)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "WATCH_S", 0.001)
    monkeypatch.setattr(parameters, "KNOW_AGAIN_MS", 10)


def during(bench: Bench, reading: Callable[[], None]) -> Proof:
    """The proof after a finger was read like this, by somebody whom the kiosk had known as Alice."""
    pipeline: Any = MovingPipeline()
    follower, stage = Follower(pipeline, bench.camera.device), bench.stage()
    frame = bench.camera.read()
    analysis = pipeline.analyse(frame.image)
    follower.see(frame, frame.captured_ms, analysis, pipeline.embed(frame.image, analysis.face))
    with watched(bench.camera, pipeline, stage, follower):
        reading()
    proof = believed(PASSED, follower, bench.clock.monotonic_ms())
    return PASSED if "NOISELESS" in proof.detail or "FROZEN" in proof.detail else proof  # these pictures are flat


def frames(bench: Bench, count: int) -> None:
    seen = bench.camera.sequence
    until(lambda: bench.camera.sequence >= seen + count, "the watch to look")


def shown(bench: Bench, *people: int) -> Callable[[], None]:
    def reading() -> None:
        for person in people:
            bench.camera.shown = person
            frames(bench, 25)

    return reading


@pytest.fixture(autouse=True)
def believe_the_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Follower, "suspicions", lambda self: frozenset())


def test_who_stays_is_still_proved(bench: Bench) -> None:
    assert during(bench, shown(bench, ALICE)) == PASSED


def test_a_moment_out_of_view_is_forgiven(bench: Bench) -> None:
    assert during(bench, shown(bench, ALICE, NOBODY, ALICE)) == PASSED


@pytest.mark.parametrize("between", [NOBODY, CROWD, BORIS])
def test_another_person_in_the_same_place_is_a_suspected_attack(bench: Bench, between: int) -> None:
    """Even where the boxes of both faces lie over each other."""
    proof = during(bench, shown(bench, ALICE, between, BORIS))
    assert proof.liveness is Liveness.FAILED and "did not stay in view" in proof.detail


def test_absence_over_three_seconds_voids_and_is_no_attack(bench: Bench) -> None:
    def leaves() -> None:
        bench.camera.shown = NOBODY
        frames(bench, 5)
        bench.clock.ahead_ms += int(LONGEST_ABSENCE_MS) + 1
        frames(bench, 5)

    proof = during(bench, leaves)
    assert proof.liveness is Liveness.NOT_PERFORMED and "out of the camera's view" in proof.detail


def test_who_comes_back_after_three_seconds_has_been_away(bench: Bench) -> None:
    def returns() -> None:
        bench.clock.ahead_ms += int(LONGEST_ABSENCE_MS) + 1
        frames(bench, 10)

    assert during(bench, returns).liveness is Liveness.NOT_PERFORMED


def test_a_camera_that_fails_meanwhile_shows_nobody(bench: Bench) -> None:
    def pulled() -> None:
        bench.camera.frames_left = 0
        time.sleep(0.05)
        bench.clock.ahead_ms += int(LONGEST_ABSENCE_MS) + 1

    assert during(bench, pulled).liveness is Liveness.NOT_PERFORMED


def test_the_watch_ends_with_the_finger_and_is_not_needed_without_liveness(bench: Bench) -> None:
    before = threading.active_count()
    during(bench, shown(bench, ALICE))
    assert threading.active_count() == before
    sequence = bench.camera.sequence
    pipeline: Any = MovingPipeline()
    with watched(bench.camera, pipeline, bench.stage(), None):
        time.sleep(0.02)
    assert bench.camera.sequence == sequence
    with pytest.raises(RoadError), watched(bench.camera, pipeline, bench.stage(), None):
        raise RoadError("the sensor is gone: plug it in")
