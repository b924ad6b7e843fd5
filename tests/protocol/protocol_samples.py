"""One of each message, with fixed values: the frozen test and the CDDL test use the same."""

from sallyport_protocol.acts import Act, ActKind
from sallyport_protocol.messages import (
    Ack,
    AckVerdict,
    Capture,
    End,
    EndReason,
    Liveness,
    LockFrames,
    ModalityOutcome,
    ModalityResult,
    Offer,
    Operating,
    Outcome,
    Presence,
    Ready,
    Result,
    StatedFmr,
    Status,
    chain_head,
)
from sallyport_protocol.releases import ReleaseEvent
from sallyport_protocol.subject import Modality, RecordedException, Reference, References
from sallyport_protocol.word import Message


def fill(start: int, length: int) -> bytes:
    return bytes((start + i) % 256 for i in range(length))


CAPTURES = (
    Capture(modality=Modality.FACE, digest=fill(5, 32), at=900),
    Capture(modality=Modality.FINGER, digest=fill(6, 32), at=4_200),
)
FMR = StatedFmr(point_log10=-4.5, upper_log10=-4.0, extrapolated=False)
FACE = ModalityResult(
    modality=Modality.FACE, outcome=ModalityOutcome.MATCH, attempts=1, llr=9.25, fmr=FMR, quality=0.75,
    attack_score=None, models=(fill(7, 32), fill(8, 32)), exception=None, reference_age_days=21,
)  # fmt: skip
FINGER = FACE.model_copy(update={"modality": Modality.FINGER, "models": (fill(9, 32),)})

SAMPLES: dict[str, Message] = {
    "ready": Ready(
        prison="MDI", kiosk="MDI-K01", boot_nonce=fill(1, 16), seal_key=fill(2, 32), offer_sequence=0,
        model_set=fill(3, 32), policy=fill(4, 32), software=fill(5, 32), tamper=False, lane="MDI-LANE-1",
        interlock="MDI-L01",
    ),
    "offer": Offer(
        session=fill(1, 16), challenge=fill(2, 32), kiosk="MDI-K01", boot_nonce=fill(1, 16), sequence=1,
        lane="MDI-LANE-1", movement="REL", reason="CR", handle=fill(3, 16), sealed=fill(4, 64),
        operating=Operating(
            modalities=(Modality.FACE, Modality.FINGER), fused_fmr_log10=-6.0, floor_fmr_log10=-2.0, attempts=3,
            liveness_required=False,
        ),
        exceptions=(RecordedException(modality=Modality.FINGER, reason="hand dressed", officer="Officer 1"),),
        liveness_seed=fill(5, 16), model_set=fill(3, 32), policy=fill(4, 32), expires_in=120_000,
    ),
    "references": References(
        references=(
            Reference(modality=Modality.FACE, position=0, template=b"template", captured_on="2026-11-01",
                      record=fill(1, 32)),
        ),
    ),
    "result": Result(
        session=fill(1, 16), challenge=fill(2, 32), kiosk="MDI-K01", lane="MDI-LANE-1", boot_nonce=fill(1, 16),
        counter=1, oldest_capture=900, finished=5_000, wall=1_795_000_000_000, captures=CAPTURES,
        chain=chain_head(fill(1, 16), fill(2, 32), CAPTURES), modalities=(FACE, FINGER),
        liveness=Liveness.NOT_PERFORMED, fused_llr=18.5,
        fused_fmr=StatedFmr(point_log10=-8.5, upper_log10=-7.0, extrapolated=True), outcome=Outcome.MATCH,
        detail="", software=fill(5, 32), policy=fill(4, 32), model_set=fill(3, 32), tamper=False,
    ),
    "ack": Ack(session=fill(1, 16), result=fill(2, 32), verdict=AckVerdict.ACCEPTED),
    "presence": Presence(session=fill(1, 16), counter=2, at=31_000, same_track=True, faces=1),
    "lock-frames": LockFrames(interlock="MDI-L01", sequence=3, frames=b"\x01\x02\x03"),
    "status": Status(kiosk="MDI-K01", boot_nonce=fill(1, 16), online=True, faults=("sensor unplugged",)),
    "release": ReleaseEvent(
        prison="MDI", sequence=1, authorisation="auth-1", prisoner="A1234BC", movement="REL", reason="CR",
        released_at=1_795_000_000_000, gateway="gateway-1", repeat=0,
    ),
    "end": End(session=fill(1, 16), boot_nonce=fill(1, 16), reason=EndReason.OPENED),
    "act": Act(kind=ActKind.CONFIRM, officer="Officer 1", at=1_795_000_000_000, nonce=fill(1, 16),
               fields={"session": fill(1, 16)}),
}  # fmt: skip
