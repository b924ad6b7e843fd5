"""Writing an estate's files: whole or not at all, secrets readable by their owner alone."""

import os
import secrets
from pathlib import Path
from typing import Final

from sallyport_protocol.errors import RoadError

SECRET: Final = 0o600
PUBLIC: Final = 0o644
FOLDER: Final = 0o700


def write(path: Path, content: bytes, mode: int = PUBLIC, *, durable: bool = True) -> None:
    """Replaces `path` in one step; its folder is made when missing.

    `durable` waits for the disk; do without only for what can be derived again. RoadError when
    the place cannot be written.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        for folder in reversed([each for each in path.parents if not each.exists()]):
            folder.mkdir(mode=FOLDER, exist_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SECRET)
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, mode)  # whatever the account's umask is
                file.write(content)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise RoadError(
            f"cannot write {path}: {error.strerror or error}. Choose a directory that this account may write to."
        ) from error


def read(path: Path) -> bytes:
    """Raises RoadError that says what to do when the file cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise RoadError(
            f"cannot read {path}: {error.strerror or error}. "
            "Run `sallyport-estate verify` on the estate; restore the file or make the estate again."
        ) from error


def mode_of(path: Path) -> int:
    """Permission bits."""
    return path.stat().st_mode & 0o777
