"""The newest document versions that this kiosk has accepted, kept over restarts: nothing older counts again (S13)."""

import json
import os
from pathlib import Path
from typing import Final

from sallyport_protocol.errors import MalformedError, RoadError

NAMES: Final = ("model_set", "policy")


class AcceptedVersions:
    """A small file at `path`."""

    def __init__(self, path: Path) -> None:
        """Raises RoadError when it cannot be read, MalformedError when somebody wrote into it."""
        self._path = path
        try:
            found = json.loads(path.read_text()) if path.exists() else {}
        except OSError as error:
            raise RoadError(f"{path}: {error.strerror}; make it readable for the kiosk's user") from error
        except ValueError as error:
            raise MalformedError(f"{path} is not what the kiosk wrote; provision this kiosk again") from error
        if not isinstance(found, dict) or not all(type(found.get(name, 0)) is int for name in NAMES):
            raise MalformedError(f"{path} is not what the kiosk wrote; provision this kiosk again")
        self._versions: dict[str, int] = {name: found.get(name, 0) for name in NAMES}

    def of(self, name: str) -> int:
        """The newest version accepted so far; 0 for none."""
        return self._versions[name]

    def accept(self, **versions: int) -> None:
        """Durable when it returns. Raises RoadError."""
        newer = {name: max(self._versions[name], version) for name, version in versions.items()}
        if newer == self._versions:
            return
        part = self._path.with_suffix(".part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("w") as file:
                file.write(json.dumps(newer))
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)
        except OSError as error:
            raise RoadError(f"{self._path}: {error.strerror}; give the kiosk's user write access there") from error
        self._versions = newer
