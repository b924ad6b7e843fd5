"""A face as a vector whose dot product with another says how alike the two are."""

import numpy as np

from sallyport_biometrics.face.align import ARCFACE, aligned
from sallyport_biometrics.face.network import Network
from sallyport_biometrics.face.words import Embedding, Image, Landmarks


class SFace:
    """SFace (Zhong et al., 2021; OpenCV Zoo, Apache-2.0): 128 numbers from a 112 x 112 face."""

    def __init__(self, model: bytes, threads: int = 1) -> None:
        self._network = Network(model, threads)

    @property
    def digest(self) -> bytes:
        return self._network.digest

    def embed(self, frame: Image, landmarks: Landmarks) -> Embedding:
        """[128] float32 of length one."""
        chip = aligned(frame, landmarks, ARCFACE)
        values = np.ascontiguousarray(chip[:, :, ::-1].transpose(2, 0, 1)[None], dtype=np.float32)
        return unit(self._network.run(values)[0][0])


def unit(vector: Embedding) -> Embedding:
    """The vector at length one; a zero or unusable vector stays zero, which matches nothing."""
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length < 1e-9:
        return np.zeros_like(vector, dtype=np.float32)
    return np.asarray(vector / length, dtype=np.float32)
