"""The face pipeline on one page: frame -> detect -> mesh -> quality -> align -> embed -> aggregate -> compare."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

import numpy as np

from sallyport_biometrics.face.align import aligned
from sallyport_biometrics.face.detect import FaceDetector
from sallyport_biometrics.face.embed import SFace
from sallyport_biometrics.face.mesh import FaceMesher, landmarks_of, pose_of
from sallyport_biometrics.face.parameters import Parameters, parameters
from sallyport_biometrics.face.quality import assess, complaints
from sallyport_biometrics.face.template import FaceTemplate, aggregate
from sallyport_biometrics.face.words import Embedding, Face, Feedback, FrameAnalysis, Image, Mesh
from sallyport_protocol.actions import Part

MODELS = ("yunet", "face-mesh", "sface")
"""Names in the model store that `FacePipeline` needs."""


class FacePipeline:
    """Everything between a frame and a template, for one kiosk process."""

    def __init__(self, models: Mapping[str, bytes], threads: int = 1, limits: Parameters | None = None) -> None:
        """`models` maps the names in `MODELS` to ONNX bytes; `KeyError` names a missing one."""
        self._limits = limits or parameters()
        self._detector = FaceDetector(models["yunet"], threads, self._limits.detector)
        self._mesher = FaceMesher(models["face-mesh"], threads)
        self._embedder = SFace(models["sface"], threads)

    @property
    def digests(self) -> tuple[bytes, ...]:
        """SHA-256 of every network in the order of use."""
        return (self._detector.digest, self._mesher.digest, self._embedder.digest)

    def analyse(self, frame: Image, covered: Set[Part] = frozenset()) -> FrameAnalysis:
        """What this frame shows and what the person should do. Never raises for a picture's content.

        `covered` parts of the face stay so, as an officer recorded.
        """
        if not readable(frame, self._limits):
            return FrameAnalysis((), None, None, (Feedback.FRAME_UNUSABLE,))
        faces = self._detector.detect(frame)
        if not faces:
            return FrameAnalysis((), None, None, (_why_no_face(frame, self._limits),))
        if several(faces, self._limits.frame.second_face):
            return FrameAnalysis(faces, None, None, (Feedback.SEVERAL_FACES,))
        if self._detector.upside_down(frame, faces[0]):
            return FrameAnalysis(faces, None, None, (Feedback.HEAD_TILTED,))
        return self._judged(frame, faces, covered)

    def refine(self, frame: Image, face: Face) -> tuple[Face, Mesh]:
        """The face with the mesh's five points instead of the detector's, and the mesh."""
        mesh = self._mesher.mesh(frame, face)
        return replace(face, landmarks=landmarks_of(mesh)), mesh

    def _judged(self, frame: Image, faces: tuple[Face, ...], covered: Set[Part]) -> FrameAnalysis:
        face, mesh = self.refine(frame, faces[0])
        if mesh.presence < self._limits.detector.presence:
            return FrameAnalysis(faces, None, None, (Feedback.NO_FACE,))
        height, width = frame.shape[:2]
        chip = aligned(frame, face.landmarks)
        quality = assess(chip, face, pose_of(mesh), (height, width), self._limits, mesh)
        return FrameAnalysis(faces, face, quality, complaints(quality, self._limits, covered), mesh)

    def embed(self, frame: Image, face: Face) -> Embedding:
        """The face's embedding, of length one; zero when the network gave nothing usable."""
        return self._embedder.embed(frame, face.landmarks)

    def template(self, frames: Sequence[tuple[Embedding, float]]) -> FaceTemplate:
        """The template of several (embedding, quality); `ValueError` when there is nothing usable."""
        return aggregate(frames, self.digests)


def readable(frame: Image, limits: Parameters) -> bool:
    """Whether the array is a colour frame of a size that a camera of ours makes."""
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
        return False
    height, width = frame.shape[:2]
    smallest, largest = limits.detector.smallest_frame, limits.detector.largest_frame
    return bool(min(height, width) >= smallest and height * width <= largest)


def several(faces: Sequence[Face], share: float) -> bool:
    """Whether a second face is large enough to be a person in front of the kiosk."""
    return len(faces) > 1 and faces[1].box.area >= share * faces[0].box.area


def _why_no_face(frame: Image, limits: Parameters) -> Feedback:
    brightness = float(np.median(frame[::8, ::8]))
    if brightness < limits.exposure.dark_median / 2:
        return Feedback.TOO_DARK
    if brightness > 250.0:
        return Feedback.TOO_BRIGHT
    return Feedback.NO_FACE
