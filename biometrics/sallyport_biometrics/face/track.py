"""One face over frames: where it was, and whose it is. Pure."""

from dataclasses import dataclass, replace

import numpy as np

from sallyport_biometrics.face.words import Box, Embedding

LEAST_OVERLAP = 0.3
"""Of the boxes of one face in successive frames, intersection over union."""
LEAST_LIKENESS = 0.38
"""Dot product with the track's first embedding; FMR 1e-3 on LFW (docs/models/face.md)."""
LONGEST_ABSENCE_MS = 3000.0
"""Design: absence over 3 s voids a decision."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """The face followed since its first frame; another face gets another number."""

    number: int
    box: Box
    likeness: Embedding | None
    seen_ms: float

    def follow(self, box: Box | None, at_ms: float, embedding: Embedding | None = None) -> "Track":
        """The track after a frame with this single face (None: none, or several).

        The number changes when the face jumped, came back after more than 3 s, or is another person's.
        """
        if box is None:
            return self
        gone = at_ms - self.seen_ms > LONGEST_ABSENCE_MS
        jumped = self.box.overlap(box) < LEAST_OVERLAP
        if gone or (jumped and embedding is None) or self._differs(embedding):
            return Track(self.number + 1, box, embedding, at_ms)
        return replace(self, box=box, seen_ms=at_ms, likeness=embedding if self.likeness is None else self.likeness)

    def absent_ms(self, now_ms: float) -> float:
        return now_ms - self.seen_ms

    def void(self, number: int, now_ms: float) -> bool:
        """Whether a decision made on track `number` no longer holds."""
        return self.number != number or self.absent_ms(now_ms) > LONGEST_ABSENCE_MS

    def _differs(self, embedding: Embedding | None) -> bool:
        if embedding is None or self.likeness is None:
            return False
        return float(np.dot(embedding, self.likeness)) < LEAST_LIKENESS
