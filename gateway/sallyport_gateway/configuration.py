"""The gateway's configuration file, read strictly. Paths in it are relative to the file."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from sallyport_protocol.documents import HolderName, Profile
from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_protocol.messages import PrisonCode
from sallyport_protocol.word import Many, Name, Text, Word

Port = Annotated[int, Field(ge=1, le=65_535)]


class BrokerPlace(Word):
    host: Text
    port: Port


class Identity(Word):
    certificate: Text
    key: Text


class TrustFiles(Word):
    authorities: Text
    revoked: Text
    provisioner: Text


class Documents(Word):
    registry: Text
    model_set: Text
    policy: Text


class Secrets(Word):
    interlocks: Text
    """Folder with one file of keys for each board."""
    references: Text
    """Key that enrolled references are encrypted with."""


class StorePlace(Word):
    url: Text


class WebPlace(Word):
    host: Text
    port: Port


class GatewayFile(Word):
    """What `gateway.toml` says."""

    name: HolderName
    profile: Name[Profile]
    prisons: Many[PrisonCode]
    broker: BrokerPlace
    identity: Identity
    trust: TrustFiles
    documents: Documents
    secrets: Secrets
    store: StorePlace
    web: WebPlace
    witness: Text | None = None
    """Folder or http(s) address that remembers how far the audit log had come. In production it must be named, and
    lie outside what a restored backup of this machine brings back."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """The file's words and the folder that its paths are relative to."""

    file: GatewayFile
    home: Path

    def path(self, text: str) -> Path:
        """A path of the file, absolute."""
        return (self.home / text).resolve()

    def read(self, text: str) -> bytes:
        """The content of a file that the configuration names. Raises RoadError."""
        try:
            return self.path(text).read_bytes()
        except OSError as error:
            raise RoadError(f"{self.path(text)}: {error.strerror}; provision this gateway again") from error

    @property
    def witness(self) -> str:
        """The witness's address or folder. Raises MalformedError when a production gateway names none."""
        named = self.file.witness
        if named is None and self.file.profile is Profile.PRODUCTION:
            raise MalformedError("gateway.toml names no witness; a production gateway needs one on another machine")
        named = named or "witness"
        return named if named.startswith(("http://", "https://")) else str(self.path(named))

    @property
    def store_url(self) -> str:
        """The store's URL, a relative SQLite path made absolute."""
        url = self.file.store.url
        relative = url.removeprefix("sqlite:///")
        return f"sqlite:///{self.path(relative)}" if relative != url else url


def load_configuration(path: Path) -> Configuration:
    """Reads `gateway.toml`. Raises RoadError when it cannot be read and MalformedError naming the field."""
    try:
        content = tomllib.loads(path.read_text())
    except OSError as error:
        raise RoadError(f"{path}: {error.strerror}; name the gateway's configuration with --config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MalformedError(f"{path}: {error}; provision this gateway again") from error
    return Configuration(GatewayFile.parse(content), path.resolve().parent)
