"""The screen's colours: returned, foreign, or nothing to be said; then the challenge has a step more."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from kiosk_bench import Bench
from kiosk_doors import ALICE, MemoryDisplay
from kiosk_people import MESH, NEUTRAL, ActedCamera, MovingPipeline, SteppedClock, still

from sallyport_biometrics.face.flash import AXES, Light, Verdict, lights
from sallyport_biometrics.face.relief import WILDEST
from sallyport_biometrics.face.words import Mesh
from sallyport_kiosk import light_reader, parameters
from sallyport_kiosk.follower import Follower
from sallyport_kiosk.light_reader import LightReader, judged
from sallyport_kiosk.ports import Pixels
from sallyport_kiosk.session import set_stage
from sallyport_kiosk.stage import Stage, Step
from sallyport_protocol.subject import Needs

SEED, OTHER = bytes(range(16)), bytes(16)


@dataclass
class Screen(MemoryDisplay):
    """A display that says at once that it shows a colour, unless it is `away`; it keeps what it showed."""

    clock: SteppedClock
    away: bool = False
    colours: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        MemoryDisplay.__init__(self)
        self._since = 0

    def light(self, colour: str, number: int) -> None:
        super().light(colour, number)
        self.colours.append(colour)
        self._since = self.clock.now

    def lit(self, number: int) -> int | None:
        return None if self.away else self._since


@dataclass
class Skin(ActedCamera):
    """A face that returns `gain` grey levels of a colour: the screen's, or that of another session's screen."""

    gain: float = 8.0
    recorded: tuple[Light, ...] = ()
    began: int | None = None

    def _frame(self, image: Pixels) -> Any:
        colour = self.display.colour
        self.began = self.clock.now if colour and self.began is None else self.began
        if self.recorded and self.began is not None:
            colour = self.recorded[(self.clock.now - self.began) // parameters.LIGHT_MS % len(self.recorded)]
        if colour:
            image = image.astype(np.float32)
            image[10:, :, AXES[Light(colour)]] += self.gain
            image = image.clip(0, 255).astype(np.uint8)
        return super()._frame(image)


@pytest.fixture(autouse=True)
def whole_face(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(light_reader, "skin_colour", lambda frame, points: tuple(frame[20:].mean(axis=(0, 1))))


def read(bench: Bench, camera: Skin, display: Screen, **needs: bool) -> Verdict:
    pipeline: Any = MovingPipeline()
    clock: Any = camera.clock
    told = Needs.parse({"unable": [], "slow": False, "no_light": False, "covered": [], **needs})
    offer = bench.offer(1, needs=told, expires_in=120_000)
    stage = set_stage(offer, camera.clock.now, clock, display, threading.Event())
    return LightReader(camera, pipeline).read(SEED, stage, Follower(pipeline, camera.device))


def made(**changes: Any) -> tuple[Skin, Screen]:
    clock = SteppedClock()
    display = Screen(clock)
    return Skin(clock, display, still, **changes), display


def test_living_skin_returns_the_screens_colours_in_their_order(bench: Bench) -> None:
    camera, display = made()
    assert read(bench, camera, display) is Verdict.RETURNED
    assert display.colours == [*lights(SEED, parameters.LIGHTS), ""]
    assert (Step.FACE, "WATCH_COLOURS") in display.shown


def test_colours_of_another_session_are_foreign_after_a_second_flash(bench: Bench) -> None:
    camera, display = made(recorded=lights(OTHER, parameters.LIGHTS), gain=20.0)
    assert read(bench, camera, display) is Verdict.FOREIGN
    first, second = lights(SEED, parameters.LIGHTS), lights(SEED, parameters.LIGHTS, 1)
    assert display.colours == [*first, "", *second, ""] and first != second


@pytest.mark.parametrize(
    ("returned", "wildness", "verdict"),
    [
        (Verdict.RETURNED, None, Verdict.RETURNED),
        (Verdict.RETURNED, WILDEST, Verdict.RETURNED),
        (Verdict.RETURNED, WILDEST + 0.1, Verdict.DISPLAY),
        (Verdict.UNCLEAR, WILDEST + 0.1, Verdict.DISPLAY),
        (Verdict.FOREIGN, WILDEST + 0.1, Verdict.FOREIGN),
    ],
)
def test_light_that_does_not_belong_to_the_picture_is_a_displays(
    returned: Verdict, wildness: float | None, verdict: Verdict
) -> None:
    assert judged(returned, wildness) is verdict


def test_a_display_is_said_after_a_second_flash(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[float] = []
    monkeypatch.setattr(light_reader, "unevenness", lambda *_: said.append(1.5) or said[-1])
    camera, display = made()
    assert read(bench, camera, display) is Verdict.DISPLAY
    assert len(said) == parameters.LIGHT_ATTEMPTS


def test_a_face_that_returns_nothing_says_nothing(bench: Bench) -> None:
    camera, display = made(gain=0.0)
    assert read(bench, camera, display) is Verdict.UNCLEAR


def test_a_screen_that_does_not_answer_is_not_waited_for(bench: Bench) -> None:
    camera, display = made()
    display.away = True
    began = camera.clock.now
    assert read(bench, camera, display) is Verdict.UNCLEAR
    assert camera.clock.now - began < parameters.LIT_WAIT_MS + 200
    assert display.colour == "", "the screen has its own colours again"


def test_who_must_not_see_changing_light_does_not(bench: Bench) -> None:
    camera, display = made()
    assert read(bench, camera, display, no_light=True) is Verdict.UNCLEAR
    assert display.colours == []


def test_the_screen_has_its_own_colours_after_a_camera_that_fails(bench: Bench) -> None:
    camera, display = made()
    failing: Callable[..., Any] = lambda: (_ for _ in ()).throw(RuntimeError("gone"))  # noqa: E731
    camera.read = failing  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        read(bench, camera, display)
    assert display.colour == ""


assert isinstance(MESH, Mesh) and NEUTRAL and ALICE and Stage  # the simulation's words
