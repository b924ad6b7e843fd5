"""What kiosk and gateway say to each other, version 1. The same in CDDL: `docs/protocol/messages.cddl`."""

from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from sallyport_protocol import canonical
from sallyport_protocol.subject import Guard, Modality, Needs, RecordedException
from sallyport_protocol.word import Count, Digest, Id16, Log10, Many, Message, Millis, Name, Text, Word

DeviceName = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{2,31}$")]
PrisonCode = Annotated[str, Field(pattern=r"^([A-Z]{2}I|ZZGHI)$")]
Unit = Annotated[float, Field(ge=0.0, le=1.0)]
Finite = Annotated[float, Field(ge=-1e6, le=1e6)]


class ModalityOutcome(StrEnum):
    MATCH = "MATCH"
    NON_MATCH = "NON_MATCH"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_ACQUIRED = "NOT_ACQUIRED"
    EXCEPTION = "EXCEPTION"
    """An officer recorded that this modality cannot be used; it raises the bar for the other."""
    FAULT = "FAULT"


class Outcome(StrEnum):
    MATCH = "MATCH"
    NON_MATCH = "NON_MATCH"
    INCONCLUSIVE = "INCONCLUSIVE"
    ATTACK_SUSPECTED = "ATTACK_SUSPECTED"
    ABANDONED = "ABANDONED"
    FAULT = "FAULT"


class Liveness(StrEnum):
    NOT_PERFORMED = "NOT_PERFORMED"
    PASSED = "PASSED"
    FAILED = "FAILED"


class Ready(Message):
    """Kiosk -> gateway: I am up, for this boot these are my nonce and my key for sealed references."""

    prison: PrisonCode
    kiosk: DeviceName
    boot_nonce: Id16
    seal_key: Digest
    """X25519 public key made for this boot (RFC 9180 KEM 0x0020)."""
    offer_sequence: Count
    """The highest offer sequence seen in this boot; an offer must name a higher one."""
    model_set: Digest
    policy: Digest
    software: Digest
    tamper: bool
    lane: DeviceName
    interlock: DeviceName


class Operating(Word):
    """The operating point that a session is judged by."""

    modalities: Annotated[tuple[Name[Modality], ...], Field(strict=False, min_length=1)]
    fused_fmr_log10: Log10
    floor_fmr_log10: Log10
    attempts: Annotated[int, Field(ge=1, le=5)]
    liveness_required: bool
    twin_fmr_log10: Log10 | None = None
    """What the finger alone must reach where a twin is known. None, and not on the wire: no twin passes at a kiosk."""

    @model_serializer(mode="wrap")
    def _without_twin(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A policy that names no rate for twins is what it was before there was one."""
        return {name: value for name, value in plain(self).items() if (name, value) != ("twin_fmr_log10", None)}


class Offer(Message):
    """Gateway -> kiosk: verify this one person, now, for this lane."""

    session: Id16
    challenge: Digest
    kiosk: DeviceName
    boot_nonce: Id16
    sequence: Count
    lane: DeviceName
    movement: Text
    reason: Text
    handle: Id16
    """Random for each session: the kiosk never learns a prisoner number."""
    sealed: Annotated[bytes, Field(min_length=48, max_length=131_072)]
    operating: Operating
    exceptions: Many[RecordedException]
    liveness_seed: Id16
    model_set: Digest
    policy: Digest
    expires_in: Annotated[int, Field(ge=1_000, le=600_000)]
    """Milliseconds from receipt, by the kiosk's monotonic clock: the kiosk trusts no wall clock."""
    needs: Needs | None = None
    """Not on the wire for a person of whom nothing is recorded. A kiosk that does not know the field refuses it."""

    guard: Name[Guard] = Guard.NONE
    """Not on the wire for a person whom nobody could be mistaken for. A kiosk that does not know the field refuses
    it."""

    def to_map(self) -> dict[str, Any]:
        """Without `needs` and `guard` where there are none."""
        absent = (("needs", None), ("guard", Guard.NONE))
        return {name: value for name, value in super().to_map().items() if (name, value) not in absent}


class Capture(Word):
    """One link of the chain that binds the captures, in order, to one transaction."""

    modality: Name[Modality]
    digest: Digest
    at: Millis
    """Milliseconds from the receipt of the offer, monotonic."""


class StatedFmr(Word):
    """A false match rate as stated by calibration: the point and its upper confidence bound."""

    point_log10: Log10
    upper_log10: Log10
    extrapolated: bool
    """True where the rate is smaller than the calibration data alone resolve."""


class ModalityResult(Word):
    """What one modality showed."""

    modality: Name[Modality]
    outcome: Name[ModalityOutcome]
    attempts: Annotated[int, Field(ge=0, le=5)]
    llr: Finite | None
    """Natural-log likelihood ratio, genuine over impostor."""
    fmr: StatedFmr | None
    quality: Unit | None
    attack_score: Unit | None
    """0 bona fide .. 1 attack; None when no detector ran."""
    models: Many[Digest]
    exception: Text | None
    reference_age_days: Annotated[int, Field(ge=0, le=40_000)] | None
    reference_quality: Unit | None = None
    """Of the reference that it was compared with. None, and not on the wire: nothing was compared."""

    @model_serializer(mode="wrap")
    def _without_quality(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What was compared with nothing is what it was before references had a quality."""
        return {name: value for name, value in plain(self).items() if (name, value) != ("reference_quality", None)}


class Result(Message):
    """Kiosk -> gateway: what was seen. Never an image or a template."""

    session: Id16
    challenge: Digest
    kiosk: DeviceName
    lane: DeviceName
    boot_nonce: Id16
    counter: Count
    oldest_capture: Millis
    """Milliseconds from receiving the offer to the oldest capture used, monotonic."""
    finished: Millis
    """Milliseconds from receiving the offer to this result, monotonic."""
    wall: Millis
    captures: Many[Capture]
    chain: Digest
    modalities: Many[ModalityResult]
    liveness: Name[Liveness]
    fused_llr: Finite | None
    fused_fmr: StatedFmr | None
    outcome: Name[Outcome]
    detail: Text
    software: Digest
    policy: Digest
    model_set: Digest
    tamper: bool


class AckVerdict(StrEnum):
    ACCEPTED = "ACCEPTED"
    """Admitted or refused for good: the message arrived, do not send it again."""
    RETRY = "RETRY"
    EXPIRED = "EXPIRED"


class Ack(Message):
    """Gateway -> kiosk: ends (or not) the resending of one result."""

    session: Id16
    result: Digest
    verdict: Name[AckVerdict]


class Presence(Message):
    """Kiosk -> gateway, every second from the match to the opening."""

    session: Id16
    counter: Count
    at: Millis
    """Milliseconds from the receipt of the offer to the look, monotonic: a report that was held back is old."""
    same_track: bool
    faces: Annotated[int, Field(ge=0, le=100)]


class LockFrames(Message):
    """Both directions: bytes of interlock frames that the kiosk relays and cannot read or forge."""

    interlock: DeviceName
    sequence: Count
    frames: Annotated[bytes, Field(min_length=1, max_length=4_096)]


class Status(Message):
    """Kiosk -> gateway: what works and what does not. Also its last will, signed beforehand."""

    kiosk: DeviceName
    boot_nonce: Id16
    online: bool
    faults: Many[Text]


class EndReason(StrEnum):
    OPENED = "OPENED"
    HELD = "HELD"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class End(Message):
    """Gateway -> kiosk: the session is over; forget the references. Says nothing of why to the prisoner."""

    session: Id16
    boot_nonce: Id16
    reason: Name[EndReason]


def chain_head(session: bytes, challenge: bytes, captures: tuple[Capture, ...]) -> bytes:
    """The head of the capture chain: each link hashes the one before, the first hashes session and challenge."""
    head = sha256(session + challenge).digest()
    for capture in captures:
        link = {"modality": capture.modality.value, "digest": capture.digest, "at": capture.at}
        head = sha256(head + canonical.encode(link)).digest()
    return head
