"""The presence watch: from the match until the opening the same person stays in view, and the gateway hears of it."""

from dataclasses import dataclass

from sallyport_biometrics.calibration import Calibration
from sallyport_biometrics.face.compare import compare
from sallyport_biometrics.face.pipeline import FacePipeline
from sallyport_biometrics.face.template import FaceTemplate
from sallyport_kiosk.ports import Camera, Pixels
from sallyport_protocol.messages import Operating


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one look showed."""

    same: bool
    """The person who matched is in view, alone."""
    faces: int


@dataclass(frozen=True, slots=True)
class PresenceWatch:
    """Looks for the person whose template the match was made with."""

    camera: Camera
    pipeline: FacePipeline
    calibration: Calibration

    def look(self, person: FaceTemplate, operating: Operating) -> tuple[Sighting, Pixels]:
        """One look: the sighting and the frame's pixels for the screen. Raises RoadError when the camera fails."""
        self.camera.open()  # one that failed is tried afresh
        frame = self.camera.read()
        analysis = self.pipeline.analyse(frame.image)
        if analysis.face is None:
            return Sighting(False, min(len(analysis.faces), 100)), frame.image
        seen = self.pipeline.template([(self.pipeline.embed(frame.image, analysis.face), 1.0)])
        rate = self.calibration.fmr(compare(seen, person))
        return Sighting(rate.upper_log10 <= operating.floor_fmr_log10, len(analysis.faces)), frame.image
