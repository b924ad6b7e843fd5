"""Fills the screen with colours that the session's seed gives, and tells whether the face returns them.

Supporting evidence only. Where the screen does not say that it shows them, where the person must not see them or where
the room is too bright, nothing is said, and the challenge gets another step instead.
"""

from dataclasses import dataclass

from sallyport_biometrics.face.flash import Flash, Light, Verdict, lights, response
from sallyport_biometrics.face.movement import skin_colour
from sallyport_biometrics.face.pipeline import FacePipeline
from sallyport_kiosk import parameters
from sallyport_kiosk.follower import Follower
from sallyport_kiosk.frames import fresh_frame
from sallyport_kiosk.ports import Camera
from sallyport_kiosk.stage import Stage, Step

Seen = list[tuple[float, tuple[float, float, float]]]
"""Times in ms and the skin's mean colour: blue, green, red, 0 to 255."""


@dataclass(frozen=True, slots=True)
class LightReader:
    """The camera and the networks that find the skin in its frames."""

    camera: Camera
    pipeline: FacePipeline

    def read(self, seed: bytes, stage: Stage, follower: Follower) -> Verdict:
        """RETURNED by one flash; FOREIGN when every one brought back clear colours that are not ours. Raises RoadError.

        The screen has its own colours again afterwards.
        """
        if stage.needs.no_light:
            return Verdict.UNCLEAR
        verdict = Verdict.UNCLEAR
        for attempt in range(parameters.LIGHT_ATTEMPTS):
            try:
                verdict = self._flash(seed, attempt, stage, follower)
            finally:
                stage.display.light("", 0)
            if verdict is not Verdict.FOREIGN:
                break
        return verdict

    def _flash(self, seed: bytes, attempt: int, stage: Stage, follower: Follower) -> Verdict:
        flashes: list[Flash] = []
        seen: Seen = []
        stage.display.show(Step.FACE, "WATCH_COLOURS")
        for index, light in enumerate(lights(seed, parameters.LIGHTS, attempt)):
            number = attempt * parameters.LIGHTS + index + 1
            shown_ms = self._shown(light, number, stage, follower, seen)
            if shown_ms is None:
                return Verdict.UNCLEAR
            flashes.append(Flash(light, float(shown_ms)))
            while not stage.over and stage.clock.monotonic_ms() < shown_ms + parameters.LIGHT_MS:
                self._look(stage, follower, seen)
        return response(flashes, seen).verdict

    def _shown(self, light: Light, number: int, stage: Stage, follower: Follower, seen: Seen) -> int | None:
        """When the screen said that it shows this colour; None when it does not say so in time."""
        until = stage.clock.monotonic_ms() + parameters.LIT_WAIT_MS
        stage.display.light(str(light), number)
        while not stage.over and stage.clock.monotonic_ms() < until:
            self._look(stage, follower, seen)
            if (shown_ms := stage.display.lit(number)) is not None:
                return shown_ms
        return None

    def _look(self, stage: Stage, follower: Follower, seen: Seen) -> None:
        if (fresh := fresh_frame(self.camera, stage)) is None:
            return
        frame, arrived = fresh
        analysis = self.pipeline.analyse(frame.image, frozenset(stage.needs.covered))
        follower.see(frame, arrived, analysis)
        if analysis.mesh is not None:
            seen.append((float(frame.captured_ms), skin_colour(frame.image, analysis.mesh.points)))
