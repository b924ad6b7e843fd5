"""What the authority remembers besides certificates and documents: revocations, and of each board's keys a mark."""

import json
from typing import Annotated, Any

from pydantic import Field

from sallyport_protocol.documents import HolderName
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.word import Many, Millis, Word

Hex = Annotated[str, Field(pattern=r"^[0-9a-f]+$", max_length=64)]


class Revocation(Word):
    """One fingerprint that is good no more. `serial` is None for an interlock's keys."""

    name: HolderName
    fingerprint: Hex
    serial: Hex | None
    at: Millis
    reason: Annotated[str, Field(max_length=200)]


class InterlockKeys(Word):
    """What is known of a board's keys here: never the keys."""

    epoch: Annotated[int, Field(ge=1, lt=2**32)]
    fingerprint: Hex


class State(Word):
    revocations: Many[Revocation] = ()

    def revoked(self, fingerprint: bytes) -> bool:
        return any(each.fingerprint == fingerprint.hex() for each in self.revocations)

    def to_json(self) -> bytes:
        return to_json(self)

    @classmethod
    def from_json(cls, data: bytes) -> "State":
        """Raises MalformedError."""
        return cls.parse(from_json(data))


def to_json(word: Word) -> bytes:
    return (json.dumps(word.to_map(), indent=2) + "\n").encode()


def from_json(data: bytes) -> dict[str, Any]:
    """Raises MalformedError for anything but one object."""
    try:
        content = json.loads(data)
    except ValueError as error:
        raise MalformedError("the authority's records are not JSON: restore them from the backup") from error
    if not isinstance(content, dict):
        raise MalformedError("the authority's records are not an object: restore them from the backup")
    return content
