"""Rendered people before the real networks: whole sessions in simulated time. Labelled synthetic.

The camera draws what a person does who looks at the kiosk's screen; detection, mesh, blendshapes, embedding, quality,
challenge, light, injection guard, passive signs, track and calibration are the product's own. The finger is in memory.
"""

import threading
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, cast

import cv2
import numpy as np
from kiosk_bench import Bench
from kiosk_doors import ALICE, MemoryDisplay, reference
from kiosk_people import SteppedClock

from sallyport_biometrics.face.attack import AttackDetector
from sallyport_biometrics.face.challenge import longest_ms
from sallyport_biometrics.face.flash import AXES, Light
from sallyport_biometrics.face.movement import Movement, MovementReader
from sallyport_biometrics.face.pipeline import FacePipeline
from sallyport_biometrics.face.words import Embedding, Face, FrameAnalysis, Image, Mesh, Pose
from sallyport_kiosk.light_reader import LightReader
from sallyport_kiosk.liveness_reader import LivenessReader
from sallyport_kiosk.ports import Frame, Pixels
from sallyport_kiosk.presence import PresenceWatch
from sallyport_kiosk.session import set_stage
from sallyport_models.calibrations import read_calibration
from sallyport_protocol.actions import Action, Part
from sallyport_protocol.messages import Presence, Result
from sallyport_protocol.subject import Modality, Reference, References
from sallyport_rig.moving_face import MovingFace
from sallyport_rig.sitter import Sensor, Sitter

FRAME_MS = 100
LIFE_MS = longest_ms(frozenset(Action), False) + 70_000
"""Of a session, as the gateway gives it."""
LATENCY_FRAMES = 1
"""Between the screen's change and the frame that shows it."""
GLOW = 7.0
"""Grey levels that the face returns of the screen's colour."""


class RememberingPipeline:
    """The real networks; a picture that was seen before is not computed again."""

    def __init__(self, pipeline: FacePipeline, movements: MovementReader) -> None:
        self.pipeline, self.movements = pipeline, movements
        self._seen: dict[tuple[str, int], tuple[Image, Any]] = {}

    def analyse(self, frame: Image, covered: Set[Part] = frozenset()) -> FrameAnalysis:
        return self._known("analyse", frame, lambda: self.pipeline.analyse(frame, covered))

    def embed(self, frame: Image, face: Face) -> Embedding:
        return self._known("embed", frame, lambda: self.pipeline.embed(frame, face))

    def template(self, frames: Sequence[tuple[Embedding, float]]) -> Any:
        return self.pipeline.template(frames)

    def read(self, frame: Image, mesh: Mesh, pose: Pose) -> Movement:
        """The movements, so that this one object stands for all networks."""
        return self._known("read", frame, lambda: self.movements.read(frame, mesh, pose))

    def forget(self) -> None:
        self._seen.clear()

    def _known(self, what: str, frame: Image, found: Callable[[], Any]) -> Any:
        key = (what, id(frame))
        if key not in self._seen:
            self._seen[key] = frame, found()  # the frame lives as long as its name
        return self._seen[key][1]


@dataclass
class LitDisplay(MemoryDisplay):
    """A screen that really shows its colours, when `glows`."""

    clock: SteppedClock
    glows: bool = True

    def __post_init__(self) -> None:
        MemoryDisplay.__init__(self)
        self._number, self._since = 0, 0

    def light(self, colour: str, number: int) -> None:
        self.colour, self._number, self._since = colour, number, self.clock.now

    def lit(self, number: int) -> int | None:
        return self._since if self.glows and number == self._number else None


@dataclass
class RenderedCamera:
    """Draws the sitter as she answers the screen."""

    clock: SteppedClock
    display: LitDisplay
    sitter: Sitter
    sensor: Sensor = field(default_factory=Sensor)
    device: str = "memory:camera"
    named: str = ""
    frame_ms: int = FRAME_MS
    taken: list[Frame] = field(default_factory=list)
    _colours: list[str] = field(default_factory=list)

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def read(self) -> Frame:
        self.clock.now += self.frame_ms
        asked = self.display.shown[-1][1] if self.display.shown else ""
        frame = Frame(self.picture(asked), self.clock.now, len(self.taken) + 1, self.named or self.device)
        self.taken.append(frame)
        return frame

    def picture(self, asked: str) -> Pixels:
        drawn = self.sitter.face.frame(self.sitter.bearing(asked, float(self.clock.now)))
        self._colours.append(self.display.colour)
        colour = self._colours[-1 - LATENCY_FRAMES] if len(self._colours) > LATENCY_FRAMES else ""
        if colour and self.display.glows:
            light = np.eye(3)[AXES[Light(colour)]]
            drawn = self.sitter.face.lit(drawn, (float(light[0]), float(light[1]), float(light[2])), GLOW)
        return self.sensor.seen(drawn)


@dataclass
class PlayedCamera:
    """Pictures put into the kiosk in the camera's place, under its own or another name; from the first again."""

    clock: SteppedClock
    pictures: Sequence[Pixels]
    device: str = "memory:camera"
    named: str = ""
    frame_ms: int = FRAME_MS
    sequence: int = 0

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def read(self) -> Frame:
        self.clock.now += self.frame_ms
        self.sequence += 1
        picture = self.pictures[(self.sequence - 1) % len(self.pictures)]
        return Frame(picture, self.clock.now, self.sequence, self.named or self.device)


def recompressed(pictures: Sequence[Pixels], quality: int) -> list[Pixels]:
    """The pictures through a video's compression, each on its own."""
    found = []
    for picture in pictures:
        data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        found.append(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8))
    return found


@dataclass
class Played:
    """A whole session, and what came of it."""

    result: Result
    presence: list[Presence]
    asked: list[str]
    seconds: float
    """Simulated, from the offer to the result."""


@dataclass(frozen=True, slots=True)
class House:
    """What all sessions share: a kiosk, the networks, and the enrolled face."""

    bench: Bench
    networks: RememberingPipeline
    face: Reference
    attack: AttackDetector

    def live(
        self, face: MovingFace, number: int, frame_ms: int = FRAME_MS, **changes: Any
    ) -> tuple[Played, list[Pixels]]:
        """A rendered person before the camera, and the pictures of the session."""
        clock = SteppedClock()
        display = LitDisplay(clock)
        camera = RenderedCamera(clock, display, Sitter(face, seed=number), Sensor(number), frame_ms=frame_ms)
        played = play(self, camera, display, number, **changes)
        return played, [frame.image for frame in camera.taken]

    def put_in(self, pictures: Sequence[Pixels], number: int, frame_ms: int = FRAME_MS, named: str = "") -> Played:
        """Pictures in the camera's place, before a screen that shows its colours."""
        clock = SteppedClock()
        display = LitDisplay(clock)
        return play(self, PlayedCamera(clock, pictures, frame_ms=frame_ms, named=named), display, number)


def play(house: House, camera: Any, display: LitDisplay, number: int, **changes: Any) -> Played:
    """One session under a policy that requires liveness. `number` makes its seed; `changes` alter the offer."""
    clock: Any = camera.clock
    bench, face, any_networks = house.bench, house.face, cast(Any, house.networks)
    bench.sensor.clock = clock
    operating = bench.boot.policy.operating.model_copy(update={"liveness_required": True})
    seed = sha256(number.to_bytes(4)).digest()[:16]
    offer = bench.offer(1, **{"operating": operating, "liveness_seed": seed, "expires_in": LIFE_MS, **changes})
    stop, results, presence = threading.Event(), [], []
    ended = []

    def said(message: Result | Presence) -> None:
        if isinstance(message, Result):
            results.append(message)
            ended.append(clock.now)
        else:
            presence.append(message)
            if len(presence) >= 2:
                stop.set()

    began = clock.now
    session = replace(
        bench.session,
        liveness=LivenessReader(camera, any_networks, any_networks, LightReader(camera, any_networks), False),
        face=replace(
            bench.session.face,
            camera=camera,
            pipeline=any_networks,
            calibration=read_calibration("face"),
            attack=house.attack,
        ),
        watch=PresenceWatch(camera, any_networks, read_calibration("face")),
        display=display,
        clock=clock,
        send_result=said,
        send_presence=said,
    )
    stage = set_stage(offer, clock.now, clock, display, stop)
    references = References(references=(face, reference(Modality.FINGER, ALICE)))
    session.run(offer, references, stage)
    asked = [words for _, words in display.shown if words in Action.__members__]
    return Played(results[0], presence, asked, (ended[0] - began) / 1_000)
