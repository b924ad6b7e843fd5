"""The calibration of face attack detection that ships with the product: what its signs weigh, with provenance."""

import tomllib
from pathlib import Path
from typing import Final

from sallyport_biometrics.face.attack import AttackCalibration
from sallyport_models.calibrations import FOLDER
from sallyport_protocol.errors import MalformedError, RoadError

FILE: Final = FOLDER / "attack.toml"


def read_attack_calibration(path: Path = FILE) -> AttackCalibration:
    """As installed: for measuring, not for deciding. Raises RoadError or MalformedError that name the file."""
    try:
        return parse_attack_calibration(path.read_bytes(), path)
    except OSError as error:
        raise RoadError(f"{path}: {error.strerror}; install Sallyport again") from error


def parse_attack_calibration(content: bytes, path: Path = FILE) -> AttackCalibration:
    """From the file's bytes. Raises MalformedError naming `path`."""
    try:
        return AttackCalibration.from_toml_dict(tomllib.loads(content.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, MalformedError) as error:
        raise MalformedError(f"{path}: {error}") from error
