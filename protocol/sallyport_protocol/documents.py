"""Signed documents that the provisioner gives to gateways and kiosks: registry, model set, policy. Pure.

Each is a COSE_Sign1 by a provisioner's key with the document's name as external data, and carries a version that only
rises: a reader refuses one that is older than what it already accepted (S13). Unknown fields refuse (S14). Empty means
no: an empty registry knows nobody, an empty model set approves no model.
"""

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Final, Self, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import Field, model_validator

from sallyport_protocol import canonical, envelope
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import NAME_PATTERN, Role, public_key_of
from sallyport_protocol.messages import DeviceName, Operating, PrisonCode
from sallyport_protocol.word import Digest, Many, Message, Millis, Name, Text, Word

HolderName = Annotated[str, Field(pattern=NAME_PATTERN)]
Seconds = Annotated[int, Field(ge=1, le=3_600)]


class OlderDocumentError(MalformedError):
    """A document older than the one already accepted: somebody is rolling us back."""


class Profile(StrEnum):
    """Where a document may be used. A production gateway refuses a development policy by its own configuration."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class LaneKind(StrEnum):
    PEDESTRIAN = "pedestrian"
    VEHICLE = "vehicle"


class Status(StrEnum):
    ACTIVE = "ACTIVE"
    REVOKED = "REVOKED"


class Document(Message):
    """What every signed document carries."""

    version: Annotated[int, Field(ge=1, lt=2**53)]
    """Rises with every signature of this document, never repeats."""
    issued: Millis
    """Milliseconds since 1970-01-01 UTC, the provisioner's clock."""


class Lane(Word):
    """One door or pair of doors, with the one kiosk and the one interlock that serve it."""

    name: DeviceName
    prison: PrisonCode
    kind: Name[LaneKind]


class Entry(Word):
    """One holder: a device or a person."""

    name: HolderName
    roles: Annotated[tuple[Name[Role], ...], Field(strict=False, min_length=1)]
    prison: PrisonCode | None
    """None for a holder of the whole estate (a gateway, an auditor)."""
    lane: DeviceName | None
    fingerprint: Digest
    """SHA-256 of the certificate; for an interlock, `interlock_fingerprint` of its two keys."""
    certificate: Annotated[bytes, Field(max_length=4_096)] | None
    """DER. None for an interlock, which holds symmetric keys."""
    epoch: Annotated[int, Field(ge=0, lt=2**32)]
    """Of an interlock's keys: rises with every rekeying. 0 for everybody else."""
    status: Name[Status]

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if (Role.INTERLOCK in self.roles) != (self.certificate is None):
            raise ValueError("an interlock has no certificate, everybody else has one")
        if self.certificate is not None and envelope.key_id_of(self.certificate) != self.fingerprint:
            raise ValueError("the fingerprint is not that of the certificate")
        return self

    @property
    def active(self) -> bool:
        return self.status is Status.ACTIVE

    @cached_property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Raises MalformedError for a holder without a certificate or with one that cannot be read."""
        return public_key_of(self.x509)

    @cached_property
    def x509(self) -> x509.Certificate:
        """The certificate. Raises MalformedError where there is none or it cannot be read."""
        if self.certificate is None:
            raise MalformedError(f"{self.name} has no certificate")
        try:
            return x509.load_der_x509_certificate(self.certificate)
        except ValueError as error:
            raise MalformedError(f"the certificate of {self.name} cannot be read") from error


class Registry(Document):
    """Who is who in the estate."""

    lanes: Many[Lane]
    entries: Many[Entry]

    @model_validator(mode="after")
    def _unique(self) -> Self:
        names = [each.name for each in self.entries] + [lane.name for lane in self.lanes]
        prints = [each.fingerprint.hex() for each in self.entries]
        for value, count in Counter(names + prints).items():
            if count > 1:
                raise ValueError(f"{value} occurs twice")
        lanes = {lane.name for lane in self.lanes}
        for each in self.entries:
            if each.lane is not None and each.lane not in lanes:
                raise ValueError(f"{each.name} serves the unknown lane {each.lane}")
        served = Counter((each.lane, role) for each in self.entries if each.lane for role in each.roles if each.active)
        if any(count > 1 for count in served.values()):
            raise ValueError("a lane has two active devices of one role")
        return self

    @cached_property
    def _by_fingerprint(self) -> dict[bytes, Entry]:
        return {each.fingerprint: each for each in self.entries}

    @cached_property
    def _by_name(self) -> dict[str, Entry]:
        return {each.name: each for each in self.entries}

    def by_fingerprint(self, key_id: bytes) -> Entry | None:
        """The holder whose certificate has this fingerprint, revoked ones included: the caller judges the status."""
        return self._by_fingerprint.get(key_id)

    def named(self, name: str) -> Entry | None:
        return self._by_name.get(name)

    def lane(self, name: str) -> Lane | None:
        return next((lane for lane in self.lanes if lane.name == name), None)

    def serving(self, lane: str, role: Role) -> Entry | None:
        """The active device of that role at that lane."""
        return next((e for e in self.entries if e.lane == lane and role in e.roles and e.active), None)

    def resolve(self, key_id: bytes) -> ec.EllipticCurvePublicKey | None:
        """`envelope.KeyResolver` over everybody with a certificate, revoked ones included (check 4 names those)."""
        entry = self.by_fingerprint(key_id)
        return None if entry is None or entry.certificate is None else entry.public_key


class ModelSet(Document):
    """The models and the builds that a kiosk may run and a gateway accepts results of."""

    models: dict[Text, Digest]
    """Name -> SHA-256 of the file that the kiosk loads."""
    data: dict[Text, Digest] = Field(default_factory=dict)
    """Name -> SHA-256 of what says how the models are used: manifest, known answers, calibrations
    (`sallyport_models.approved_data`). A set that names none approves none: no kiosk starts on it."""
    software: Many[Digest]
    """Approved builds of the kiosk's software, `sallyport_models.software.software_digest` of each (check 9)."""
    firmware: Many[Digest] = ()
    """Approved builds of the interlock's firmware, `sallyport_models.firmware.firmware_digest` of each: a board that
    states another gets no grant. A set that names none approves none."""

    @property
    def digest(self) -> bytes:
        """What READY, offers and results carry: a digest of the names and digests alone, so re-signing keeps it."""
        return model_set_digest(self.models, self.data)

    def approves(self, name: str, content: bytes) -> bool:
        return self.models.get(name) == sha256(content).digest()

    def approves_data(self, name: str, content: bytes) -> bool:
        return self.data.get(name) == sha256(content).digest()


class Policy(Document):
    """The operating point and the times that a release is judged by."""

    profile: Name[Profile]
    operating: Operating
    attempts_pause_s: Seconds
    """Pause after the last failed attempt, then the manual path (S16)."""
    result_age_s: Annotated[int, Field(ge=1, le=30)]
    """Oldest capture at the decision (S3)."""
    decision_life_s: Annotated[int, Field(ge=1, le=60)]
    """Decision to grant (S3)."""
    grant_life_s: Annotated[int, Field(ge=1, le=10)]
    """Grant, counted by the interlock from showing its nonce (S3)."""
    absence_s: Annotated[int, Field(ge=1, le=3)]
    """Longest absence of the tracked person between match and opening."""

    @model_validator(mode="after")
    def _production_is_strict(self) -> Self:
        if self.profile is Profile.PRODUCTION and not self.operating.liveness_required:
            raise ValueError("only a development policy may go without liveness")
        return self

    @property
    def digest(self) -> bytes:
        """What READY, offers and results carry."""
        return sha256(canonical.encode(self.to_map())).digest()


class ReleaseRules(Document):
    """What a release rests on, as the gateways read it (docs/authority.md): JSON in UTF-8. Nobody else looks inside."""

    rules: Annotated[bytes, Field(min_length=2, max_length=131_072)]


_PLACES: Final[dict[type[Document], str]] = {
    Registry: "sallyport/v1/registry",
    ModelSet: "sallyport/v1/model-set",
    Policy: "sallyport/v1/policy",
    ReleaseRules: "sallyport/v1/release-policy",
}
REGISTRY_LIMIT: Final = 8_388_608
"""Largest registry, bytes: about 9,000 holders with their certificates."""

_D = TypeVar("_D", bound=Document)


def sign_document(document: Document, signer: envelope.Signer) -> bytes:
    """The signed form of a document."""
    return envelope.sign(document.to_map(), signer, _PLACES[type(document)])


def load_registry(message: bytes, resolve: envelope.KeyResolver, accepted: int = 0) -> Registry:
    """Verifies and reads a registry; `accepted` is the version already accepted. Raises MalformedError."""
    return _load(Registry, message, resolve, accepted)


def load_model_set(message: bytes, resolve: envelope.KeyResolver, accepted: int = 0) -> ModelSet:
    """Verifies and reads a model set; `accepted` is the version already accepted. Raises MalformedError."""
    return _load(ModelSet, message, resolve, accepted)


def load_policy(message: bytes, resolve: envelope.KeyResolver, accepted: int = 0) -> Policy:
    """Verifies and reads a policy; `accepted` is the version already accepted. Raises MalformedError."""
    return _load(Policy, message, resolve, accepted)


def load_release_rules(message: bytes, resolve: envelope.KeyResolver, accepted: int = 0) -> ReleaseRules:
    """Verifies and reads a release policy's envelope; `accepted` as above. Raises MalformedError."""
    return _load(ReleaseRules, message, resolve, accepted)


def signed_by(*certificates: x509.Certificate) -> envelope.KeyResolver:
    """A resolver that knows exactly these certificates: a document's provisioner, a kiosk's gateways."""
    known = {envelope.key_id_of(_der(each)): public_key_of(each) for each in certificates}
    return known.get


def model_set_digest(models: Mapping[str, bytes], data: Mapping[str, bytes]) -> bytes:
    """SHA-256 over a line `name sha256` for each model, by name, and then `data name sha256` for each data file."""
    lines = "".join(f"{name} {digest.hex()}\n" for name, digest in sorted(models.items()))
    lines += "".join(f"data {name} {digest.hex()}\n" for name, digest in sorted(data.items()))
    return sha256(b"sallyport model set v1\n" + lines.encode()).digest()


def interlock_fingerprint(key_up: bytes, key_down: bytes, epoch: int) -> bytes:
    """Names a board's keys without showing them: they are 256-bit random, so the hash tells nothing."""
    return sha256(b"sallyport/v1/interlock-keys" + epoch.to_bytes(4, "big") + key_up + key_down).digest()


def _load(kind: type[_D], message: bytes, resolve: envelope.KeyResolver, accepted: int) -> _D:
    limit = REGISTRY_LIMIT if kind is Registry else envelope.MAX_MESSAGE
    verified = envelope.verify(message, _PLACES[kind], resolve, limit)
    document = kind.parse(verified.content)
    if document.version < accepted:
        raise OlderDocumentError(
            f"{kind.__name__} version {document.version} is older than {accepted}, which was already accepted"
        )
    return document


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)
