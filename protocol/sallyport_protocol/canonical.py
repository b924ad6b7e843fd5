"""Deterministic CBOR (RFC 8949 §4.2.1), strict in both directions.

`decode` accepts exactly the bytes that `encode` would make: no duplicate key, no tag, no trailing byte, no indefinite
length, no long form of a short number. It does so by decoding and comparing a re-encoding, so a message has one
representation and a signature covers one meaning (invariant S14).

The encoder is our own, for the plain types of the contract alone: it refuses what has no place in one pass with
writing, and takes a third of the time of `cbor2`, which encodes the same (tests/protocol/test_canonical.py). Every
message is encoded once on its way out and once on its way in.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from typing import Any, Final

import cbor2

from sallyport_protocol.errors import MalformedError

MAX_DEPTH: Final = 12
"""Deepest nesting accepted; the deepest message of the contract has six levels."""

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _LIST, _MAP = range(0, 0xC0, 0x20)
"""Major types in their place (RFC 8949 §3.1)."""
_KEYS: Final = frozenset((str, int))
_SIMPLE: Final = {False: b"\xf4", True: b"\xf5", None: b"\xf6"}


def encode(value: Any) -> bytes:
    """Encodes `value` deterministically. Raises MalformedError for a type outside the contract's plain ones."""
    parts: list[bytes] = []
    try:
        _write(value, 0, parts.append)
    except UnicodeEncodeError as error:
        raise MalformedError("a text that is not Unicode has no place in a message") from error
    return b"".join(parts)


def decode(data: bytes, *, limit: int) -> Any:
    """Decodes `data` of at most `limit` bytes. Raises MalformedError for anything that `encode` would not have made."""
    if len(data) > limit:
        raise MalformedError(f"message of {len(data)} bytes is over the limit of {limit}")
    try:
        value = cbor2.CBORDecoder(BytesIO(data)).decode()
        again = encode(value)
    except MalformedError:
        raise
    except Exception as error:  # a decoder's own errors are many; none may escape as anything else
        raise MalformedError(f"not CBOR: {type(error).__name__}") from error
    if again != data:
        raise MalformedError("CBOR is not in its deterministic form (duplicate key, trailing bytes or long form)")
    return value


def _write(value: Any, depth: int, put: Callable[[bytes], None]) -> None:
    """Only plain values pass: a tag would decode to another type and is refused here."""
    kind = type(value)
    if kind is str:
        put(_text(value))
    elif kind is dict or kind is list:
        if value and depth >= MAX_DEPTH:
            raise MalformedError(f"nested deeper than {MAX_DEPTH} levels")
        put(_head(_LIST if kind is list else _MAP, len(value)))
        if kind is list:
            for item in value:
                _write(item, depth + 1, put)
            return
        if not _KEYS.issuperset(map(type, value)):
            raise MalformedError("a map's keys are text or integers")
        for encoded, key in _in_order(tuple(value)):
            put(encoded)
            item = value[key]
            if type(item) is str:  # most are: one call less for each
                put(_text(item))
            else:
                _write(item, depth + 1, put)
    elif kind is bytes:
        put(_head(_BYTES, len(value)))
        put(value)
    elif kind is int:
        put(_integer(value))
    elif kind is float:
        if not math.isfinite(value):
            raise MalformedError("a number must be finite")
        put(cbor2.dumps(value, canonical=True))
    elif value is None or kind is bool:
        put(_SIMPLE[value])
    else:
        raise MalformedError(f"{kind.__name__} has no place in a message")


def _text(value: str) -> bytes:
    text = value.encode()
    count = len(text)
    return (_TEXT_HEADS[count] if count < 256 else _head(_TEXT, count)) + text


def _head(major: int, count: int) -> bytes:
    """A data item's first bytes: its type and its count or value, in the shortest form (RFC 8949 §4.2.1)."""
    if count < 24:
        return _SHORT[major + count]
    for more, width in enumerate((1, 2, 4, 8)):
        if count < 1 << 8 * width:
            return _SHORT[major + 24 + more] + count.to_bytes(width, "big")
    raise MalformedError("an integer beyond 64 bits has no place in a message")


_SHORT: Final = tuple(bytes((first,)) for first in range(256))
_TEXT_HEADS: Final = tuple(_head(_TEXT, count) for count in range(256))


def _integer(value: int) -> bytes:
    if value >= 0:
        return _head(_UNSIGNED, value)
    if value < -(2**63):
        raise MalformedError("an integer beyond 64 bits has no place in a message")
    return _head(_NEGATIVE, -1 - value)


@lru_cache(maxsize=256)
def _in_order(keys: tuple[str | int, ...]) -> list[tuple[bytes, str | int]]:
    """A map's keys, encoded, in their order: the shorter one first, then by its bytes (RFC 8949 §4.2.3, as cbor2)."""
    encoded = [(_key(key), key) for key in keys]
    return sorted(encoded, key=lambda each: (len(each[0]), each[0]))


def _key(key: str | int) -> bytes:
    return _integer(key) if isinstance(key, int) else _text(key)
