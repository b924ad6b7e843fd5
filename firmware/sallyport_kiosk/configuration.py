"""The kiosk's configuration file, read strictly. Paths in it are relative to the file."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from sallyport_protocol.documents import Profile
from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_protocol.messages import DeviceName, PrisonCode
from sallyport_protocol.word import Name, Text, Word

Port = Annotated[int, Field(ge=1, le=65_535)]


class BrokerPlace(Word):
    host: Text
    port: Port


class Identity(Word):
    signer: Text
    """Where the signing key is, by URI (`drivers/signers.py`); `file:` is for development only."""
    certificate: Text
    key: Text
    """For TLS."""
    password_file: Text


class TrustFiles(Word):
    authorities: Text
    revoked: Text
    provisioner: Text
    gateways: Text


class Documents(Word):
    model_set: Text
    policy: Text


class Devices(Word):
    camera: Text
    sensor: Text
    lock: Text


class ScreenPlace(Word):
    host: Text
    port: Port


class Places(Word):
    outbox: Text
    models: Text


class KioskFile(Word):
    """What `kiosk.toml` says."""

    name: DeviceName
    prison: PrisonCode
    lane: DeviceName
    interlock: DeviceName
    profile: Name[Profile]
    broker: BrokerPlace
    identity: Identity
    trust: TrustFiles
    documents: Documents
    devices: Devices
    screen: ScreenPlace
    store: Places


@dataclass(frozen=True, slots=True)
class Configuration:
    """The file's words and the folder that its paths are relative to."""

    file: KioskFile
    home: Path

    def path(self, text: str) -> Path:
        """A path of the file, absolute."""
        return (self.home / text).resolve()

    def read(self, text: str) -> bytes:
        """The content of a file that the configuration names. Raises RoadError."""
        try:
            return self.path(text).read_bytes()
        except OSError as error:
            raise RoadError(f"{self.path(text)}: {error.strerror}; provision this kiosk again") from error


def load_configuration(path: Path) -> Configuration:
    """Reads `kiosk.toml`. Raises RoadError when it cannot be read and MalformedError naming the field."""
    try:
        content = tomllib.loads(path.read_text())
    except OSError as error:
        raise RoadError(f"{path}: {error.strerror}; name the kiosk's configuration with --config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MalformedError(f"{path}: {error}; provision this kiosk again") from error
    return Configuration(KioskFile.parse(content), path.resolve().parent)
