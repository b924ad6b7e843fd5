"""An honest kiosk, as far as a gateway can tell, and what it says of the right person and of another."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sallyport_gateway.book import Book
from sallyport_protocol import envelope, sealing
from sallyport_protocol.messages import (
    Capture,
    EndReason,
    Liveness,
    ModalityOutcome,
    ModalityResult,
    Offer,
    Outcome,
    Presence,
    Ready,
    Result,
    StatedFmr,
    chain_head,
)
from sallyport_protocol.subject import Modality
from sallyport_protocol.topics import Kind, Topic
from sallyport_provisioning.estate import Estate

KIOSK, LANE, BOARD, PRISON = "MDI-K01", "MDI-LANE-1", "MDI-L01", "MDI"


@dataclass
class Kiosk:
    """An honest kiosk, as far as the gateway can tell."""

    estate: Estate
    book: Book
    boot: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    counter: int = 0
    offer: Offer | None = None
    offered: int = 0
    """The world's monotonic ms when the offer came."""
    answered: bool = False
    ended: EndReason | None = None
    sequence: int = 0
    frames: int = 0
    person: str = "same"
    """Who stands there after the answer: same, other, two, nobody."""

    def sign(self, kind: Kind, message: Any) -> tuple[str, bytes]:
        topic = str(Topic(PRISON, KIOSK, kind))
        return topic, envelope.sign(message.to_map(), self.estate.signer(KIOSK), topic)

    def ready(self) -> Ready:
        return Ready(
            prison=PRISON,
            kiosk=KIOSK,
            boot_nonce=self.boot,
            seal_key=sealing.public_bytes(self.key),
            offer_sequence=self.sequence,
            model_set=self.book.model_set.digest,
            policy=self.book.policy.digest,
            software=self.book.model_set.software[0],
            tamper=False,
            lane=LANE,
            interlock=BOARD,
        )

    def next(self) -> int:
        self.counter += 1
        return self.counter

    def presence(self, at: int) -> Presence:
        assert self.offer is not None
        same, faces = {"same": (True, 1), "other": (False, 1), "two": (True, 2), "nobody": (False, 0)}[self.person]
        return Presence(session=self.offer.session, counter=self.next(), at=at, same_track=same, faces=faces)


def stated(upper: float) -> StatedFmr:
    return StatedFmr(point_log10=upper - 0.3, upper_log10=upper, extrapolated=False)


def modality(which: Modality, models: tuple[bytes, ...] = (), **changes: Any) -> ModalityResult:
    """A match that is good enough."""
    fields: dict[str, Any] = {
        "modality": which,
        "outcome": ModalityOutcome.MATCH,
        "attempts": 1,
        "llr": 9.0,
        "fmr": stated(-5.0),
        "quality": 0.8,
        "attack_score": None,
        "models": models,
        "exception": None,
        "reference_age_days": 30,
    }
    return ModalityResult(**(fields | changes))


def honest_result(offer: Offer, book: Book, boot: bytes, counter: int, ended: int, **changes: Any) -> Result:
    """What an honest kiosk says of the right person; `changes` are made before the chain is closed."""
    models = tuple(book.model_set.models.values())
    fields: dict[str, Any] = {
        "session": offer.session,
        "challenge": offer.challenge,
        "kiosk": KIOSK,
        "lane": LANE,
        "boot_nonce": boot,
        "counter": counter,
        "oldest_capture": max(0, ended - 1_000),
        "finished": ended,
        "wall": 1,
        "captures": (
            Capture(modality=Modality.FACE, digest=b"f" * 32, at=max(0, ended - 1_000)),
            Capture(modality=Modality.FINGER, digest=b"g" * 32, at=max(0, ended - 500)),
        ),
        "modalities": (modality(Modality.FACE, models[:1]), modality(Modality.FINGER, models[1:])),
        "liveness": Liveness.PASSED,
        "fused_llr": 18.0,
        "fused_fmr": stated(-8.6193),  # 1e-10 (1 - ln 1e-10)
        "outcome": Outcome.MATCH,
        "detail": "",
        "software": book.model_set.software[0],
        "policy": book.policy.digest,
        "model_set": book.model_set.digest,
        "tamper": False,
    }
    fields |= changes
    fields.setdefault("chain", chain_head(fields["session"], fields["challenge"], fields["captures"]))
    return Result(**fields)


def non_match(offer: Offer, book: Book, boot: bytes, counter: int, finished: int) -> Result:
    """Somebody else stood there."""
    wrong = modality(Modality.FACE, outcome=ModalityOutcome.NON_MATCH, fmr=None)
    pair = (wrong, modality(Modality.FINGER))
    return honest_result(
        offer, book, boot, counter, finished, modalities=pair, outcome=Outcome.NON_MATCH, fused_fmr=None
    )
