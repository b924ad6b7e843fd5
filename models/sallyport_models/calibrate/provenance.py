"""Lines of a calibration file; its `[provenance]` says which data it was fitted on, without keeping any of them."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from sallyport_biometrics.calibration import Provenance
from sallyport_protocol.errors import RoadError


def digest_of_files(files: Mapping[str, Path]) -> str:
    """SHA-256 over a line `sha256 name` for each file, by name; hexadecimal. Raises RoadError."""
    total = hashlib.sha256()
    for name, path in sorted(files.items()):
        try:
            total.update(f"{hashlib.sha256(path.read_bytes()).hexdigest()} {name}\n".encode())
        except OSError as error:
            raise RoadError(f"{path}: {error.strerror}; make the data readable") from error
    return total.hexdigest()


def provenance_table(provenance: Provenance) -> list[str]:
    """As lines of TOML."""
    return [
        "[provenance]",
        f'data = "{provenance.data}"',
        f'data_sha256 = "{provenance.data_sha256}"',
        f"identities = {provenance.identities}",
        f"genuine = {provenance.genuine}",
        f"impostor = {provenance.impostor}",
        f'method = "{provenance.method}"',
    ]


def numbers(values: Sequence[float], digits: int = 4) -> str:
    """As an array of TOML."""
    return "[" + ", ".join(f"{value:.{digits}f}" for value in values) + "]"
