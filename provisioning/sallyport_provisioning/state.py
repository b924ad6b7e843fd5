"""What the authority remembers besides certificates and documents: revocations, fingerprints of interlock keys."""

import json
from typing import Annotated

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
    interlocks: dict[str, InterlockKeys] = Field(default_factory=dict)

    def revoked(self, fingerprint: bytes) -> bool:
        return any(each.fingerprint == fingerprint.hex() for each in self.revocations)

    def to_json(self) -> bytes:
        return (json.dumps(self.to_map(), indent=2) + "\n").encode()

    @classmethod
    def from_json(cls, data: bytes) -> "State":
        """Raises MalformedError."""
        try:
            content = json.loads(data)
        except ValueError as error:
            raise MalformedError("authority/state.json is not JSON: restore it from the backup") from error
        if not isinstance(content, dict):
            raise MalformedError("authority/state.json is not an object: restore it from the backup")
        return cls.parse(content)
