"""One check in one lane, from its offer to its end, as the gateway remembers it. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sallyport_gateway.admit import OpenSession
from sallyport_protocol.decision import Decision, Verdict
from sallyport_protocol.messages import ModalityResult, Offer, Presence, StatedFmr


class Stage(StrEnum):
    """How far a check has come."""

    OFFERED = "OFFERED"
    DECIDED = "DECIDED"
    REQUESTED = "REQUESTED"
    """Confirmed; the authorisation is reserved and the interlock was asked for a nonce."""
    GRANTED = "GRANTED"
    OPENED = "OPENED"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class Check:
    """Times in gateway monotonic ms unless they are datetimes."""

    authorisation: str
    prisoner_number: str
    prison: str
    lane: str
    lane_kind: str
    offer: Offer
    offered: int
    offered_at: datetime
    officer: str
    stage: Stage = Stage.OFFERED
    answer: bytes | None = None
    decision: Decision | None = None
    decided: int | None = None
    audit_index: int | None = None
    modalities: tuple[ModalityResult, ...] = ()
    fused: StatedFmr | None = None
    oldest_capture: int = 0
    last_seen: int | None = None
    """When the kiosk last saw the person who matched, alone."""
    void: str | None = None
    """Why the decision can no longer be acted on."""
    counter: int = -1
    stage_since: int = 0
    confirmed_by: str | None = None
    nonce: bytes | None = None
    """The board's own, 16 bytes."""
    granted_at: datetime | None = None
    opened: bool = False

    @property
    def session(self) -> bytes:
        return self.offer.session

    @property
    def over(self) -> bool:
        return self.stage is Stage.ENDED

    def as_open_session(self) -> OpenSession:
        """As admission needs it."""
        return OpenSession(
            self.offer, self.prison, self.offered, self.stage is Stage.OFFERED, self.counter, self.answer
        )


def refuse_presence(check: Check, now: int, absence_ms: int) -> str | None:
    """Why presence voids the decision now; None while the person who matched is in view (no swap before the door)."""
    if check.void is not None:
        return check.void
    if check.last_seen is None or now - check.last_seen > absence_ms:
        return "The person who matched has not been in view, alone, for more than three seconds."
    return None


def swapped(check: Check, presence: Presence) -> str | None:
    """Why a presence report voids the decision for good: somebody else stands there."""
    if not presence.same_track and presence.faces > 0:
        return "Somebody else than the person who matched stood before the kiosk."
    return None


def refuse_opening(check: Check, now: int, now_at: datetime, absence_ms: int) -> str | None:
    """Why this check may not open the door now, the records apart; None when it may (S3, presence)."""
    if check.decision is None or check.decision.verdict is not Verdict.RELEASE:
        return "There is no RELEASE to act on."
    if not check.decision.usable(now_at):
        return "The decision is more than a minute old. Start a new check."
    return refuse_presence(check, now, absence_ms)
