"""The calibrations that ship with the product, one for each modality: what a score is worth, with its provenance."""

import hashlib
import tomllib
from collections.abc import Sequence
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


def calibration_for(modality: str, models: Sequence[bytes], folder: Path = FOLDER) -> Calibration:
    """The calibration of scores that come from these models, by their digests in the order of use.

    Raises MalformedError that names the file when it was made with other models: its rates would say nothing.
    """
    calibration = read_calibration(modality, folder)
    if calibration.model != model_digest(models).hex():
        path = folder / f"{modality}.toml"
        raise MalformedError(f"{path}: this calibration was made with other models; install Sallyport again")
    return calibration


def model_digest(models: Sequence[bytes]) -> bytes:
    """What a calibration calls its model: the digest of a single one, or one digest over those of several."""
    return models[0] if len(models) == 1 else hashlib.sha256(b"".join(models)).digest()
