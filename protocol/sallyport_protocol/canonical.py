"""Deterministic CBOR (RFC 8949 §4.2.1), strict in both directions.

`decode` accepts exactly the bytes that `encode` would make: no duplicate key, no tag, no trailing byte, no indefinite
length, no long form of a short number. It does so by decoding without tags and comparing a re-encoding, so a message
has one representation and a signature covers one meaning (invariant S14).
"""

import math
from io import BytesIO
from typing import Any, Final

import cbor2

from sallyport_protocol.errors import MalformedError

MAX_DEPTH: Final = 12
"""Deepest nesting accepted; the deepest message of the contract has six levels."""

_ANY: Final = frozenset((str, bytes, bool, type(None)))
"""Types of which every value has a place."""
_LEAVES: Final = _ANY | {int, float}


def encode(value: Any) -> bytes:
    """Encodes `value` deterministically. Raises MalformedError for a type outside the contract's plain ones."""
    _plain(value, 0)
    return cbor2.dumps(value, canonical=True)


def decode(data: bytes, *, limit: int) -> Any:
    """Decodes `data` of at most `limit` bytes. Raises MalformedError for anything that `encode` would not have made."""
    if len(data) > limit:
        raise MalformedError(f"message of {len(data)} bytes is over the limit of {limit}")
    stream = BytesIO(data)
    try:
        value = cbor2.CBORDecoder(stream).decode()
        _plain(value, 0)
        again = cbor2.dumps(value, canonical=True)
    except MalformedError:
        raise
    except Exception as error:  # a decoder's own errors are many; none may escape as anything else
        raise MalformedError(f"not CBOR: {type(error).__name__}") from error
    if again != data:
        raise MalformedError("CBOR is not in its deterministic form (duplicate key, trailing bytes or long form)")
    return value


def _plain(value: Any, depth: int) -> None:
    """Only plain values pass: a tag would decode to another type and is refused here."""
    kind = type(value)
    if kind in _LEAVES:
        if kind is float and not math.isfinite(value):
            raise MalformedError("a number must be finite")
        if kind is int and not -(2**63) <= value < 2**64:
            raise MalformedError("an integer beyond 64 bits has no place in a message")
    elif kind is dict:
        for key, item in value.items():
            if type(key) is not str and type(key) is not int:
                raise MalformedError("a map's keys are text or integers")
            if type(item) not in _ANY or depth >= MAX_DEPTH:  # most are texts: no call for each
                _within(item, depth)
    elif kind is list:
        for item in value:
            if type(item) not in _ANY or depth >= MAX_DEPTH:
                _within(item, depth)
    else:
        raise MalformedError(f"{kind.__name__} has no place in a message")


def _within(value: Any, depth: int) -> None:
    if depth >= MAX_DEPTH:
        raise MalformedError(f"nested deeper than {MAX_DEPTH} levels")
    _plain(value, depth + 1)
