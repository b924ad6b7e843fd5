"""What a camera may show besides one good face, through the kiosk's own reader, driver and networks.

Each ends in an instruction or an outcome within two seconds, never in a match, a crash or a picture on a disk.
"""

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from kiosk_bench import Bench
from kiosk_doors import ALICE, ALICES, MemoryDisplay
from kiosk_people import MovingPipeline, TaggedMovements

from sallyport_biometrics.face.pipeline import MODELS, FacePipeline
from sallyport_kiosk.drivers.camera_folder import FolderCamera
from sallyport_kiosk.light_reader import LightReader
from sallyport_kiosk.liveness_reader import LivenessReader
from sallyport_kiosk.ports import Pixels
from sallyport_kiosk.screen.words import Instruction, instruction_for
from sallyport_kiosk.session import set_stage
from sallyport_kiosk.stage import Stage, Step
from sallyport_protocol.messages import Outcome, Presence, Result
from sallyport_rig.moving_face import Bearing, MovingFace

ROOT = Path(__file__).parents[2]
STORE = ROOT / os.environ.get("SALLYPORT_MODELS", "var/models")
SAMPLES = ROOT / "var/samples"
LIMIT_S = 2.0
BUSY = 3.0
"""A machine that does other things, too, may take this many times as long."""


@pytest.fixture(scope="module")
def pipeline() -> FacePipeline:
    if not all((STORE / f"{name}.onnx").is_file() for name in MODELS) or not (SAMPLES / "subject-a-3.jpg").is_file():
        pytest.skip("models or samples are missing: run `make models`")
    return FacePipeline({name: (STORE / f"{name}.onnx").read_bytes() for name in MODELS})


@pytest.fixture(scope="module")
def person(pipeline: FacePipeline) -> MovingFace:
    return MovingFace(np.asarray(cv2.imread(str(SAMPLES / "subject-a-3.jpg")), np.uint8), pipeline)


@dataclass
class Watched(MemoryDisplay):
    """A screen that notes when it first said something, and ends the session when it did."""

    stop: threading.Event
    wanted: frozenset[Instruction]
    said: list[Instruction] = field(default_factory=list)
    after_s: float | None = None

    def __post_init__(self) -> None:
        MemoryDisplay.__init__(self)
        self._began = time.monotonic()

    def show(self, step: Step, instruction: str, progress: float = 0.0, finger: int = 0) -> None:
        self.said.append(instruction_for(instruction))
        if self.said[-1] in self.wanted and self.after_s is None and len(self.said) > 1:
            self.after_s = time.monotonic() - self._began
            self.stop.set()


@dataclass
class Seen:
    """What became of a session, and after how long something was said."""

    result: Result
    after_s: float
    said: list[Instruction]


def session(
    bench: Bench, pipeline: Any, camera: Any, wanted: set[Instruction], *, alive: bool = False, meanwhile: Any = None
) -> Seen:
    """A session before this camera until the screen says something `wanted`, or the session has ended."""
    stop, results = threading.Event(), []
    display = Watched(stop, frozenset(wanted))
    operating = bench.boot.policy.operating.model_copy(update={"liveness_required": alive, "attempts": 1})
    offer = bench.offer(1, operating=operating, expires_in=10_000)

    def said(message: Result | Presence) -> None:
        if isinstance(message, Result):
            results.append((message, time.monotonic()))

    movements: Any = TaggedMovements()
    made = replace(
        bench.session,
        liveness=LivenessReader(camera, pipeline, movements, LightReader(camera, pipeline), False),
        face=replace(bench.session.face, camera=camera, pipeline=pipeline),
        display=display,
        send_result=said,
        send_presence=said,
    )
    began = time.monotonic()
    stage: Stage = set_stage(offer, bench.clock.monotonic_ms(), bench.clock, display, stop)
    if meanwhile is not None:
        threading.Timer(0.3, meanwhile).start()
    made.run(offer, ALICES, stage)
    result, at = results[0]
    return Seen(result, display.after_s if display.after_s is not None else at - began, display.said)


def upright(person: MovingFace) -> Pixels:
    return person.frame(Bearing())


def ten_faces(person: MovingFace) -> Pixels:
    face = cv2.resize(upright(person)[60:420, 180:460], (128, 164))
    return np.asarray(np.vstack([np.hstack([face] * 5)] * 2), np.uint8)


PICTURES: dict[str, tuple[Callable[[MovingFace], Pixels], set[Instruction]]] = {
    "no face": (lambda person: np.full((480, 640, 3), 120, np.uint8), {Instruction.LOOK_AT_CAMERA}),
    "ten faces": (ten_faces, {Instruction.ONE_PERSON_ONLY}),
    "turned away": (
        lambda person: person.frame(Bearing(yaw=48.0)),
        {Instruction.TURN_TO_CAMERA, Instruction.LOOK_AT_CAMERA},
    ),
    "black": (lambda person: np.zeros((480, 640, 3), np.uint8), {Instruction.MORE_LIGHT}),
    "over-exposed": (lambda person: np.full((480, 640, 3), 255, np.uint8), {Instruction.LESS_LIGHT}),
    "a glaring face": (
        lambda person: np.asarray(np.clip(upright(person).astype(np.int16) * 2 + 120, 0, 255), np.uint8),
        {Instruction.LESS_LIGHT, Instruction.LOOK_AT_CAMERA},
    ),
    "upside-down": (lambda person: np.ascontiguousarray(upright(person)[::-1, ::-1]), {Instruction.HOLD_HEAD_UPRIGHT}),
    "12,000x9,000": (lambda person: np.full((9_000, 12_000), 120, np.uint8), {Instruction.LOOK_AT_CAMERA}),
}


@pytest.mark.parametrize(("name", "alive"), [(name, alive) for name in PICTURES for alive in (False, True)])
def test_a_bad_picture_gets_one_instruction_in_time(
    bench: Bench, pipeline: FacePipeline, person: MovingFace, tmp_path: Path, name: str, alive: bool
) -> None:
    make, wanted = PICTURES[name]
    cv2.imwrite(str(tmp_path / "frame.jpg"), make(person))
    with nothing_written():
        seen = session(bench, pipeline, FolderCamera(tmp_path), wanted, alive=alive)
    assert seen.result.outcome not in (Outcome.MATCH, Outcome.ATTACK_SUSPECTED)
    assert wanted & set(seen.said[1:]), seen.said
    assert seen.after_s < BUSY * LIMIT_S
    assert "Error" not in seen.result.detail


@pytest.mark.parametrize("side", [16, 64, 110])
def test_a_camera_that_gives_too_few_pixels_is_a_fault_in_time(
    bench: Bench, pipeline: FacePipeline, person: MovingFace, tmp_path: Path, side: int
) -> None:
    cv2.imwrite(str(tmp_path / "frame.png"), cv2.resize(upright(person), (side, side)))
    seen = session(bench, pipeline, FolderCamera(tmp_path), set(), alive=True)
    assert seen.result.outcome is Outcome.FAULT and f"{side}x{side}: choose a larger format" in seen.result.detail
    assert seen.after_s < BUSY * LIMIT_S


@pytest.mark.parametrize("alive", [False, True], ids=["still", "alive"])
def test_a_corrupt_picture_is_a_fault_in_time(
    bench: Bench, pipeline: FacePipeline, tmp_path: Path, alive: bool
) -> None:
    (tmp_path / "frame.jpg").write_bytes((SAMPLES / "subject-a-3.jpg").read_bytes()[:2_000])
    with nothing_written():
        seen = session(bench, pipeline, FolderCamera(tmp_path), set(), alive=alive)
    assert seen.result.outcome is Outcome.FAULT and "not a whole image" in seen.result.detail
    assert seen.after_s < BUSY * LIMIT_S


@pytest.mark.parametrize("alive", [False, True], ids=["still", "alive"])
def test_a_camera_unplugged_in_the_middle_is_a_fault_in_time(
    bench: Bench, pipeline: FacePipeline, tmp_path: Path, alive: bool
) -> None:
    place = tmp_path / "camera"
    place.mkdir()
    cv2.imwrite(str(place / "frame.jpg"), np.full((480, 640, 3), 120, np.uint8))
    with nothing_written():
        seen = session(bench, pipeline, FolderCamera(place), set(), alive=alive, meanwhile=lambda: shutil.rmtree(place))
    assert seen.result.outcome is Outcome.FAULT and "no frames at" in seen.result.detail
    assert seen.after_s < 0.3 + BUSY * LIMIT_S


@pytest.mark.parametrize("alive", [False, True], ids=["still", "alive"])
def test_one_frame_a_second_is_a_camera_that_is_too_slow(bench: Bench, tmp_path: Path, alive: bool) -> None:
    for number in range(6):
        noise = np.random.default_rng(number).normal(120.0, 4.0, (240, 320, 3)).astype(np.uint8)
        noise[0, 0] = ALICE
        cv2.imwrite(str(tmp_path / f"{number}.png"), noise)
    seen = session(bench, MovingPipeline(), FolderCamera(tmp_path, 320, 240, fps=1.0), set(), alive=alive)
    assert seen.result.outcome is Outcome.FAULT and "too slow" in seen.result.detail
    assert seen.after_s < BUSY * LIMIT_S


# Nothing on a disk


class _Writes:
    on = False
    seen: list[str] = []  # noqa: RUF012


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT
    if _Writes.on and event == "open" and isinstance(arguments[2], int) and arguments[2] & writing:
        _Writes.seen.append(str(arguments[0]))


sys.addaudithook(_audit)


@contextmanager
def nothing_written() -> Iterator[None]:
    """No file is opened for writing meanwhile. OpenCV's own writing is not seen here; the kiosk never asks for it."""
    _Writes.on, _Writes.seen = True, []
    yield
    _Writes.on = False
    assert _Writes.seen == []


def test_the_kiosk_asks_nobody_to_write_a_picture() -> None:
    sources = (ROOT / "firmware/sallyport_kiosk").rglob("*.py")
    assert not [path for path in sources if "imwrite" in path.read_text() or "VideoWriter" in path.read_text()]
