"""What the ledger answers: values, never exceptions. A refusal says why and what to do."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sallyport_gateway.ledger.states import State


class Reason(StrEnum):
    """Why the ledger refuses."""

    NO_SUCH_AUTHORISATION = "NO_SUCH_AUTHORISATION"
    EXISTS_ALREADY = "EXISTS_ALREADY"
    RESERVED_ALREADY = "RESERVED_ALREADY"
    SESSION_HOLDS_ANOTHER = "SESSION_HOLDS_ANOTHER"
    WRONG_SESSION = "WRONG_SESSION"
    WRONG_STATE = "WRONG_STATE"
    WRONG_NONCE = "WRONG_NONCE"
    CONSUMED = "CONSUMED"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
    SETTLED = "SETTLED"
    STOPPED = "STOPPED"
    RECORDS_CHANGED = "RECORDS_CHANGED"
    FROZEN = "FROZEN"
    NONCE_DECIDED = "NONCE_DECIDED"
    BOARD_REVOKED = "BOARD_REVOKED"
    BOARD_NOT_REVOKED = "BOARD_NOT_REVOKED"
    SAME_OFFICER = "SAME_OFFICER"
    OFFICERS_DISAGREE = "OFFICERS_DISAGREE"
    OPENED_AGAINST_THE_LEDGER = "OPENED_AGAINST_THE_LEDGER"
    """An opening was reported that the ledger cannot account for: an alarm, and the authorisation is consumed."""


ADVICE: Final[dict[Reason, str]] = {
    Reason.NO_SUCH_AUTHORISATION: "The ledger has no such authorisation: create and approve it first.",
    Reason.EXISTS_ALREADY: "This authorisation is in the ledger already: a new one needs a new name.",
    Reason.RESERVED_ALREADY: "A session holds this authorisation: end it, or wait for its interlock's answer.",
    Reason.SESSION_HOLDS_ANOTHER: "This session holds another authorisation: start a new check.",
    Reason.WRONG_SESSION: "This session does not hold the authorisation: start a new check.",
    Reason.WRONG_STATE: "The authorisation is not at that point of its life.",
    Reason.WRONG_NONCE: "The interlock speaks of another opening than the one that was granted.",
    Reason.CONSUMED: "This authorisation has been used: nobody leaves on it again.",
    Reason.OUTCOME_UNKNOWN: "It is not known whether the door opened: bring the interlock back, or revoke it and let"
    " two officers record what they saw.",
    Reason.SETTLED: "Two officers closed this authorisation: approve a new one that cites it.",
    Reason.STOPPED: "This authorisation was withdrawn.",
    Reason.RECORDS_CHANGED: "The records changed after the decision: decide again.",
    Reason.FROZEN: "Grants are frozen here: two officers must lift the freeze.",
    Reason.NONCE_DECIDED: "This nonce has its one decision already: ask the interlock for a new one.",
    Reason.BOARD_REVOKED: "This interlock is revoked: replace or enrol it again.",
    Reason.BOARD_NOT_REVOKED: "The interlock can still answer: revoke it before officers settle what it did.",
    Reason.SAME_OFFICER: "This officer has spoken already: another one must.",
    Reason.OFFICERS_DISAGREE: "The two officers saw different things: a third must find out; it stays unknown.",
    Reason.OPENED_AGAINST_THE_LEDGER: "The door opened and the ledger cannot account for it: freeze the lane and look.",
}


@dataclass(frozen=True, slots=True)
class Door:
    """One exit: its prison, its lane and the interlock board that holds it."""

    prison: str
    lane: str
    board: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A nonce as a board shows it, with its number (VOID names both)."""

    nonce: bytes
    counter: int


@dataclass(frozen=True, slots=True)
class Life:
    """One authorisation as the ledger has it. `changed_at` in milliseconds since 1970 UTC."""

    authorisation: str
    state: State
    session: bytes | None
    board: str | None
    nonce: bytes | None
    holder: str | None
    revision: int
    stopped_at: int | None
    stopped_why: str | None
    cites: str | None
    changed_at: int


@dataclass(frozen=True, slots=True)
class Moved:
    """It happened and will be durable with the commit. `again` says that it had happened before (nothing changed)."""

    authorisation: str
    state: State
    again: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """It did not happen; nothing changed, except where the reason itself is an alarm."""

    authorisation: str
    reason: Reason
    state: State | None = None

    @property
    def advice(self) -> str:
        """One sentence: what is wrong and what to do."""
        return ADVICE[self.reason]


Answer = Moved | Refused
