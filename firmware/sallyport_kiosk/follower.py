"""One face through one session: whoever answered the challenge is the one who is compared, and stays until the door.

A door of the session, made anew for each: it keeps the track of the face and the marks of its frames, no picture.
"""

from collections import deque
from dataclasses import replace

from sallyport_biometrics.face.injection import FrameMark, Suspicion, mark, suspicions
from sallyport_biometrics.face.pipeline import FacePipeline
from sallyport_biometrics.face.track import Track
from sallyport_biometrics.face.words import Embedding, FrameAnalysis
from sallyport_kiosk import parameters
from sallyport_kiosk.ports import Frame

_FIRST = 1


class Follower:
    """Follows the face in the frames of the camera with this device name."""

    def __init__(self, pipeline: FacePipeline, device: str) -> None:
        self._pipeline, self._device = pipeline, device
        self._marks: deque[FrameMark] = deque(maxlen=parameters.MARKS)
        self._track: Track | None = None

    @property
    def number(self) -> int:
        """Of the face in view; it grows when another one takes its place. 0: none was seen yet."""
        return self._track.number if self._track is not None else 0

    def see(self, frame: Frame, arrived_ms: int, analysis: FrameAnalysis, embedding: Embedding | None = None) -> int:
        """One more frame; the number of the face in it. A face that jumps is known again by its embedding or is new."""
        if analysis.face is None:
            return self.number
        self._marks.append(mark(frame.image, float(frame.captured_ms), float(arrived_ms), frame.device))
        box, at = analysis.face.box, float(frame.captured_ms)
        if self._track is None:
            self._track = Track(_FIRST, box, embedding, at)
            return self.number
        followed = self._track.follow(box, at, embedding)
        if embedding is None and followed.number != self._track.number:
            followed = self._track.follow(box, at, self._pipeline.embed(frame.image, analysis.face))
        self._track = followed
        return self.number

    def suspicions(self) -> frozenset[Suspicion]:
        """What speaks against these frames being this camera's, now."""
        return suspicions(tuple(self._marks), self._device)

    def handed_on(self, now_ms: int) -> Track | None:
        """The track for the presence watch. While the finger was read nobody looked, so its absence begins now."""
        return None if self._track is None else replace(self._track, seen_ms=float(now_ms))
