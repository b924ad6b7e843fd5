"""What an interlock says, in words, and what the gateway believes of its door. Pure."""

from dataclasses import dataclass, replace
from typing import Final

from sallyport_wire import messages as wire

EVENTS: Final[dict[int, str]] = {
    wire.OPENED: "Door unlocked",
    wire.DOOR_OPEN: "Door open",
    wire.DOOR_CLOSED: "Door closed",
    wire.RELOCKED: "Door locked",
    wire.NOT_OPENED: "Door was not opened",
    wire.EXPIRED: "Grant expired",
    wire.UNGRANTED_OPEN: "Door opened without a grant",
    wire.TAMPER: "Interlock box opened",
    wire.MISMATCH: "Lock contacts disagree",
    wire.DOOR_HELD: "Door held open",
    wire.CLEARED: "Lock-out cleared",
    wire.FAULT: "Interlock fault",
}

ALARMS: Final[dict[int, tuple[str, str]]] = {
    wire.UNGRANTED_OPEN: ("UNGRANTED_OPEN", "The door opened without a grant: key, fire release or force. Go there."),
    wire.TAMPER: ("INTERLOCK_TAMPER", "The interlock's box was opened. The lane is locked out. Go there."),
    wire.MISMATCH: ("CONTACT_MISMATCH", "Bolt and door contacts disagree. The lane is locked out. Look at the door."),
    wire.DOOR_HELD: ("DOOR_HELD", "The door stays open. Close it."),
    wire.FAULT: ("INTERLOCK_FAULT", "The interlock reports a fault. Call device support."),
}

FIRMWARE: Final = "Firmware not approved"
MISSING: Final = "Events of the interlock are lost"
"""Alarms of the gateway about a board, as its audit entries name them."""

LOCKING: Final = frozenset({wire.UNGRANTED_OPEN, wire.TAMPER, wire.MISMATCH})
"""Alarms after which the board opens nothing until CLEAR, and its lane is frozen."""

NOT_ACCOUNTED: Final[dict[bool | None, str]] = {
    None: "The interlock has not said how it is. Wait a few seconds.",
    False: "The interlock knows of an opening that this gateway does not. Two officers must reconcile it first.",
}

OTHER_FIRMWARE: Final = "The interlock runs firmware that is not approved. Call device support; no grant until then."

REFUSALS: Final[dict[int, str]] = {
    wire.WRONG_LANE: "The interlock is wired to another lane.",
    wire.STALE_REQUEST: "The interlock has seen a later request.",
    wire.TOO_SOON: "The interlock was asked a moment ago. Try again in a few seconds.",
    wire.BUSY: "The interlock is busy with another opening.",
    wire.IS_LOCKED_OUT: "The lane is locked out after an alarm. Two officers must clear it.",
    wire.PEER_CLAIMS: "The other door of the pair is not closed and locked.",
    wire.NOT_CLOSED: "The door is not closed and locked.",
    wire.WRONG_NONCE: "The interlock does not know this opening.",
    wire.WRONG_SESSION: "The interlock was asked for another session.",
    wire.BAD_LIFETIME: "The grant's life was out of bounds.",
    wire.TOO_LATE: "The grant came too late.",
    wire.NO_ROOM: "The interlock's memory is full until it has been idle.",
}


@dataclass(frozen=True, slots=True)
class DoorBelief:
    """What the board last said of its door. Times in gateway monotonic ms."""

    state: int = -1
    """A wire STATE; -1 before the first word."""
    open: bool = False
    since: int = 0
    heard: int | None = None

    @property
    def locked_out(self) -> bool:
        return self.state == wire.LOCKED_OUT


def after_event(belief: DoorBelief, kind: int, now: int) -> DoorBelief:
    """The belief after an event."""
    match kind:
        case wire.OPENED:
            return replace(belief, state=wire.OPEN, since=now)
        case wire.DOOR_OPEN:
            return replace(belief, open=True, since=now)
        case wire.DOOR_CLOSED:
            return replace(belief, open=False, since=now)
        case wire.RELOCKED | wire.NOT_OPENED | wire.EXPIRED | wire.CLEARED:
            return replace(belief, state=wire.LOCKED, since=now)
        case wire.UNGRANTED_OPEN | wire.TAMPER | wire.MISMATCH | wire.FAULT:
            return replace(belief, state=wire.LOCKED_OUT, since=now)
    return belief


def after_report(belief: DoorBelief, state: int, inputs: int, now: int) -> DoorBelief:
    """The belief after BOOT or STATUS."""
    is_open = not inputs & wire.DOOR_IS_CLOSED
    same = (belief.state, belief.open) == (state, is_open)
    return DoorBelief(state, is_open, belief.since if same else now, now)
