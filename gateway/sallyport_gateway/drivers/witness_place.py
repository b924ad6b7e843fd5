"""Opens the witness that the configuration names."""

from pathlib import Path
from typing import Final

import httpx

from sallyport_gateway.audit.witness import FileWitness, HttpWitness, Witness
from sallyport_gateway.configuration import Configuration
from sallyport_protocol.errors import RoadError

TIMEOUT_S: Final = 2.0
"""A grant waits for the witness and lives 10 s at most: a slower witness is as good as none."""


def open_witness(configuration: Configuration) -> Witness:
    """A folder or an address. The development default is made; a named folder must be there already: an empty mount
    point would know of nothing. Raises MalformedError or RoadError."""
    place = configuration.witness
    if place.startswith(("http://", "https://")):
        return HttpWitness(httpx.Client(timeout=TIMEOUT_S), place.rstrip("/"))
    folder = Path(place)
    if configuration.file.witness is None:
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise RoadError(f"{folder}: {error.strerror}; give this user write access beside gateway.toml") from error
    if not folder.is_dir():
        raise RoadError(f"the witness {folder} is not there: mount it, or name the right one in gateway.toml")
    return FileWitness(folder)
