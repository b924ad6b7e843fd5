"""What says how the models are used: manifest, known answers, calibrations. Believed, like a model, only by its digest.

The digests are part of the signed model set (`sallyport_protocol.documents.ModelSet.data`): one flipped byte in any of
these files is refused with the file's name before anything of it is used.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sallyport_models import attack_calibration, calibrations, known_answers
from sallyport_models.manifest import DEFAULT_MANIFEST, Manifest
from sallyport_protocol.documents import ModelSet, model_set_digest
from sallyport_protocol.errors import MalformedError, RoadError

MANIFEST: Final = "manifest.toml"
KNOWN_ANSWERS: Final = "known_answers.toml"
ATTACK: Final = calibrations.name_of("attack")

FILES: Final[Mapping[str, Path]] = {
    MANIFEST: DEFAULT_MANIFEST,
    KNOWN_ANSWERS: known_answers.FILE,
    calibrations.FUSED: calibrations.path_of("fused"),
    **{calibrations.name_of(modality): calibrations.path_of(modality) for modality in calibrations.MODALITIES},
    ATTACK: attack_calibration.FILE,
}
"""Where each file is, by its name in the signed set."""


def data_digests() -> dict[str, bytes]:
    """What the files that are installed here would be approved as. Raises RoadError."""
    return {name: hashlib.sha256(_read(path)).digest() for name, path in FILES.items()}


def set_digest(manifest: Manifest) -> bytes:
    """What a set of this manifest's approved models and of the data installed here is called."""
    return model_set_digest({entry.name: bytes.fromhex(entry.sha256) for entry in manifest.approved()}, data_digests())


def read_approved(approved: ModelSet, name: str, files: Mapping[str, Path] = FILES) -> bytes:
    """One file's bytes, from one read of it.

    Raises RoadError when it is not there and MalformedError when the signed set approves other bytes; both name it.
    """
    content = _read(files[name])
    if not approved.approves_data(name, content):
        raise MalformedError(
            f"{files[name]}: not what the signed model set approves (sha256 differs); install Sallyport again, or have"
            " it approved with `sallyport-estate approve`"
        )
    return content


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RoadError(f"{path}: {error.strerror}; install Sallyport again") from error
