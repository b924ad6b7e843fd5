"""Fills the screen with colours that the session's seed gives, and tells whether the face returns them.

Supporting evidence only. Where the screen does not say that it shows them, where the person must not see them or where
the room is too bright, nothing is said, and the challenge gets another step instead.
"""

from dataclasses import dataclass, field

from sallyport_biometrics.face.flash import SUSPECTED, Flash, Light, Verdict, lights, response
from sallyport_biometrics.face.movement import skin_colour
from sallyport_biometrics.face.pipeline import FacePipeline
from sallyport_biometrics.face.relief import WILDEST, Cells, cells_of, unevenness
from sallyport_kiosk import parameters
from sallyport_kiosk.follower import Follower
from sallyport_kiosk.frames import fresh_frame
from sallyport_kiosk.ports import Camera
from sallyport_kiosk.stage import Stage, Step


@dataclass(slots=True)
class Seen:
    """What one flash brought back, each with its time in ms."""

    skin: list[tuple[float, tuple[float, float, float]]] = field(default_factory=list)
    """Mean colour: blue, green, red, 0 to 255."""
    parts: list[tuple[float, Cells]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LightReader:
    """The camera and the networks that find the skin in its frames."""

    camera: Camera
    pipeline: FacePipeline

    def read(self, seed: bytes, stage: Stage, follower: Follower) -> Verdict:
        """RETURNED by one flash; FOREIGN or DISPLAY when every one spoke of an attack, the last so. Raises RoadError.

        The screen has its own colours again afterwards.
        """
        if stage.needs.no_light:
            return Verdict.UNCLEAR
        verdict = Verdict.UNCLEAR
        for attempt in range(parameters.LIGHT_ATTEMPTS):
            try:
                verdict = judged(*self.flashed(seed, attempt, stage, follower))
            finally:
                stage.display.light("", 0)
            if verdict not in SUSPECTED:
                break
        return verdict

    def flashed(self, seed: bytes, attempt: int, stage: Stage, follower: Follower) -> tuple[Verdict, float | None]:
        """What one flash's colours say, and how unevenly they came back (`face.relief`)."""
        flashes: list[Flash] = []
        seen = Seen()
        stage.display.show(Step.FACE, "WATCH_COLOURS")
        for index, light in enumerate(lights(seed, parameters.LIGHTS, attempt)):
            number = attempt * parameters.LIGHTS + index + 1
            shown_ms = self._shown(light, number, stage, follower, seen)
            if shown_ms is None:
                return Verdict.UNCLEAR, None
            flashes.append(Flash(light, float(shown_ms)))
            while not stage.over and stage.clock.monotonic_ms() < shown_ms + parameters.LIGHT_MS:
                self._look(stage, follower, seen)
        return response(flashes, seen.skin).verdict, unevenness(flashes, seen.parts)

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
            at_ms = float(frame.captured_ms)
            seen.skin.append((at_ms, skin_colour(frame.image, analysis.mesh.points)))
            if (parts := cells_of(frame.image, analysis.mesh)) is not None:
                seen.parts.append((at_ms, parts))


def judged(returned: Verdict, wildness: float | None) -> Verdict:
    """Colours of another session come first; light that does not belong to the picture is a display's."""
    if returned is Verdict.FOREIGN or wildness is None or wildness <= WILDEST:
        return returned
    return Verdict.DISPLAY
