"""Whether an offer may be taken up. Pure: an offer can be neither replayed, nor moved, nor made weaker than policy."""

from dataclasses import dataclass

from sallyport_protocol.documents import ModelSet, Policy
from sallyport_protocol.messages import Offer


@dataclass(frozen=True, slots=True)
class Boot:
    """What this kiosk is in this boot."""

    prison: str
    kiosk: str
    lane: str
    interlock: str
    nonce: bytes
    software: bytes
    model_set: ModelSet
    policy: Policy


def refuse_offer(offer: Offer, boot: Boot, highest_sequence: int) -> str | None:
    """Why an authentic offer is not taken up; None when it is."""
    if (offer.kiosk, offer.lane) != (boot.kiosk, boot.lane):
        return f"the offer is for {offer.kiosk} at {offer.lane}"
    if offer.boot_nonce != boot.nonce:
        return "the offer is for another boot of this kiosk"
    if offer.sequence <= highest_sequence:
        return f"offer {offer.sequence} is not newer than {highest_sequence}: a replay"
    if offer.model_set != boot.model_set.digest or offer.policy != boot.policy.digest:
        return "the gateway works with another model set or policy; provision this kiosk again"
    if offer.operating != boot.policy.operating:
        return "the offer's operating point is not the signed policy's"
    return None
