"""A camera of any rate before the real session: one that cannot follow a person is a fault within two seconds."""

import math
import threading
from dataclasses import dataclass, replace
from typing import Any

import pytest
from kiosk_bench import Bench
from kiosk_doors import ALICES, MemoryDisplay
from kiosk_people import ActedCamera, MovingPipeline, SteppedClock, TaggedMovements, obedient

from sallyport_kiosk import parameters
from sallyport_kiosk.light_reader import LightReader
from sallyport_kiosk.liveness_reader import LivenessReader
from sallyport_kiosk.ports import Frame
from sallyport_kiosk.session import set_stage
from sallyport_protocol.errors import RoadError
from sallyport_protocol.messages import Outcome, Result

COMPUTING_MS = 60
LIMIT_MS = 2_000


@dataclass
class RatedCamera(ActedCamera):
    """A camera that runs: frames come at their own times, `every_ms` apart, whoever reads. The kiosk takes its time."""

    every_ms: float = 100.0
    phase: float = 0.0
    began: int = 0

    def read(self) -> Frame:
        self.clock.now += COMPUTING_MS
        made = math.floor((self.clock.now - self.began) / self.every_ms - self.phase) if self.sequence else 0
        if made < self.sequence or self.sequence == 0:
            due = self.began + round((self.sequence + self.phase) * self.every_ms)
            if due - self.clock.now > parameters.SILENT_MS:
                self.clock.now += parameters.SILENT_MS
                raise RoadError("the camera gives no frames: check its cable and what else uses it")
            self.clock.now, made = max(self.clock.now, due), self.sequence
        taken = self.began + round((made + self.phase) * self.every_ms)
        now, self.clock.now, self.frame_ms = self.clock.now, taken, 0
        frame = super().read()
        self.clock.now, self.sequence = now, made + 1
        return replace(frame, captured_ms=taken, sequence=made + 1)


def session(bench: Bench, rate: float, phase: float) -> tuple[Result, int]:
    """The result, and after how many milliseconds it came."""
    clock = SteppedClock()
    display = MemoryDisplay()
    camera = RatedCamera(clock, display, obedient, every_ms=1_000 / rate, phase=phase, began=clock.now)
    pipeline, doors = MovingPipeline(), TaggedMovements()
    networks: Any = (pipeline, doors, camera, clock)
    bench.sensor.clock = networks[3]
    operating = bench.boot.policy.operating.model_copy(update={"liveness_required": True})
    offer = bench.offer(1, operating=operating, expires_in=250_000)
    stop, results = threading.Event(), []

    def said(message: Any) -> None:
        results.append((message, clock.now))
        stop.set()

    made = replace(
        bench.session,
        liveness=LivenessReader(networks[2], networks[0], networks[1], LightReader(networks[2], networks[0]), False),
        face=replace(bench.session.face, camera=networks[2], pipeline=networks[0]),
        display=display,
        clock=networks[3],
        send_result=said,
        send_presence=said,
    )
    began = clock.now
    made.run(offer, ALICES, set_stage(offer, clock.now, networks[3], display, stop))
    return results[0][0], results[0][1] - began


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "AGAIN_S", 0.0)


@pytest.mark.parametrize("rate", [0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 3.5])
@pytest.mark.parametrize("phase", [0.01, 0.3, 0.5, 0.7, 0.99])
def test_a_camera_that_cannot_follow_a_person_is_a_fault_in_time(bench: Bench, rate: float, phase: float) -> None:
    result, after_ms = session(bench, rate, phase)
    assert result.outcome is Outcome.FAULT, result.detail
    assert "too slow" in result.detail or "no frames" in result.detail
    assert after_ms <= LIMIT_MS


@pytest.mark.parametrize("rate", [4.5, 5.0, 8.0, 30.0])
def test_a_camera_that_keeps_up_is_followed(bench: Bench, rate: float) -> None:
    assert session(bench, rate, 0.3)[0].outcome is Outcome.MATCH
