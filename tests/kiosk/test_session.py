"""One session: face, finger, result, and presence until the gateway ends it."""

import threading
from dataclasses import replace
from typing import Any

import pytest
from kiosk_bench import Bench
from kiosk_doors import ABSENT, ALICE, ALICES, BORIS, NOBODY, reference, until

from sallyport_kiosk import parameters
from sallyport_kiosk.session import Session, age_in_days
from sallyport_kiosk.stage import Step
from sallyport_protocol.messages import Outcome, Presence, Result
from sallyport_protocol.subject import Modality, References


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "FACE_ATTEMPT_MS", 60)
    monkeypatch.setattr(parameters, "FINGER_ATTEMPT_MS", 60)
    monkeypatch.setattr(parameters, "FINGER_POLL_S", 0.005)
    monkeypatch.setattr(parameters, "PRESENCE_MS", 50)


class Run:
    """A session in a thread, and what it said."""

    def __init__(self, bench: Bench, references: References = ALICES, **changes: Any) -> None:
        self.said: list[Result | Presence] = []
        self.stop = threading.Event()
        offer = bench.offer(1, **changes)
        session: Session = replace(bench.session, send_result=self.said.append, send_presence=self.said.append)
        stage = bench.stage(offer, self.stop)
        self.thread = threading.Thread(target=session.run, args=(offer, references, stage), daemon=True)
        self.thread.start()

    def result(self) -> Result:
        first = until(lambda: self.said and self.said[0], "the result")
        assert isinstance(first, Result)
        return first

    @property
    def presence(self) -> list[Presence]:
        return [each for each in list(self.said) if isinstance(each, Presence)]

    def end(self) -> None:
        self.stop.set()
        self.thread.join(20)
        assert not self.thread.is_alive()


def test_a_match_is_reported_and_watched_until_the_end(bench: Bench) -> None:
    run = Run(bench)
    result = run.result()
    assert result.outcome is Outcome.MATCH
    until(lambda: len(run.presence) >= 2, "two presence reports")
    run.end()
    assert all(each.same_track and each.faces == 1 and each.session == result.session for each in run.presence)
    counters = [each.counter for each in run.said]
    assert counters == sorted(set(counters))
    assert bench.display.shown[-1] == (Step.WAIT, "WAIT_FOR_OFFICER")


def test_presence_is_reported_at_once_and_not_only_after_its_interval(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parameters, "PRESENCE_MS", 3_600_000)
    run = Run(bench)
    until(lambda: run.presence, "the first report")
    run.end()
    assert len(run.presence) == 1 and run.presence[0].at >= run.result().finished


@pytest.mark.parametrize(("shown", "faces"), [(BORIS, 1), (NOBODY, 0)])
def test_who_leaves_or_is_swapped_after_the_match_is_reported(bench: Bench, shown: int, faces: int) -> None:
    run = Run(bench)
    run.result()
    bench.camera.shown = shown
    until(lambda: any(not each.same_track and each.faces == faces for each in run.presence), "the change")
    run.end()


def test_a_blind_kiosk_says_nothing_of_presence_and_goes_on_when_it_sees_again(bench: Bench) -> None:
    run = Run(bench)
    run.result()
    bench.camera.frames_left = 0
    before = until(lambda: run.presence and len(run.presence), "presence before")
    bench.camera.frames_left = None
    until(lambda: len(run.presence) > before, "presence afterwards")
    run.end()


@pytest.mark.parametrize(
    ("face", "finger", "outcome"),
    [(BORIS, ALICE, Outcome.NON_MATCH), (ALICE, BORIS, Outcome.NON_MATCH), (ALICE, ABSENT, Outcome.INCONCLUSIVE)],
)
def test_no_match_is_reported_and_the_session_is_over(bench: Bench, face: int, finger: int, outcome: Outcome) -> None:
    bench.camera.shown, bench.sensor.shown = face, finger
    run = Run(bench)
    assert run.result().outcome is outcome
    run.thread.join(20)
    assert not run.thread.is_alive() and run.presence == []


def test_a_camera_that_fails_in_the_middle_is_a_fault(bench: Bench) -> None:
    bench.camera.frames_left = 2
    result = Run(bench).result()
    assert result.outcome is Outcome.FAULT
    assert "plug it in" in result.detail


def test_a_sensor_unplugged_in_the_middle_is_a_fault(bench: Bench) -> None:
    bench.sensor.unplug_at_capture = True
    result = Run(bench).result()
    assert result.outcome is Outcome.FAULT
    assert "plug it in" in result.detail


def test_references_of_one_kind_alone_are_no_match(bench: Bench) -> None:
    half = References(references=(reference(Modality.FACE, ALICE),))
    assert Run(bench, half).result().outcome is not Outcome.MATCH


def test_an_ended_session_is_abandoned_and_says_no_presence(bench: Bench) -> None:
    bench.sensor.shown = ABSENT
    run = Run(bench)
    until(lambda: any(step is Step.FINGER for step, _ in bench.display.shown), "the finger's turn")
    run.end()
    assert run.result().outcome is Outcome.ABANDONED and run.presence == []


def test_nothing_is_captured_after_the_session_ran_out(bench: Bench) -> None:
    run = Run(bench, expires_in=1_000)
    until(lambda: run.presence, "presence")
    bench.clock.ahead_ms += 1_000
    run.thread.join(20)
    assert not run.thread.is_alive()


def test_the_age_of_a_reference_by_a_clock_that_may_be_wrong() -> None:
    mine = reference(Modality.FACE, ALICE, "2026-06-01")
    day = 86_400_000
    on_that_day = 1_780_272_000_000  # 2026-06-01T00:00:00Z
    assert age_in_days(mine, on_that_day) == 0
    assert age_in_days(mine, on_that_day + 30 * day) == 30
    assert age_in_days(mine, on_that_day - 1) is None
