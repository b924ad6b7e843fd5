"""One face through one session: whoever answered the challenge is the one who is compared, and stays until the door.

A door of the session, made anew for each: it keeps the track of the face and the marks of its frames, no picture.
"""

from collections import deque

from sallyport_biometrics.face.injection import FrameMark, Suspicion, blind, mark, suspicions
from sallyport_biometrics.face.pipeline import FacePipeline
from sallyport_biometrics.face.track import LONGEST_ABSENCE_MS, Track
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
        self._left = self._lost_sight = self._usable = False

    @property
    def number(self) -> int:
        """Of the face in view; it grows when another one takes its place. 0: none was seen yet."""
        return self._track.number if self._track is not None else 0

    @property
    def track(self) -> Track | None:
        """For the presence watch."""
        return self._track

    def see(self, frame: Frame, arrived_ms: int, analysis: FrameAnalysis, embedding: Embedding | None = None) -> int:
        """One more frame; the number of the face in it.

        A face that jumps, or comes back after frames without a single face, is known again by its embedding or is new.
        """
        if analysis.face is None:
            self._lost_sight = True
            return self.number
        self._usable = self._usable or analysis.usable
        if not blind(frame.image):
            self._marks.append(mark(frame.image, float(frame.captured_ms), float(arrived_ms), frame.device))
        box, at = analysis.face.box, float(frame.captured_ms)
        if self._track is None:
            self._track, self._lost_sight = Track(_FIRST, box, embedding, at), False
            return self.number
        self._left = self._left or self._track.absent_ms(at) > LONGEST_ABSENCE_MS
        if embedding is None and self._lost_sight and analysis.usable:
            embedding = self._pipeline.embed(frame.image, analysis.face)
        followed = self._track.follow(box, at, embedding)
        if embedding is None and followed.number != self._track.number:
            followed = self._track.follow(box, at, self._pipeline.embed(frame.image, analysis.face))
        self._track, self._lost_sight = followed, self._lost_sight and embedding is None
        return self.number

    def left(self, now_ms: int) -> bool:
        """Whether the face was ever out of view for longer than it may be, up to now."""
        return self._left or (self._track is not None and self._track.absent_ms(float(now_ms)) > LONGEST_ABSENCE_MS)

    def suspicions(self) -> frozenset[Suspicion]:
        """What speaks against these frames being this camera's, now.

        Nothing, where no usable face was seen: nobody can be taken for anybody, and a camera that shows so little
        (out of focus, burnt out) has a fault.
        """
        return suspicions(tuple(self._marks), self._device) if self._usable else frozenset()
