"""Topics as one type with both directions: `sallyport/v1/{prison}/{device}/{kind}`.

A device publishes and reads only under its own name; the broker's access rules and the gateway (check 5) both hold it
to that. The topic is also the external data of every signature, so it cannot be peeled off.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sallyport_protocol.errors import MalformedError

ROOT: Final = "sallyport/v1"
_PRISON: Final = re.compile(r"[A-Z]{2}I|ZZGHI")
_DEVICE: Final = re.compile(r"[A-Z0-9][A-Z0-9-]{2,31}")


class Kind(StrEnum):
    """What a topic carries."""

    READY = "ready"
    RESULT = "result"
    PRESENCE = "presence"
    LOCK_UP = "lock-up"
    STATUS = "status"
    OFFER = "offer"
    ACK = "ack"
    LOCK_DOWN = "lock-down"
    END = "end"
    RELEASE = "release"


FROM_DEVICE: Final = (Kind.READY, Kind.RESULT, Kind.PRESENCE, Kind.LOCK_UP, Kind.STATUS)
TO_DEVICE: Final = (Kind.OFFER, Kind.ACK, Kind.LOCK_DOWN, Kind.END)
TO_OTHERS: Final = (Kind.RELEASE,)
"""What a gateway tells other systems; no device reads it."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. Raises MalformedError for a prison or device name outside the format."""

    prison: str
    device: str
    kind: Kind

    def __post_init__(self) -> None:
        if not _PRISON.fullmatch(self.prison):
            raise MalformedError(f"{self.prison!r} is not a prison code")
        if not _DEVICE.fullmatch(self.device):
            raise MalformedError(f"{self.device!r} is not a device name")

    def __str__(self) -> str:
        return f"{ROOT}/{self.prison}/{self.device}/{self.kind}"

    @classmethod
    def parse(cls, text: str) -> "Topic":
        """The other direction. Raises MalformedError."""
        parts = text.split("/")
        if len(parts) != 5 or "/".join(parts[:2]) != ROOT:
            raise MalformedError(f"{text!r} is not a topic of ours")
        try:
            kind = Kind(parts[4])
        except ValueError as error:
            raise MalformedError(f"{parts[4]!r} is not a kind of topic") from error
        return cls(parts[2], parts[3], kind)
