import math
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sallyport_protocol import canonical
from sallyport_protocol.errors import MalformedError

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.binary(max_size=40)
    | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | st.integers(0, 99), inner),
    max_leaves=12,
)


@given(plain)
def test_decode_gives_back_what_was_encoded(value: Any) -> None:
    assert canonical.decode(canonical.encode(value), limit=10**6) == value


@given(plain)
def test_cbor2_encodes_the_same(value: Any) -> None:
    assert canonical.encode(value) == cbor2.dumps(value, canonical=True)


@pytest.mark.parametrize("size", [0, 23, 24, 255, 256, 65_535, 65_536])
@pytest.mark.parametrize("make", [lambda n: "x" * n, bytes, lambda n: [0] * n, lambda n: dict.fromkeys(range(n))])
def test_cbor2_encodes_every_length_the_same(make: Any, size: int) -> None:
    assert canonical.encode(make(size)) == cbor2.dumps(make(size), canonical=True)


@pytest.mark.parametrize("value", [0, 23, 24, 255, 256, 2**16, 2**32 - 1, 2**32, 2**64 - 1, -1, -24, -25, -(2**63)])
def test_cbor2_encodes_every_integer_the_same(value: int) -> None:
    assert canonical.encode(value) == cbor2.dumps(value, canonical=True)


@given(st.binary(max_size=60))
def test_any_bytes_either_are_canonical_or_refuse(data: bytes) -> None:
    try:
        value = canonical.decode(data, limit=60)
    except MalformedError:
        return
    assert canonical.encode(value) == data


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("duplicate key", "a2616101616102"),
        ("trailing byte", "0100"),
        ("tag", "c11a514b67b0"),
        ("indefinite array", "9fff"),
        ("long form of a short number", "1801"),
        ("boolean as key", "a1f5f5"),
        ("double that fits a half", "fb3ff8000000000000"),
        ("not a number", "f97e00"),
        ("undefined", "f7"),
        ("bignum", "c249010000000000000000"),
        ("keys out of order", "a2616201616102"),
        ("empty", ""),
        ("nested too deep", "81" * 20 + "80"),
        ("text that is not UTF-8", "61ff"),
        ("array that promises more than it has", "9b7fffffffffffffff"),
    ],
)
def test_refuses(name: str, data: str) -> None:
    with pytest.raises(MalformedError):
        canonical.decode(bytes.fromhex(data), limit=1_000)


def test_refuses_over_the_limit_before_decoding() -> None:
    with pytest.raises(MalformedError, match="over the limit of 4"):
        canonical.decode(cbor2.dumps("12345"), limit=4)


@pytest.mark.parametrize(
    "value", [math.inf, math.nan, 2**64, {1.5: 1}, {b"k": 1}, object(), {1, 2}, {True: 1}, "\ud800"]
)
def test_encode_refuses_what_has_no_place(value: Any) -> None:
    with pytest.raises(MalformedError):
        canonical.encode(value)


@pytest.mark.parametrize("leaf", ["text", 1, 0.5, None, []])
def test_the_deepest_level_is_the_same_for_every_kind_of_value(leaf: Any) -> None:
    deepest: Any = leaf
    for _ in range(canonical.MAX_DEPTH):
        deepest = [deepest]
    assert canonical.decode(canonical.encode(deepest), limit=100) == deepest
    with pytest.raises(MalformedError):
        canonical.encode([deepest])
    with pytest.raises(MalformedError):
        canonical.encode({"k": deepest})
