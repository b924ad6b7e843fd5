"""The gateway's configuration file, read strictly. Paths in it are relative to the file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from sallyport_gateway.authority.words import Source
from sallyport_link.configuration import Configured, Place, read_toml
from sallyport_protocol.documents import HolderName, Profile
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.messages import PrisonCode
from sallyport_protocol.word import Many, Name, Text, Word

ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""HH:MM."""


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
    release_policy: Text | None = None
    """The signed release policy; None, in development only: the one that comes with this release."""


class Secrets(Word):
    interlocks: Text
    """Folder with one file of keys for each board."""
    references: Text
    """Key that enrolled references are encrypted with."""


class StorePlace(Word):
    url: Text


class HmppsSection(Word):
    """HMPPS as the source of the records. Without this section they are kept in the gateway's own store."""

    url: Text
    """Base address."""
    sources: dict[str, Text] = Field(default_factory=dict)
    """Other base addresses, by source: PRISONER, IDENTITY, ..., and EVENTS for the feed."""
    authorities: Text | None = None
    """PEM of who may vouch for HMPPS; without it, the machine's own."""
    certificate: Text | None = None
    key: Text | None = None
    """Our certificate and its key, for mutual TLS."""
    api_key: Text | None = None
    """File with the API key."""
    events: Text | None = None
    """Path of the feed of changes at EVENTS' base address, such as /v1/events. In production there must be one."""
    timeout_s: Annotated[float, Field(gt=0, le=10)] = 4.0
    """For each wait on the network."""
    total_s: Annotated[float, Field(gt=0, le=30)] = 8.0
    """For one answer with all its attempts: how long the start of a check waits for a source."""
    patience_s: Annotated[float, Field(gt=0, le=2.5)] = 2.0
    """How long the verdict, the confirmation and the grant wait for a source; below the three seconds' absence that
    would void the decision."""
    cache_s: dict[str, Annotated[float, Field(ge=0, le=3_600)]] = Field(default_factory=dict)
    """By source: what was read less than so many seconds ago is not asked again [2]. How old evidence may be at all
    is the release policy's."""

    @model_validator(mode="after")
    def _known(self) -> Self:
        for name in (*self.sources, *self.cache_s):
            if name not in set(Source) and (name != "EVENTS" or name in self.cache_s):
                raise ValueError(f"{name} is no source; there are {', '.join(Source)}")
        for url in (self.url, *self.sources.values()):
            if not url.startswith(("https://", "http://")):
                raise ValueError(f"{url} is not an http(s) address")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together")
        return self


class GatewayFile(Word):
    """What `gateway.toml` says."""

    name: HolderName
    profile: Name[Profile]
    prisons: Many[PrisonCode]
    broker: Place
    identity: Identity
    trust: TrustFiles
    documents: Documents
    secrets: Secrets
    store: StorePlace
    web: Place
    hmpps: HmppsSection | None = None
    preflight: ClockTime = "02:00"
    """When everybody who is due soon is looked at, by London's clock."""
    peers: dict[str, Text] = Field(default_factory=dict)
    """Gateway -> address of its pages, for the gateways that share this one's store: officers are sent there."""
    witness: Text | None = None
    """Folder or http(s) address that remembers how far the audit log had come. In production it must be named, and
    lie outside what a restored backup of this machine brings back."""


@dataclass(frozen=True, slots=True)
class Configuration(Configured[GatewayFile]):
    """What `gateway.toml` says, and where it lies."""

    program = "gateway"

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
    return Configuration(read_toml(path, GatewayFile, Configuration.program), path.resolve().parent)
