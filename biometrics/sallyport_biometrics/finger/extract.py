"""Image to template: the whole of extraction on one page.

`image -> 500 dpi gray -> ridge flow and print area -> crop -> minutiae -> quality -> template or refusal`
"""

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sallyport_biometrics.finger import parameters as p
from sallyport_biometrics.finger.flow import Flow, Gray, bounds, ridge_flow
from sallyport_biometrics.finger.image import normalised
from sallyport_biometrics.finger.minutiae import Minutiae, MinutiaeNetwork
from sallyport_biometrics.finger.quality import Feedback, PrintQuality, area_mm2, judge, no_print
from sallyport_biometrics.finger.template import FingerTemplate


@dataclass(frozen=True, slots=True)
class FingerRefusal:
    """No template: what the person should do about it."""

    feedback: Feedback
    quality: PrintQuality


@dataclass(frozen=True, slots=True)
class Examination:
    """One capture: what it is worth, and its template where one could be made."""

    quality: PrintQuality
    template: FingerTemplate | None


class FingerExtractor:
    """Makes templates with one model. Not thread-safe: one for each thread."""

    def __init__(self, model_bytes: bytes, *, threads: int = 1) -> None:
        """Raises MalformedError when the bytes are not the minutiae network."""
        self._network = MinutiaeNetwork(model_bytes, threads)
        self.model = hashlib.sha256(model_bytes).digest()

    def extract(self, image: NDArray[np.generic], dpi: float = p.DPI) -> FingerTemplate | FingerRefusal:
        """A template, or the refusal of an image that shows no usable print.

        Raises MalformedError for what is not a gray 8-bit image of a finger's size.
        """
        found = self.examine(image, dpi)
        if found.template is not None:
            return found.template
        assert found.quality.refusal is not None
        return FingerRefusal(found.quality.refusal, found.quality)

    def examine(self, image: NDArray[np.generic], dpi: float = p.DPI) -> Examination:
        """Like `extract`, with the quality and advice of every image."""
        gray = normalised(image, dpi)
        flow = ridge_flow(gray)
        if area_mm2(flow) < p.LEAST_AREA:
            return Examination(no_print(gray, flow), None)
        minutiae = self._searched(gray, flow)
        quality = judge(gray, flow, minutiae)
        if quality.refusal is not None:
            return Examination(quality, None)
        return Examination(quality, FingerTemplate.of(self.model, quality.value, minutiae, flow))

    def _searched(self, gray: Gray, flow: Flow) -> Minutiae:
        """Minutiae of the part of the image that holds the print."""
        top, bottom, left, right = (edge * p.CELL for edge in bounds(flow.mask))
        top, left = max(0, top - p.CROP_MARGIN), max(0, left - p.CROP_MARGIN)
        found = self._network.minutiae(gray[top : bottom + p.CROP_MARGIN, left : right + p.CROP_MARGIN])
        return replace(found, x=found.x + np.float32(left), y=found.y + np.float32(top))
