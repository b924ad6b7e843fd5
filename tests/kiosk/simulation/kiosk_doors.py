"""A kiosk whose doors are in memory: camera, sensor, line, broker and clock speak the ports and do what a test says.

Frames and prints carry who they show in their first pixel, so no network runs; comparison, calibration, fusion,
signatures, sealing, outbox and the main loop are the real ones.
"""

import time
from collections.abc import Callable, Iterable, Set
from typing import Any, Final, TypeVar

import numpy as np

from sallyport_biometrics.calibration import Calibration
from sallyport_biometrics.face.template import FaceTemplate, aggregate
from sallyport_biometrics.face.words import Box, Embedding, Face, Feedback, FrameAnalysis, Landmarks, Pose, Quality
from sallyport_biometrics.finger import Feedback as FingerFeedback
from sallyport_biometrics.finger import FingerRefusal, FingerTemplate
from sallyport_biometrics.finger.quality import PrintQuality
from sallyport_biometrics.finger.template import _POINT
from sallyport_kiosk.ports import FingerImage, Frame, Light, Pixels
from sallyport_kiosk.stage import Step
from sallyport_protocol.actions import Part
from sallyport_protocol.errors import RoadError
from sallyport_protocol.subject import Modality, Reference, References

T = TypeVar("T")
PRISON, KIOSK, LANE, BOARD = "MDI", "MDI-K01", "MDI-LANE-1", "MDI-L01"
ALICE, BORIS = 1, 2
NOBODY, CROWD, ABSENT = 0, 255, -1
"""What a frame shows besides one person: nobody, several people. A sensor with nobody on it is ABSENT."""
MODELS: Final = (b"\x07" * 32,)
SOFTWARE: Final = b"\x33" * 32
PATIENCE_S: Final = 20.0
"""Longest wait for what happens within milliseconds on a machine that is not busy."""


def rates(modality: str) -> Calibration:
    """Scores below a half are a stranger's; one is worth 10^-5, at most 10^-4.5."""
    scores, points, uppers = (0.0, 0.5, 1.0), (0.0, -1.0, -5.0), (0.0, -0.8, -4.5)
    return Calibration(modality, "00" * 32, 0.95, -3.0, (0.0, 0.5, 1.0), (-6.0, 0.0, 8.0), scores, points, uppers)


def until(happens: Callable[[], T], what: str, seconds: float = PATIENCE_S) -> T:
    """What `happens` gives as soon as it is true."""
    end = time.monotonic() + seconds
    while not (found := happens()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.005)
    return found


class StoppedClock:
    """Real monotonic time plus what a test adds; the wall clock moves with it."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000 + self.ahead_ms

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms


# Faces


def embedding_of(person: int) -> Embedding:
    """Orthogonal for different people."""
    vector = np.zeros(128, np.float32)
    vector[person] = 1.0
    return vector


def face_template(person: int) -> FaceTemplate:
    return aggregate([(embedding_of(person), 1.0)], MODELS)


class TaggedPipeline:
    """Stands for the networks: sees what the first pixel says."""

    def analyse(self, frame: Pixels, covered: Set[Part] = frozenset()) -> FrameAnalysis:
        shown = int(frame[0, 0, 0])
        if shown == NOBODY:
            return FrameAnalysis((), None, None, (Feedback.NO_FACE,))
        points = Landmarks((30.0, 30.0), (60.0, 30.0), (45.0, 45.0), (35.0, 60.0), (55.0, 60.0))
        face = Face(Box(10.0, 10.0, 80.0, 80.0), points, 0.9)
        if shown == CROWD:
            return FrameAnalysis((face, face), None, None, (Feedback.SEVERAL_FACES,))
        quality = Quality(90.0, 120.0, 0.0, 0.0, 40.0, 1.0, 20.0, 20.0, Pose(0.0, 0.0, 0.0), 1.0, 0.8)
        return FrameAnalysis((face,), face, quality, ())

    def embed(self, frame: Pixels, face: Face) -> Embedding:
        return embedding_of(int(frame[0, 0, 0]))

    def template(self, frames: list[tuple[Embedding, float]]) -> FaceTemplate:
        return aggregate(frames, MODELS)


class MemoryCamera:
    """Shows `shown` at about 200 frames a second; after `frames_left` frames its cable is pulled."""

    device = "memory:camera"

    def __init__(self) -> None:
        self.shown = ALICE
        self.frames_left: int | None = None
        self.late_ms = 0
        self.opened = self.sequence = 0
        self.clock: StoppedClock | None = None

    def open(self) -> None:
        self.opened += 1
        if self.frames_left == 0:
            raise RoadError("no camera: plug it in")

    def read(self) -> Frame:
        if self.frames_left is not None:
            if self.frames_left <= 0:
                raise RoadError("the camera is gone: plug it in again")
            self.frames_left -= 1
        time.sleep(0.005)
        assert self.clock is not None
        self.sequence += 1
        image = np.full((8, 8, 3), self.shown, np.uint8)
        return Frame(image, self.clock.monotonic_ms() - self.late_ms, self.sequence, self.device)

    def close(self) -> None:
        self.opened = 0


# Fingers


def finger_template(person: int) -> FingerTemplate:
    """Forty minutiae of nobody's finger; the same for the same number."""
    random = np.random.default_rng(person)
    points = np.zeros(40, _POINT)
    points["x"], points["y"] = random.integers(20, 300, 40), random.integers(20, 300, 40)
    points["direction"], points["quality"] = random.integers(0, 256, 40), 200
    return FingerTemplate(MODELS[0], 0.8, points, random.integers(1, 256, (20, 20)).astype(np.uint8), (0, 0))


class TaggedExtractor:
    """Stands for the network: a print of person n, or a smear where the pixel says nobody."""

    def extract(self, image: Pixels, dpi: float) -> FingerTemplate | FingerRefusal:
        shown = int(image[0, 0])
        if shown == NOBODY:
            return FingerRefusal(FingerFeedback.PRESS_HARDER, _SMEAR)
        return finger_template(shown)


_SMEAR: Final[Any] = PrintQuality.__new__(PrintQuality)
"""No test looks into it."""


class MemorySensor:
    """Has `shown` on it; `unplugged` fails everything, `unplug_at_capture` the next image."""

    device = "memory:sensor"

    def __init__(self) -> None:
        self.shown = ALICE
        self.unplugged = self.unplug_at_capture = False
        self.lights: list[Light] = []
        self.clock: StoppedClock | None = None

    def _plugged(self) -> None:
        if self.unplugged:
            raise RoadError("the fingerprint sensor is unplugged: plug it in")

    def open(self) -> None:
        self._plugged()

    def present(self) -> bool:
        self._plugged()
        return self.shown != ABSENT

    def capture(self) -> FingerImage | None:
        self.unplugged = self.unplugged or self.unplug_at_capture
        self._plugged()
        assert self.clock is not None
        return FingerImage(np.full((8, 8), self.shown, np.uint8), 500.0, self.clock.monotonic_ms(), self.device)

    def led(self, light: Light) -> None:
        self._plugged()
        self.lights.append(light)

    def close(self) -> None:
        pass


# Roads


class MemoryLine:
    """The line to the interlock."""

    def __init__(self) -> None:
        self.connected = True
        self.sent: list[bytes] = []
        self.on_frame: Callable[[bytes], None] = lambda raw: None

    def start(self, on_frame: Callable[[bytes], None]) -> None:
        self.on_frame = on_frame

    def send(self, frame: bytes) -> None:
        if not self.connected:
            raise RoadError("the line to the interlock is down: check the cable to the lock box")
        self.sent.append(frame)

    def stop(self) -> None:
        self.connected = False


class MemoryLink:
    """The broker: keeps what was published."""

    def __init__(self) -> None:
        self.connected = True
        self.filters: list[str] = []
        self.published: list[tuple[str, bytes]] = []

    def subscribe(self, filters: Iterable[str]) -> None:
        self.filters.extend(filters)

    def start(self) -> None:
        pass

    def stop(self) -> None:
        self.connected = False

    def publish(self, topic: str, payload: bytes, expiry_s: float) -> None:
        assert expiry_s > 0
        self.published.append((topic, payload))


class MemoryDisplay:
    """The prisoner's screen."""

    def __init__(self) -> None:
        self.shown: list[tuple[Step, str]] = []
        self.colour = ""
        self.frame: Pixels | None = None

    def show(self, step: Step, instruction: str, progress: float = 0.0, finger: int = 0) -> None:
        if not self.shown or self.shown[-1] != (step, instruction):
            self.shown.append((step, instruction))

    def picture(self, frame: Pixels | None) -> None:
        self.frame = frame

    def light(self, colour: str, number: int) -> None:
        self.colour = colour

    def lit(self, number: int) -> int | None:
        return None  # no page shows it


# The whole


def reference(modality: Modality, person: int, day: str = "2026-06-01") -> Reference:
    template = face_template(person) if modality is Modality.FACE else finger_template(person)
    position = 0 if modality is Modality.FACE else 2
    return Reference(
        modality=modality,
        position=position,
        template=template.to_bytes(),
        captured_on=day,
        record=bytes(32),
    )


ALICES: Final = References(references=(reference(Modality.FACE, ALICE), reference(Modality.FINGER, ALICE)))
