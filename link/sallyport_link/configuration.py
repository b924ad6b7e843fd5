"""A program's configuration file, read strictly. Paths in it are relative to the file."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_protocol.word import Port, Text, Word

F = TypeVar("F", bound=Word)
"""What the file may say."""


class Place(Word):
    """Where something is reached."""

    host: Text
    port: Port


@dataclass(frozen=True, slots=True)
class Configured(Generic[F]):
    """The file's words and the folder that its paths are relative to."""

    program: ClassVar[str]
    """"kiosk" or "gateway": what must be provisioned again when something is wrong."""
    file: F
    home: Path

    def path(self, text: str) -> Path:
        """A path of the file, absolute."""
        return (self.home / text).resolve()

    def read(self, text: str) -> bytes:
        """The content of a file that the configuration names. Raises RoadError."""
        try:
            return self.path(text).read_bytes()
        except OSError as error:
            raise RoadError(f"{self.path(text)}: {error.strerror}; provision this {self.program} again") from error


def read_toml(path: Path, form: type[F], program: str) -> F:
    """Reads one program's file. Raises RoadError when it cannot be read and MalformedError naming the field."""
    try:
        return form.parse(tomllib.loads(path.read_text()))
    except OSError as error:
        raise RoadError(f"{path}: {error.strerror}; name the {program}'s configuration with --config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MalformedError(f"{path}: {error}; provision this {program} again") from error
