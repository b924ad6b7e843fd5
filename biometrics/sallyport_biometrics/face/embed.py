"""A face as a vector whose dot product with another says how alike the two are."""

import numpy as np

from sallyport_biometrics.face.align import ARCFACE, aligned, shrunk
from sallyport_biometrics.face.network import Network
from sallyport_biometrics.face.words import Embedding, Image, Landmarks

SFACE = shrunk(ARCFACE, 0.95)
"""A little more of the head than ArcFace's own cut: better by a tenth with the mesh's points (docs/models/face.md)."""


class SFace:
    """SFace (Zhong et al., 2021; OpenCV Zoo, Apache-2.0): 128 numbers from a 112 x 112 face."""

    def __init__(self, model: bytes, threads: int = 1) -> None:
        self._network = Network(model, threads)

    @property
    def digest(self) -> bytes:
        return self._network.digest

    def embed(self, frame: Image, landmarks: Landmarks) -> Embedding:
        """[128] float32 of length one: the sum over the face and its mirror image, which evens out side light."""
        chip = aligned(frame, landmarks, SFACE)
        both = np.stack([chip, chip[:, ::-1]])[:, :, :, ::-1].transpose(0, 3, 1, 2)
        values = np.ascontiguousarray(both, dtype=np.float32)
        return unit(self._network.run(values)[0].sum(axis=0))


def unit(vector: Embedding) -> Embedding:
    """The vector at length one; a zero or unusable vector stays zero, which matches nothing."""
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length < 1e-9:
        return np.zeros_like(vector, dtype=np.float32)
    return np.asarray(vector / length, dtype=np.float32)
