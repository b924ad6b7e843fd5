"""The fields of an officer's act, read strictly: whatever is missing or wrong is named, and nothing is done."""

from enum import StrEnum
from typing import Any, TypeVar

from sallyport_protocol.errors import MalformedError

_E = TypeVar("_E", bound=StrEnum)


class Fields:
    """The fields of an act. Raises MalformedError naming the one that is missing or wrong."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        """A text of 1 to 200 characters."""
        value = self._fields.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= 200:
            raise MalformedError(f"the field {name} is missing or too long")
        return value

    def words(self, name: str) -> str:
        """A text with at least one letter in it: blanks are no reason."""
        value = self.text(name)
        if not any(each.isalpha() for each in value):
            raise MalformedError(f"the field {name} must say something in words")
        return value

    def optional(self, name: str) -> str | None:
        """A text, or None where it is missing or empty."""
        return self.text(name) if self._fields.get(name) else None

    def document(self) -> str:
        """The field `document`: up to 100,000 characters."""
        value = self._fields.get("document")
        if not isinstance(value, str) or not 0 < len(value) <= 100_000:
            raise MalformedError("the field document is missing or too long")
        return value

    def one_of(self, name: str, kind: type[_E]) -> _E:
        """A value of a closed list."""
        try:
            return kind(self.text(name))
        except ValueError as error:
            raise MalformedError(f"the field {name} must be one of {', '.join(kind)}") from error

    def session(self) -> bytes:
        """The field `session`: a session's number in hexadecimal."""
        return self.hexadecimal("session", "a session's number")

    def hexadecimal(self, name: str, what: str) -> bytes:
        """Bytes in hexadecimal digits."""
        try:
            return bytes.fromhex(self.text(name))
        except ValueError as error:
            raise MalformedError(f"the field {name} is not {what}") from error
