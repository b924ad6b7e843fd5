"""The calibrations that ship with the product, one for each modality: what a score is worth, with its provenance."""

import tomllib
from pathlib import Path
from typing import Final

from sallyport_biometrics.calibration import Calibration
from sallyport_protocol.errors import MalformedError, RoadError

FOLDER: Final = Path(__file__).resolve().parent / "calibration"


def read_calibration(modality: str, folder: Path = FOLDER) -> Calibration:
    """The calibration of `face` or `finger`. Raises RoadError (missing) or MalformedError; both name the file."""
    path = folder / f"{modality}.toml"
    try:
        calibration = Calibration.from_toml_dict(tomllib.loads(path.read_text()))
    except OSError as error:
        raise RoadError(f"{path}: {error.strerror}; install Sallyport again") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, MalformedError) as error:
        raise MalformedError(f"{path}: {error}") from error
    if calibration.modality != modality:
        raise MalformedError(f"{path}: this is the calibration of {calibration.modality}; install Sallyport again")
    return calibration
