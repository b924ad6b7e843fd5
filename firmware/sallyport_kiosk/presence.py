"""The presence watch: from the match until the opening the same person stays in view, and the gateway hears of it."""

from dataclasses import dataclass

from sallyport_biometrics.calibration import Calibration
from sallyport_biometrics.face.compare import compare
from sallyport_biometrics.face.pipeline import FacePipeline
from sallyport_biometrics.face.template import FaceTemplate
from sallyport_biometrics.face.track import Track
from sallyport_kiosk.ports import Camera, Pixels
from sallyport_protocol.messages import Operating


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one look showed."""

    same: bool
    """The person who matched is in view, alone."""
    faces: int
    track: Track | None = None
    """The followed face after this look, where it is followed."""


@dataclass(frozen=True, slots=True)
class PresenceWatch:
    """Looks for the person whose template the match was made with."""

    camera: Camera
    pipeline: FacePipeline
    calibration: Calibration

    def look(self, person: FaceTemplate, operating: Operating, track: Track | None = None) -> tuple[Sighting, Pixels]:
        """One look: the sighting and the frame's pixels for the screen. Raises RoadError when the camera fails.

        `track` is the one that the match was made on, followed since; once lost it is never the same again.
        """
        self.camera.open()  # one that failed is tried afresh
        frame = self.camera.read()
        analysis = self.pipeline.analyse(frame.image)
        if analysis.face is None:
            return Sighting(False, min(len(analysis.faces), 100), track), frame.image
        embedding = self.pipeline.embed(frame.image, analysis.face)
        rate = self.calibration.fmr(compare(self.pipeline.template([(embedding, 1.0)]), person))
        same = rate.upper_log10 <= operating.floor_fmr_log10
        followed = track.follow(analysis.face.box, float(frame.captured_ms), embedding) if track is not None else None
        return Sighting(same, len(analysis.faces), followed), frame.image
