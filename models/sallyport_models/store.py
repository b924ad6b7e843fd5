"""Models on disk, believed only by their digest. The kiosk loads every model through here."""

import builtins
import hashlib
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from sallyport_models.manifest import Manifest, ModelEntry
from sallyport_protocol.errors import MalformedError, RoadError

STORE_VARIABLE = "SALLYPORT_MODELS"
DEFAULT_STORE = Path("var/models")


@dataclass(frozen=True, slots=True)
class VerifiedModel:
    """A model file whose bytes have the digest that the manifest names."""

    name: str
    bytes: builtins.bytes = field(repr=False)
    sha256: str
    """Hexadecimal."""
    entry: ModelEntry = field(repr=False)

    @property
    def digest(self) -> builtins.bytes:
        """SHA-256, 32 bytes: what a verification result and a template carry."""
        return builtins.bytes.fromhex(self.sha256)


@dataclass(frozen=True, slots=True)
class ModelStore:
    """A folder of converted models and the manifest that says what they must be."""

    path: Path
    manifest: Manifest

    def load(self, name: str) -> VerifiedModel:
        """Reads and checks a model, once, from one read of the file.

        Raises RoadError when it is not there and MalformedError when its digest is not the approved one.
        """
        entry = self.manifest.model(name)
        path = self.path / entry.file
        try:
            content = path.read_bytes()
        except OSError as error:
            raise RoadError(f"{path}: {error.strerror}; run `sallyport-models fetch`") from error
        if hashlib.sha256(content).hexdigest() != entry.sha256:
            raise MalformedError(
                f"{path}: not the approved {name} (sha256 differs); delete the file and run `sallyport-models fetch`"
            )
        return VerifiedModel(name, content, entry.sha256, entry)

    def holds(self, entry: ModelEntry) -> bool:
        """Whether the approved bytes of this model are here."""
        return has_digest(self.path / entry.file, entry.sha256)


def default_store() -> Path:
    """The folder that SALLYPORT_MODELS names, else var/models under the working directory."""
    return Path(os.environ.get(STORE_VARIABLE) or DEFAULT_STORE)


def has_digest(path: Path, sha256: str) -> bool:
    """Whether the file is there and has this digest."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    except OSError:
        return False


def write_atomically(path: Path, content: bytes) -> None:
    """Writes all of `content` under `path` or nothing. Raises RoadError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise RoadError(f"{path}: {error.strerror}; make the folder writable or free some space") from error
