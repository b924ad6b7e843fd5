"""One check in one lane, from its offer to its end, as the gateway remembers it. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sallyport_gateway.acts.manual import Manual
from sallyport_gateway.admission.admit import OpenSession
from sallyport_protocol.decision import Decision, Verdict
from sallyport_protocol.documents import Policy
from sallyport_protocol.messages import Liveness, ModalityResult, Offer, Presence, Result, StatedFmr


class Stage(StrEnum):
    """How far a check has come."""

    OFFERED = "OFFERED"
    STATED = "STATED"
    """Manual path: one officer has identified the person, another must."""
    DECIDED = "DECIDED"
    REQUESTED = "REQUESTED"
    """Confirmed; the authorisation is reserved and the interlock was asked for a nonce."""
    GRANTED = "GRANTED"
    OPENED = "OPENED"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class Check:
    """Times in gateway monotonic ms unless they are datetimes. Of `offer` and `manual` exactly one is there."""

    authorisation: str
    prisoner_number: str
    prison: str
    lane: str
    lane_kind: str
    offer: Offer | None
    """None on the manual path, where nothing is asked of the kiosk."""
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
    liveness: Liveness = Liveness.NOT_PERFORMED
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
    manual: Manual | None = None

    @property
    def session(self) -> bytes:
        assert (self.offer is None) != (self.manual is None), "a check is the kiosk's or two officers'"
        return self.offer.session if self.offer is not None else self.manual.session  # type: ignore[union-attr]

    @property
    def over(self) -> bool:
        return self.stage is Stage.ENDED

    @property
    def released(self) -> bool:
        """Whether the verdict was RELEASE."""
        return self.decision is not None and self.decision.verdict is Verdict.RELEASE

    def as_open_session(self) -> OpenSession | None:
        """As admission needs it; no result of a kiosk answers a manual check."""
        if self.offer is None:
            return None
        return OpenSession(
            self.offer, self.prison, self.offered, self.stage is Stage.OFFERED, self.counter, self.answer
        )


def after_decision(check: Check, result: Result, decision: Decision, now: int) -> Check:
    """The check once its one answer was decided on. The person was last seen when the kiosk had finished."""
    seen = min(now, check.offered + result.finished)
    return replace(
        check,
        stage=Stage.DECIDED,
        decision=decision,
        decided=now,
        audit_index=decision.audit_index,
        modalities=result.modalities,
        fused=result.fused_fmr,
        liveness=result.liveness,
        oldest_capture=result.oldest_capture,
        last_seen=max(seen, check.last_seen or seen),
        counter=max(check.counter, result.counter),
        stage_since=now,
    )


def refuse_presence(check: Check, now: int, absence_ms: int) -> str | None:
    """Why presence voids the decision now; None while the person who matched is in view (no swap before the door).

    On the manual path the officers themselves stand with the person."""
    if check.void is not None:
        return check.void
    if check.manual is not None:
        return None
    if check.last_seen is None or now - check.last_seen > absence_ms:
        return "The person who matched has not been in view, alone, for more than three seconds."
    return None


def after_presence(check: Check, presence: Presence, now: int, absence_ms: int) -> Check:
    """The check after one report. Who was away too long, or was another, voids the decision for good."""
    if presence.session != check.session or presence.counter <= check.counter:
        return check
    if check.released:
        check = replace(check, counter=presence.counter)
        void = refuse_presence(check, now, absence_ms) or swapped(presence)
        if void is not None:
            return replace(check, void=void)
    if not (presence.same_track and presence.faces == 1):
        return check
    seen = min(now, check.offered + presence.at)
    return replace(check, last_seen=max(seen, check.last_seen or seen))


def swapped(presence: Presence) -> str | None:
    """Why a report voids the decision: somebody else stands there."""
    if not presence.same_track and presence.faces > 0:
        return "Somebody else than the person who matched stood before the kiosk."
    return None


def refuse_opening(check: Check, now: int, now_at: datetime, policy: Policy) -> str | None:
    """Why this check may not open the door now, the records apart; None when it may (S3, presence).

    The decision's age is taken by both clocks: a wall clock that is set makes no decision young.
    """
    if check.decision is None or check.decided is None or not check.released:
        return "There is no RELEASE to act on."
    if now - check.decided > policy.decision_life_s * 1_000 or not check.decision.usable(now_at):
        return "The decision is too old to act on. Start a new check."
    return refuse_presence(check, now, policy.absence_s * 1_000)
