"""`sallyport-models compare A B`: two fingerprint images, what their likeness is worth, and a picture of it."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sallyport_biometrics.calibration import Calibration
from sallyport_biometrics.finger import FingerExtractor, FingerRefusal, FingerTemplate, compare
from sallyport_biometrics.finger.alignment import align, likeness
from sallyport_models.evaluate.finger_images import read_gray
from sallyport_models.store import write_atomically
from sallyport_protocol.errors import MalformedError

_PAIRED, _ALONE = (40, 160, 40), (60, 60, 200)
_DRAWN_DPI = 500.0


def compare_images(
    first: Path, second: Path, extractor: FingerExtractor, calibration: Calibration, dpi: float, picture: Path | None
) -> dict[str, Any]:
    """Score, log-likelihood ratio and stated FMR of two images; draws the paired minutiae where asked to.

    Raises MalformedError, with the advice, for an image that gives no template, and for a calibration of another model.
    """
    if calibration.model != extractor.model.hex():
        raise MalformedError("the calibration was made for another model; run `sallyport-models calibrate fingerprint`")
    images = [read_gray(path) for path in (first, second)]
    templates = [_template(extractor, image, dpi, path) for image, path in zip(images, (first, second), strict=True)]
    score = compare(*templates)
    stated = calibration.fmr(score)
    if picture:
        write_atomically(picture, _drawn(images, templates, dpi))
    return {
        "score": score,
        "llr": calibration.llr(score),
        "fmr": stated.point,
        "fmr_upper": stated.upper,
        "extrapolated": stated.extrapolated,
        "minutiae": [len(each) for each in templates],
        "quality": [each.quality for each in templates],
    }


def _template(extractor: FingerExtractor, image: NDArray[np.uint8], dpi: float, path: Path) -> FingerTemplate:
    found = extractor.extract(image, dpi)
    if isinstance(found, FingerRefusal):
        raise MalformedError(f"{path}: {found.feedback.value}. {found.feedback.words}")
    return found


def _drawn(images: list[NDArray[np.uint8]], templates: list[FingerTemplate], dpi: float) -> bytes:
    """PNG: both images side by side, paired minutiae joined by lines, others as dots."""
    a, b = (each.described for each in templates)
    alignment = align(a, b, likeness(a, b)) if len(a) and len(b) else None
    pairs = list(zip(alignment.first, alignment.second, strict=True)) if alignment else []
    height, gap = max(image.shape[0] for image in images), images[0].shape[1] + 20
    canvas = np.full((height, gap + images[1].shape[1]), 255, np.uint8)
    canvas[: images[0].shape[0], : images[0].shape[1]] = images[0]
    canvas[: images[1].shape[0], gap:] = images[1]
    colour = cv2.cvtColor(canvas, cv2.COLOR_GRAY2BGR)
    scale = dpi / _DRAWN_DPI
    spots = [
        [(round(x * scale) + shift, round(y * scale)) for x, y in zip(each.points["x"], each.points["y"], strict=True)]
        for each, shift in zip(templates, (0, gap), strict=True)
    ]
    paired = [{int(pair[side]) for pair in pairs} for side in (0, 1)]
    for side in (0, 1):
        for index, spot in enumerate(spots[side]):
            cv2.circle(colour, spot, 4, _PAIRED if index in paired[side] else _ALONE, 1, cv2.LINE_AA)
    for i, j in pairs:
        cv2.line(colour, spots[0][i], spots[1][j], _PAIRED, 1, cv2.LINE_AA)
    return bytes(cv2.imencode(".png", colour)[1])
