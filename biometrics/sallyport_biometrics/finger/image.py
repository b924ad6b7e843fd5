"""Any image to an upright 8-bit gray image at 500 dpi, or the reason why it cannot be one."""

import cv2
import numpy as np
from numpy.typing import NDArray

from sallyport_biometrics.finger import parameters as p
from sallyport_biometrics.finger.flow import Gray
from sallyport_protocol.errors import MalformedError


def normalised(image: NDArray[np.generic], dpi: float) -> Gray:
    """H x W uint8, dark ridges, resampled to 500 dpi.

    Raises MalformedError for anything that is not an 8-bit gray image of a plausible size and resolution: such bytes do
    not come from a working sensor.
    """
    if image.dtype != np.uint8 or image.ndim != 2:
        raise MalformedError("a fingerprint image is 8-bit gray, height x width; convert it first")
    if not p.MIN_DPI <= dpi <= p.MAX_DPI:
        raise MalformedError(f"{dpi} dpi is outside {p.MIN_DPI:.0f} to {p.MAX_DPI:.0f}; correct the sensor's profile")
    height, width = image.shape
    scale = p.DPI / dpi
    if image.size > p.MAX_RAW_PIXELS or image.size * scale * scale > p.MAX_PIXELS:
        raise MalformedError(f"{width} x {height} px is larger than any finger; check the sensor's profile")
    if max(height, width) * scale > p.MAX_SIDE or min(height, width) * scale < p.MIN_SIDE:
        raise MalformedError(f"{width} x {height} px is not the size of a fingerprint; check the sensor's profile")
    if abs(scale - 1) < 0.005:
        return np.ascontiguousarray(image, np.uint8)
    size = (round(width * scale), round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(np.asarray(image), size, interpolation=method), np.uint8)
