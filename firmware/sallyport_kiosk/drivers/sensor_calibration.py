"""What one sensor's images need before they can be compared: its calibration file, and its effect on an image.

dpi = 508.0          # of the sensing surface, as measured or as its data sheet says
rotation = 0         # degrees clockwise to upright: 0, 90, 180 or 270
mirror = false       # true when the image is seen through the finger
invert = false       # true when ridges are bright
contrast = [0.0, 0.0] # share of the darkest and brightest pixels that become black and white; 0 leaves them
"""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np

from sallyport_kiosk.ports import Pixels
from sallyport_protocol.errors import MalformedError, RoadError

DPI_RANGE: Final = (150.0, 2_000.0)
"""Below, ridges blur together; above, no fingerprint sensor is made."""
_ROTATIONS: Final = (0, 90, 180, 270)
_MAX_CLIP: Final = 0.2
_MAX_SIDE: Final = 2_048


@dataclass(frozen=True, slots=True)
class SensorCalibration:
    """How to turn what the sensor sends into an upright gray image with dark ridges. Raises MalformedError."""

    dpi: float = 500.0
    """Pixels an inch. Default: FBI PIV-071006 and the optical R30x family; the R503's data sheet says 508."""
    rotation: int = 0
    mirror: bool = False
    invert: bool = False
    contrast: tuple[float, float] = (0.0, 0.0)
    size: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if not DPI_RANGE[0] <= self.dpi <= DPI_RANGE[1]:
            raise MalformedError(f"dpi = {self.dpi} is outside {DPI_RANGE[0]} to {DPI_RANGE[1]}")
        if self.rotation not in _ROTATIONS:
            raise MalformedError(f"rotation = {self.rotation} is none of {_ROTATIONS}")
        if not all(0 <= share <= _MAX_CLIP for share in self.contrast):
            raise MalformedError(f"contrast = {list(self.contrast)} is outside 0 to {_MAX_CLIP}")
        if self.size is not None and not all(32 <= side <= _MAX_SIDE for side in self.size):
            raise MalformedError(f"size = {list(self.size)} is outside 32 to {_MAX_SIDE}")

    def apply(self, image: Pixels) -> Pixels:
        """H x W gray as sent -> gray, upright, ridges dark."""
        upright: Pixels = np.rot90(image, -self.rotation // 90)
        if self.mirror:
            upright = upright[:, ::-1]
        if self.invert:
            upright = 255 - upright
        return np.ascontiguousarray(_stretch(upright, *self.contrast))


def _stretch(image: Pixels, dark: float, bright: float) -> Pixels:
    if not dark and not bright:
        return image
    low, high = np.quantile(image, (dark, 1 - bright))
    if high <= low:
        return image
    stretched: Pixels = np.clip((image - low) * (255 / (high - low)) + 0.5, 0, 255).astype(np.uint8)
    return stretched


def load_calibration(path: Path) -> SensorCalibration:
    """Reads a calibration file. Raises RoadError when it cannot be read, MalformedError when it is not one."""
    try:
        table = tomllib.loads(path.read_text())
    except OSError as error:
        raise RoadError(f"cannot read the sensor calibration {path} ({error.strerror}): copy it there") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MalformedError(f"{path} is not TOML: {error}") from error
    known = {field.name for field in fields(SensorCalibration)}
    if unknown := sorted(set(table) - known):
        raise MalformedError(f"{path} has unknown settings {unknown}; it may have {sorted(known)}")
    return _from_table(path, table)


def _from_table(path: Path, table: dict[str, object]) -> SensorCalibration:
    default = SensorCalibration()
    size = table.pop("size", None)
    match size:
        case None:
            shape = None
        case [int() as columns, int() as rows]:
            shape = (columns, rows)
        case _:
            raise MalformedError(f"{path}: size is columns and rows, two whole numbers")
    table = {field.name: getattr(default, field.name) for field in fields(default)} | table
    match table:
        case {
            "dpi": float() | int() as dpi,
            "rotation": int() as rotation,
            "mirror": bool() as mirror,
            "invert": bool() as invert,
            "contrast": (float() | int() as dark, float() | int() as bright),
        }:
            return SensorCalibration(float(dpi), rotation, mirror, invert, (float(dark), float(bright)), shape)
        case _:
            raise MalformedError(
                f"{path}: dpi is a number, rotation whole, mirror and invert true or false, contrast two numbers"
            )
