"""The calibrations that ship with the product, one for each modality: what a score is worth, with its provenance."""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from sallyport_biometrics.calibration import Calibration, Provenance
from sallyport_biometrics.fusion import FusedCalibration
from sallyport_protocol.errors import MalformedError, RoadError

MODALITIES: Final = ("face", "finger")
FUSED: Final = "calibration/fused.toml"
"""What the signed model set calls the calibration of the fused score."""
FUSED_VERSION: Final = 1
FOLDER: Final = Path(__file__).resolve().parent / "calibration"


def name_of(modality: str) -> str:
    """What the signed model set calls the calibration of a modality."""
    return f"calibration/{modality}.toml"


def path_of(modality: str, folder: Path = FOLDER) -> Path:
    """The file of a modality."""
    return folder / f"{modality}.toml"


def read_calibration(modality: str, folder: Path = FOLDER) -> Calibration:
    """The calibration of `face` or `finger`, as installed: for measuring, not for deciding.

    Raises RoadError (missing) or MalformedError; both name the file.
    """
    path = path_of(modality, folder)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RoadError(f"{path}: {error.strerror}; install Sallyport again") from error
    return parse_calibration(content, modality, path)


def parse_calibration(content: bytes, modality: str, path: Path) -> Calibration:
    """A calibration from its file's bytes. Raises MalformedError naming `path`."""
    try:
        calibration = Calibration.from_toml_dict(tomllib.loads(content.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, MalformedError) as error:
        raise MalformedError(f"{path}: {error}") from error
    if calibration.modality != modality:
        raise MalformedError(f"{path}: this is the calibration of {calibration.modality}; install Sallyport again")
    return calibration


def require_models(calibration: Calibration, models: Sequence[bytes]) -> Calibration:
    """The calibration, if its scores come from these models, by their digests in the order of use.

    Raises MalformedError that names the file when it was made with other models: its rates would say nothing.
    """
    if calibration.model != model_digest(models).hex():
        path = path_of(calibration.modality)
        raise MalformedError(f"{path}: this calibration was made with other models; install Sallyport again")
    return calibration


def read_fused(folder: Path = FOLDER) -> FusedCalibration:
    """The calibration of the fused score, as installed: for measuring. Raises RoadError or MalformedError."""
    path = path_of("fused", folder)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RoadError(f"{path}: {error.strerror}; install Sallyport again") from error
    return parse_fused(content, {each: read_calibration(each, folder).model for each in MODALITIES}, path)


def parse_fused(content: bytes, models: Mapping[str, str], path: Path) -> FusedCalibration:
    """The calibration of the fused score of these models (by modality, hexadecimal), from its file's bytes.

    Raises MalformedError naming `path`, also where it was made with other models.
    """
    try:
        table = tomllib.loads(content.decode())
        if table["version"] != FUSED_VERSION:
            raise MalformedError(f"{path}: version {table['version']} is unknown; expected {FUSED_VERSION}")
        Provenance.from_toml_dict(table)
        shares = {modality: float(table["failed_share"][modality]) for modality in MODALITIES}
        scale, shift, made_with = float(table["scale"]), float(table["shift"]), dict(table["models"])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise MalformedError(f"{path}: {error!r} is missing or unusable; install Sallyport again") from error
    if not (all(0.0 <= each <= 0.5 for each in shares.values()) and 0.1 <= scale <= 10.0 and -20.0 <= shift <= 20.0):
        raise MalformedError(f"{path}: a value is out of range; install Sallyport again")
    if made_with != dict(models):
        raise MalformedError(f"{path}: this calibration was made with other models; install Sallyport again")
    return FusedCalibration(shares, scale, shift)


def model_digest(models: Sequence[bytes]) -> bytes:
    """What a calibration calls its model: the digest of a single one, or one digest over those of several."""
    return models[0] if len(models) == 1 else hashlib.sha256(b"".join(models)).digest()
