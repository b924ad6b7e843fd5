"""What an officer does, signed by that officer: each act is a message of its own, refused when seen twice."""

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field

from sallyport_protocol.word import Id16, Message, Millis, Name, Text

ACT_PLACE: Final = "sallyport/v1/act"
"""External data of every act's signature."""


class ActKind(StrEnum):
    START = "START"
    """Begin a check: {lane, authorisation}."""
    CONFIRM = "CONFIRM"
    """Open the door on this verdict: {session, compared}; compared is yes where a photograph is on record."""
    CANCEL = "CANCEL"
    """End the session: {session}."""
    APPROVE = "APPROVE"
    """Approve an authorisation: {authorisation}."""
    WITHDRAW = "WITHDRAW"
    """Withdraw an authorisation: {authorisation, why}."""
    FREEZE = "FREEZE"
    """Stop all grants: {scope, name, why}; takes effect with the first officer, is lifted by two."""
    UNFREEZE = "UNFREEZE"
    """One of two officers who lift a freeze: {scope, name, why}."""
    CREATE = "CREATE"
    """Ask for an authorisation, as PENDING: {document}."""
    RECORD = "RECORD"
    """Enter what a source says: {kind, prisoner, document, reason}; prisoner empty for a warrant linked to nobody."""
    HEARD = "HEARD"
    """A source was heard just now about everybody: {source}."""
    SETTLE = "SETTLE"
    """Say how a hold ended: {hold, ending, why}."""
    ANSWER = "ANSWER"
    """Answer an alarm about a release that has happened: {authorisation, reason, error, why}; error is yes or no."""
    RECONCILE = "RECONCILE"
    """State what was seen of an opening whose end is unknown: {authorisation, opened, why}."""
    MANUAL = "MANUAL"
    """Identify a person by hand, as the first of two: {lane, authorisation, prisoner, reason, why, means}."""
    SECOND = "SECOND"
    """The second's own word for the same: {statement, lane, authorisation, prisoner, reason, why, means, compared}. The
    statement is the SHA-256 of the first officer's signed act in hexadecimal; its first half is the session, which the
    act therefore does not name again. `compared` is yes where a photograph is on record."""
    KEY = "KEY"
    """Let the person out by key on a manual verdict, where the interlock cannot open: {session, compared}."""
    RESTORE = "RESTORE"
    """One of two officers who let a gateway whose store was restored begin its next log: {log, witnessed, why}."""
    ACCOUNT = "ACCOUNT"
    """One of two officers who account for an opening of which the store does not know: {board, nonce, why}."""
    LEFT = "LEFT"
    """One of two officers who state that somebody was let out by key while no desk answered: {authorisation, when,
    why}. The first suspends the prison's authorisations at once."""
    EXCUSE = "EXCUSE"
    """Record what a person cannot do or show at the kiosk, for a day: {authorisation, cannot, why}."""
    SIGN_IN = "SIGN_IN"
    """Read the pages for one shift, for a reason that is kept: {why}."""


class ManualReason(StrEnum):
    """Why two officers identify a person instead of the kiosk. Nothing else is a reason."""

    NOT_RECOGNISED = "NOT_RECOGNISED"
    ATTACK_SUSPECTED = "ATTACK_SUSPECTED"
    NO_REFERENCE = "NO_REFERENCE"
    CANNOT_BE_CAPTURED = "CANNOT_BE_CAPTURED"
    KIOSK_OUT_OF_SERVICE = "KIOSK_OUT_OF_SERVICE"

    @property
    def wording(self) -> str:
        """As officers read it."""
        return _REASONS[self]


_REASONS: Final = {
    ManualReason.NOT_RECOGNISED: "The kiosk did not recognise the person",
    ManualReason.ATTACK_SUSPECTED: "The kiosk suspected a picture or mask",
    ManualReason.NO_REFERENCE: "No face or finger is enrolled",
    ManualReason.CANNOT_BE_CAPTURED: "Face or finger cannot be taken (injury)",
    ManualReason.KIOSK_OUT_OF_SERVICE: "The kiosk is out of service",
}


class Cannot(StrEnum):
    """What an officer may record of a person at the door. None of it lowers a threshold."""

    TURN_LEFT = "TURN_LEFT"
    TURN_RIGHT = "TURN_RIGHT"
    LOOK_UP = "LOOK_UP"
    CLOSE_EYES = "CLOSE_EYES"
    SMILE = "SMILE"
    EYES = "EYES"
    MOUTH = "MOUTH"
    SLOW = "SLOW"
    NO_LIGHT = "NO_LIGHT"
    FACE = "FACE"
    FINGER = "FINGER"

    @property
    def wording(self) -> str:
        """As officers read it."""
        return _CANNOT[self]


_CANNOT: Final = {
    Cannot.TURN_LEFT: "Cannot turn the head to the left",
    Cannot.TURN_RIGHT: "Cannot turn the head to the right",
    Cannot.LOOK_UP: "Cannot look up",
    Cannot.CLOSE_EYES: "Cannot close both eyes",
    Cannot.SMILE: "Cannot smile",
    Cannot.EYES: "An eye or both stay covered, or are missing",
    Cannot.MOUTH: "The mouth stays covered (veil, mask, dressing)",
    Cannot.SLOW: "Needs longer for each answer",
    Cannot.NO_LIGHT: "Must not see changing colours (epilepsy)",
    Cannot.FACE: "The face cannot be used at all: two officers decide",
    Cannot.FINGER: "No finger can be used: the face must be certain enough",
}


class Means(StrEnum):
    """How an officer knows the person. A wristband and memorised answers are not among them: they are what is
    swapped."""

    PHOTOGRAPH = "PHOTOGRAPH"
    KNOWN_TO_ME = "KNOWN_TO_ME"
    MARKS = "MARKS"

    @property
    def wording(self) -> str:
        """As officers read it."""
        return _MEANS[self]


_MEANS: Final = {
    Means.PHOTOGRAPH: "I compared the photograph on record",
    Means.KNOWN_TO_ME: "I know the person from custody",
    Means.MARKS: "I compared marks, scars or tattoos",
}


class Act(Message):
    """One act. `at` is the officer's wall clock; the gateway allows two minutes either way."""

    kind: Name[ActKind]
    officer: Text
    at: Millis
    nonce: Id16
    fields: Annotated[dict[str, Any], Field(max_length=8)]
    gateway: Text = ""
    """Where it was meant to count: this gateway, and those that share its store. Empty, and not on the wire, in acts
    of before there was this field; such an act proves what was signed then, and does nothing any more."""

    def to_map(self) -> dict[str, Any]:
        """Without `gateway` where there is none."""
        return {name: value for name, value in super().to_map().items() if (name, value) != ("gateway", "")}
