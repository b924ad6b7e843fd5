"""Frames over a bad line: split, joined, noisy, endless."""

import copy
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sallyport_wire.frames import MAX_BODY, MAX_PAYLOAD, Decoder, crc16, encode, read
from sallyport_wire.mac import hmac_sha256, same
from sallyport_wire.messages import GRANT, LAYOUTS, STATUS_REQUEST, FrameError, Message, lane_id, unpack

KEY = bytes(range(32))


def status_request(challenge: bytes = bytes(16)) -> Message:
    return Message(STATUS_REQUEST, challenge=challenge)


def test_crc_check_value() -> None:
    assert crc16(b"123456789") == 0x29B1


@given(st.lists(st.binary(min_size=16, max_size=16), max_size=8), st.integers(1, 200))
def test_split_and_joined_frames(challenges: list[bytes], chunk: int) -> None:
    stream = b"".join([encode(status_request(c), 1, KEY) for c in challenges])
    decoder = Decoder()
    heard = [f for at in range(0, len(stream), chunk) for f in decoder.feed(stream[at : at + chunk])]
    assert [read(f, 1, KEY).challenge for f in heard] == challenges
    assert decoder.dropped == 0


@given(st.binary(max_size=600))
def test_noise_before_a_frame_never_costs_the_frame(noise: bytes) -> None:
    heard = Decoder().feed(noise + encode(status_request(), 1, KEY))
    assert read(heard[-1], 1, KEY) == status_request()


@given(st.integers(0, 63), st.integers(1, 255))
def test_any_one_damaged_byte_is_found(at: int, flip: int) -> None:
    raw = bytearray(encode(status_request(b"0123456789abcdef"), 1, KEY))
    raw[at % len(raw)] ^= flip
    for frame in Decoder().feed(bytes(raw)):
        with pytest.raises(FrameError):
            assert frame.raw != encode(status_request(b"0123456789abcdef"), 1, KEY)
            read(frame, 1, KEY)


@given(st.binary(min_size=1, max_size=64))
def test_damage_never_reads_as_another_message(noise: bytes) -> None:
    raw = encode(status_request(), 1, KEY)
    for frame in Decoder().feed(raw[:20] + noise + raw[20:]):
        if frame.raw != raw:
            with pytest.raises(FrameError):
                read(frame, 1, KEY)


def test_memory_is_bounded_whatever_arrives() -> None:
    decoder = Decoder()
    for _ in range(1000):
        assert decoder.feed(b"\x55" * 1000) == []
        assert len(decoder._held) <= MAX_BODY + 1
    assert decoder.feed(b"\0") == []
    assert decoder.why == "longer than any frame"


def test_a_day_of_junk_at_line_rate() -> None:
    """115,200 baud for a day is 995 MB; junk has no memory, so 2 MB of it in every shape stands for it."""
    rng = random.Random(24)
    decoder = Decoder()
    for size in (1, 2, 3, 7, 64, 255, 4096) * 40:
        assert decoder.feed(rng.randbytes(size)) == []
    assert [read(f, 1, KEY) for f in decoder.feed(encode(status_request(), 1, KEY))] == [status_request()]


def test_the_longest_message_fits() -> None:
    import struct

    assert max(struct.calcsize(layout) for layout, _ in LAYOUTS.values()) <= MAX_PAYLOAD
    assert MAX_BODY < 254


def test_key_shape() -> None:
    for key in (b"", bytes(32), bytes(range(31)), bytes(range(33))):
        with pytest.raises(ValueError, match="32 bytes"):
            hmac_sha256(key, b"")


def test_same() -> None:
    assert same(b"", b"")
    assert same(b"ab", b"ab")
    assert not same(b"ab", b"ac")
    assert not same(b"bb", b"ab")
    assert not same(b"ab", b"abc")
    # Differences that would cancel under exclusive or, or under a sum, must not.
    assert not same(b"\x01\x01", b"\x00\x00")
    assert not same(b"\x01\x00", b"\x00\x01")


def test_message_fields() -> None:
    grant = Message(GRANT, lane=lane_id("A"), session=bytes(16), nonce=bytes(16), lifetime_ms=1)
    assert grant.lifetime_ms == 1
    assert "lifetime_ms" in repr(grant)
    assert len({grant, unpack(GRANT, grant.pack())}) == 1
    assert grant != status_request()
    assert grant != "grant"
    with pytest.raises(AttributeError):
        _ = grant.challenge
    with pytest.raises(AttributeError):
        _ = grant._hidden
    with pytest.raises(FrameError, match="fields of message type 2"):
        Message(GRANT, lane=lane_id("A"))
    with pytest.raises(FrameError, match="unknown message type 9"):
        unpack(9, b"")
    with pytest.raises(FrameError, match="does not have 15 bytes"):
        unpack(STATUS_REQUEST, bytes(15))


@pytest.mark.parametrize("lifetime_ms", [-1, 65536, 1.5, "1", None])
def test_a_field_that_does_not_fit_is_refused(lifetime_ms: object) -> None:
    with pytest.raises(FrameError, match="a field"):
        Message(GRANT, lane=lane_id("A"), session=bytes(16), nonce=bytes(16), lifetime_ms=lifetime_ms).pack()


@pytest.mark.parametrize("nonce", [bytes(15), bytes(17)])
def test_a_short_or_long_nonce_is_refused(nonce: bytes) -> None:
    with pytest.raises(FrameError, match="out of range"):
        Message(GRANT, lane=lane_id("A"), session=bytes(16), nonce=nonce, lifetime_ms=1).pack()


def test_words_do_not_grow() -> None:
    message = status_request()
    [frame] = Decoder().feed(encode(message, 1, KEY))
    for word in (message, frame, Decoder()):
        with pytest.raises(AttributeError):
            word.extra = 1  # type: ignore[union-attr]
    with pytest.raises(AttributeError):
        _ = message.x
    assert copy.deepcopy(message) == message


def test_each_kind_of_damage_has_its_reason() -> None:
    body = bytes(range(1, 43))
    cases = {
        b"\x03\xff\xff": "shorter",  # two bytes whose CRC would be right
        b"\x2a" + body[:41]: "shorter",
        b"\x2b" + body[:42]: "wrong CRC",
        b"\x09" + body[:5]: "not COBS",
        b"\xff" + bytes([1]) * 254: "longer",
        b"\x01" * 200: "longer",
    }
    for damaged, why in cases.items():
        decoder = Decoder()
        assert decoder.feed(b"\0" + damaged + b"\0") == []
        assert decoder.dropped == 1
        assert decoder.why.startswith(why), damaged


def test_a_damaged_mac_is_a_line_error() -> None:
    raw = bytearray(encode(status_request(b"x" * 16), 1, KEY))
    raw[-5] = raw[-5] % 250 + 1
    decoder = Decoder()
    assert decoder.feed(bytes(raw)) == []
    assert decoder.dropped == 1


def built(payload: bytes) -> bytes:
    """A status request with any payload, authentic, of epoch 0x01010101."""
    head = b"\x01\x04" + bytes([1, 1, 1, 1]) + len(payload).to_bytes(2, "big") + payload
    signed = head + hmac_sha256(KEY, head)
    body = signed + crc16(signed).to_bytes(2, "big")
    return b"\0" + b"".join(bytes([len(p) + 1]) + p for p in body.split(b"\0")) + b"\0"


@pytest.mark.parametrize("payload", [b"", bytes(128), b"\xff" * 128])
def test_the_shortest_and_the_longest_frame(payload: bytes) -> None:
    decoder = Decoder()
    assert decoder.why == ""
    [frame] = decoder.feed(built(payload))
    assert frame.payload == payload
    with pytest.raises(FrameError, match=f"does not have {len(payload)} bytes"):
        read(frame, 0x01010101, KEY)


def test_a_longer_frame_is_none() -> None:
    decoder = Decoder()
    assert decoder.feed(built(bytes(129))) == []
    assert decoder.why == "longer than any frame"


def test_lane_id() -> None:
    assert lane_id("!~")[:2] == b"!~"
    assert lane_id("MDI-LANE-1") == b"MDI-LANE-1" + bytes(6)
    assert len(lane_id("x" * 16)) == 16
    for name in ("", "x" * 17, "a b", "é", "\x7f"):
        with pytest.raises(FrameError):
            lane_id(name)
