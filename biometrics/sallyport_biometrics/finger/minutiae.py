"""Image to minutiae: the network's maps, read as peaks. The whole post-processing is on this page.

`image -> padded -> LEADER -> position, direction, type maps -> smoothed -> peaks -> minutiae`
"""

from dataclasses import dataclass

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from sallyport_biometrics.finger import parameters as p
from sallyport_biometrics.finger.flow import Floats, Gray
from sallyport_protocol.errors import MalformedError

_MULTIPLE = 32
_BLUR = cv2.getGaussianKernel(p.PEAK_BLUR, 0).astype(np.float32)
_WINDOW = np.ones((p.PEAK_SIZE, p.PEAK_SIZE), np.uint8)


@dataclass(frozen=True, slots=True)
class Minutiae:
    """N minutiae, best first."""

    x: Floats
    """px from the left."""
    y: Floats
    """px from the top, downwards."""
    direction: Floats
    """rad, -pi to pi, counter-clockwise from the right; of a ridge ending, into the ridge."""
    quality: Floats
    """0 to 1."""
    ending: Floats
    """0 (bifurcation) to 1 (ridge ending)."""

    def __len__(self) -> int:
        return len(self.x)

    def kept(self, chosen: NDArray[np.intp] | NDArray[np.bool_]) -> "Minutiae":
        """Those chosen by index or mask."""
        return Minutiae(
            self.x[chosen], self.y[chosen], self.direction[chosen], self.quality[chosen], self.ending[chosen]
        )


class MinutiaeNetwork:
    """LEADER as ONNX, on a fixed number of threads."""

    def __init__(self, model: bytes, threads: int = 1) -> None:
        """Raises MalformedError when the bytes are not a network with LEADER's input and outputs."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_mem_pattern = False  # every crop has its own size
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise MalformedError(
                f"the minutiae model cannot be loaded ({error}); run `sallyport-models fetch`"
            ) from error
        names = {output.name for output in self._session.get_outputs()}
        if names != {"position", "direction", "ending"}:
            raise MalformedError("the minutiae model has other outputs than LEADER; run `sallyport-models fetch`")

    def minutiae(self, image: Gray) -> Minutiae:
        """Minutiae of an H x W image of dark ridges at 500 dpi. Raises MalformedError on maps that are not numbers."""
        padded, left, top = _padded(image)
        position, direction, ending = self.maps(padded)
        smooth, rows, columns = peaks(position)
        found = Minutiae(
            x=(columns - left).astype(np.float32),
            y=(rows - top).astype(np.float32),
            direction=np.arctan2(direction[1, rows, columns], direction[0, rows, columns]),
            quality=np.minimum(smooth[rows, columns], 1.0),
            ending=ending[rows, columns],
        )
        height, width = image.shape
        found = found.kept((found.x >= 0) & (found.y >= 0) & (found.x < width) & (found.y < height))
        return found.kept(np.argsort(-found.quality, kind="stable"))

    def maps(self, padded: Gray) -> tuple[Floats, Floats, Floats]:
        """Position [H, W], direction (cosine, sine) [2, H, W] and type [H, W] of an image in multiples of 32 px."""
        outputs = self._session.run(
            ["position", "direction", "ending"], {"image": padded[None, None].astype(np.float32)}
        )
        if not all(np.isfinite(output).all() for output in outputs):
            raise MalformedError("the minutiae model gave values that are not numbers; treat the finger as faulty")
        if np.ptp(outputs[0]) == 0.0:
            raise MalformedError("the minutiae model gives the same everywhere; run `sallyport-models fetch`")
        return outputs[0][0, 0], outputs[1][0], outputs[2][0, 0]


def peaks(position: Floats) -> tuple[Floats, NDArray[np.intp], NDArray[np.intp]]:
    """The smoothed position map, and rows and columns of its peaks above the least quality."""
    smooth = np.asarray(cv2.sepFilter2D(position, -1, _BLUR, _BLUR, borderType=cv2.BORDER_CONSTANT), np.float32)
    rows, columns = np.nonzero((smooth >= p.MINUTIA_QUALITY) & (smooth == cv2.dilate(smooth, _WINDOW)))
    return smooth, rows, columns


def _padded(image: Gray) -> tuple[Gray, int, int]:
    """The image centred in multiples of 32 px, in its own border tone; and what was added left and above."""
    height, width = image.shape
    extra_rows, extra_columns = -height % _MULTIPLE, -width % _MULTIPLE
    top, left = extra_rows // 2, extra_columns // 2
    tone = int(np.median(np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])))
    padded = cv2.copyMakeBorder(
        image, top, extra_rows - top, left, extra_columns - left, cv2.BORDER_CONSTANT, value=(tone,)
    )
    return np.asarray(padded, np.uint8), left, top
