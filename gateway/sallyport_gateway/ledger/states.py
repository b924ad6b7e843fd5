"""The life of an authorisation as a table: which event leads from which state to which. Pure.

AVAILABLE -> RESERVED -> GRANTED -> CONSUMED | AVAILABLE (not opened) | UNKNOWN. What the table does not name is
refused.
"""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    AVAILABLE = "AVAILABLE"
    RESERVED = "RESERVED"
    """One session holds it; the open request may leave."""
    GRANTED = "GRANTED"
    """A grant for one nonce is durable; from here only the interlock knows."""
    CONSUMED = "CONSUMED"
    UNKNOWN = "UNKNOWN"
    """The interlock has not said how it ended. It never returns by itself."""
    SETTLED = "SETTLED"
    """The interlock is dead; two officers recorded what they saw. A new authorisation cites this one."""


class Event(StrEnum):
    RESERVE = "RESERVE"
    GRANT = "GRANT"
    OPENED = "OPENED"
    """The interlock reports its opening for the granted nonce."""
    NOT_OPENED = "NOT_OPENED"
    """The interlock states, authenticated, that the granted nonce did not open and never will."""
    VOIDED = "VOIDED"
    """The same statement about a reservation for which no grant was ever made."""
    LOST = "LOST"
    """Contact, process or time was lost after the grant."""
    RELEASED_MANUALLY = "RELEASED_MANUALLY"
    """The manual path let the prisoner go; it consumes the same authorisation."""
    DISTRUST = "DISTRUST"
    """The store itself is in doubt: restored from a backup older than a witnessed head."""
    SETTLE = "SETTLE"


TABLE: Final[dict[tuple[State, Event], State]] = {
    (State.AVAILABLE, Event.RESERVE): State.RESERVED,
    (State.RESERVED, Event.GRANT): State.GRANTED,
    (State.RESERVED, Event.VOIDED): State.AVAILABLE,
    (State.RESERVED, Event.RELEASED_MANUALLY): State.CONSUMED,
    (State.GRANTED, Event.OPENED): State.CONSUMED,
    (State.GRANTED, Event.NOT_OPENED): State.AVAILABLE,
    (State.GRANTED, Event.LOST): State.UNKNOWN,
    (State.UNKNOWN, Event.OPENED): State.CONSUMED,
    (State.UNKNOWN, Event.NOT_OPENED): State.AVAILABLE,
    (State.UNKNOWN, Event.SETTLE): State.SETTLED,
    (State.AVAILABLE, Event.DISTRUST): State.UNKNOWN,
    (State.RESERVED, Event.DISTRUST): State.UNKNOWN,
    (State.GRANTED, Event.DISTRUST): State.UNKNOWN,
}

FINAL: Final = frozenset({State.CONSUMED, State.SETTLED})
UNSETTLED: Final = frozenset({State.RESERVED, State.GRANTED, State.UNKNOWN})
"""What a starting gateway must reconcile with the interlocks."""


def after(state: State, event: Event) -> State | None:
    """The next state, or None when the event has no place there."""
    return TABLE.get((state, event))
