"""The kiosk's configuration file, read strictly. Paths in it are relative to the file."""

from dataclasses import dataclass
from pathlib import Path

from sallyport_link.configuration import Configured, Place, read_toml
from sallyport_protocol.documents import Profile
from sallyport_protocol.messages import DeviceName, PrisonCode
from sallyport_protocol.word import Name, Text, Word


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


class Folders(Word):
    outbox: Text
    models: Text


class KioskFile(Word):
    """What `kiosk.toml` says."""

    name: DeviceName
    prison: PrisonCode
    lane: DeviceName
    interlock: DeviceName
    profile: Name[Profile]
    broker: Place
    identity: Identity
    trust: TrustFiles
    documents: Documents
    devices: Devices
    screen: Place
    store: Folders


@dataclass(frozen=True, slots=True)
class Configuration(Configured[KioskFile]):
    """What `kiosk.toml` says, and where it lies."""

    program = "kiosk"


def load_configuration(path: Path) -> Configuration:
    """Reads `kiosk.toml`. Raises RoadError when it cannot be read and MalformedError naming the field."""
    return Configuration(read_toml(path, KioskFile, Configuration.program), path.resolve().parent)
