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
    """Open the door on this verdict: {session}."""
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
    RECONCILE = "RECONCILE"
    """State what was seen of an opening whose end is unknown: {authorisation, opened, why}."""


class Act(Message):
    """One act. `at` is the officer's wall clock; the gateway allows two minutes either way."""

    kind: Name[ActKind]
    officer: Text
    at: Millis
    nonce: Id16
    fields: Annotated[dict[str, Any], Field(max_length=8)]
