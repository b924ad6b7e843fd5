"""Real fingerprint images as a sensor of another format would have taken them."""

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from sallyport_kiosk.ports import Pixels
from sallyport_protocol.errors import RoadError

SUFFIXES: Final = frozenset({".png", ".bmp", ".tif", ".tiff", ".jpg", ".jpeg", ".pgm"})
_RIDGE_CONTRAST: Final = 12.0
"""Gray levels a ridge stands out by; less is background."""


def images_in(place: Path) -> list[Path]:
    """The images of a folder in the order of their names, or the one image; empty where there are none."""
    if place.is_file():
        return [place]
    if not place.is_dir():
        return []
    return sorted(path for path in place.iterdir() if path.suffix.lower() in SUFFIXES)


def load_gray(path: Path) -> Pixels:
    """Any image as 8-bit gray. Raises RoadError for a file that is none."""
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise RoadError(f"cannot read {path}: {error.strerror}") from error
    image = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if data.size else None
    if image is None:
        raise RoadError(f"{path} is not an image: take it out of the folder")
    return np.ascontiguousarray(image, np.uint8)


def fit(image: Pixels, rows: int, columns: int) -> Pixels:
    """Crops and pads `image`, at its own resolution, to rows x columns around the middle of the print."""
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    canvas = np.full((rows, columns), int(np.median(border)), np.uint8)
    middle_row, middle_column = middle_of_print(image)
    top, left = round(middle_row - rows / 2), round(middle_column - columns / 2)
    if image.shape[0] <= rows:
        top = (image.shape[0] - rows) // 2
    if image.shape[1] <= columns:
        left = (image.shape[1] - columns) // 2
    from_row, to_row = max(top, 0), min(top + rows, image.shape[0])
    from_column, to_column = max(left, 0), min(left + columns, image.shape[1])
    canvas[from_row - top : to_row - top, from_column - left : to_column - left] = image[
        from_row:to_row, from_column:to_column
    ]
    return canvas


def middle_of_print(image: Pixels) -> tuple[float, float]:
    """Row and column of the centre of what has ridges; the image's own centre where nothing has."""
    smooth = image.astype(np.float32)
    mean = cv2.blur(smooth, (17, 17))
    ridged = np.sqrt(np.maximum(cv2.blur(smooth * smooth, (17, 17)) - mean * mean, 0)) > _RIDGE_CONTRAST
    rows, columns = np.nonzero(ridged)
    if not len(rows):
        return image.shape[0] / 2, image.shape[1] / 2
    return float(rows.mean()), float(columns.mean())
