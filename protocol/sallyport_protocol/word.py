"""The base of every message and signed document: frozen, strict, and without room for what it does not know.

`parse` is the only way in from the wire. An unknown field, a missing one, a wrong type, a number out of range or a
version we do not speak raises MalformedError (S14).
"""

from enum import StrEnum
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sallyport_protocol.errors import MalformedError
from sallyport_protocol.versions import CURRENT, MIN

_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)

Many = Annotated[tuple[_T, ...], Field(strict=False)]
"""A sequence: an array on the wire, a tuple in memory."""

Name = Annotated[_E, Field(strict=False)]
"""A value of a closed list: its text on the wire, the enum in memory."""

Digest = Annotated[bytes, Field(min_length=32, max_length=32)]
"""SHA-256."""

Id16 = Annotated[bytes, Field(min_length=16, max_length=16)]
"""A random identifier of 16 bytes."""

Millis = Annotated[int, Field(ge=0, lt=2**53)]
"""Milliseconds: of a duration, a monotonic clock or since 1970-01-01 UTC, as the field says."""

Count = Annotated[int, Field(ge=0, lt=2**53)]
Text = Annotated[str, Field(max_length=200)]
Port = Annotated[int, Field(ge=1, le=65_535)]
Log10 = Annotated[float, Field(ge=-30.0, le=0.0, allow_inf_nan=False)]
"""Decimal logarithm of a probability."""


class Word(BaseModel):
    """A frozen value with a strict map form."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)

    def to_map(self) -> dict[str, Any]:
        """The map that goes on the wire: enums as text, tuples as arrays."""
        plain = _plain(self.model_dump())
        assert isinstance(plain, dict)
        return plain

    @classmethod
    def parse(cls, content: dict[str, Any]) -> Self:
        """Reads the map form. Raises MalformedError that names the first field that is wrong."""
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or cls.__name__
            if where == "v" and "v" in content:
                told = f"version {content['v']!r:.20} is not spoken here, only {MIN} to {CURRENT}"
                raise MalformedError(f"{cls.__name__}: {told}; update the older side") from None
            raise MalformedError(f"{cls.__name__}: {where}: {first['msg']}") from None


class Message(Word):
    """A word that travels alone and so says its version."""

    v: Annotated[int, Field(ge=MIN, le=CURRENT)] = CURRENT


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
