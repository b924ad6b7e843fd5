"""Wire version 1, byte for byte. Frozen: boards in the field speak it, so do not change this test or its vectors."""

import binascii
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from sallyport_wire import frames, messages
from sallyport_wire.frames import CURRENT_VERSION, MIN_VERSION, Decoder, encode, read
from sallyport_wire.messages import FrameError, Message

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/wire/v1.json").read_text())
KEYS = {"down": bytes.fromhex(VECTORS["down_key"]), "up": bytes.fromhex(VECTORS["up_key"])}
INTEGERS = {
    *("request", "counter", "lifetime_ms", "after", "boots", "seq", "kind", "t_ms", "answer", "state", "inputs"),
    *("uptime_s", "free", "dropped", "type_heard", "reason"),
}


def message_of(vector: dict[str, Any]) -> Message:
    fields = {n: v if n in INTEGERS else bytes.fromhex(v) for n, v in vector["fields"].items()}
    return Message(vector["type"], **fields)


def test_version_1_is_still_spoken() -> None:
    assert MIN_VERSION <= 1 <= CURRENT_VERSION
    assert (frames.HEAD_BYTES, frames.MAX_PAYLOAD, frames.MAX_BODY, frames.MIN_BODY) == (8, 128, 170, 42)


def test_numbers_of_version_1() -> None:
    numbers = {
        "type": "OPEN_REQUEST GRANT VOID STATUS_REQUEST EVENTS_REQUEST CLEAR",
        "type up": "BOOT NONCE EVENT VOID_ANSWER STATUS REFUSED",
        "kind": "OPENED DOOR_OPEN DOOR_CLOSED RELOCKED NOT_OPENED EXPIRED UNGRANTED_OPEN TAMPER MISMATCH DOOR_HELD "
        "CLEARED FAULT",
        "answer": "VOID_NOT_OPENED VOID_OPENED VOID_UNKNOWN",
        "state": "LOCKED WAITING OPEN LOCKED_OUT",
        "reason": "WRONG_LANE STALE_REQUEST TOO_SOON BUSY IS_LOCKED_OUT PEER_CLAIMS NOT_CLOSED WRONG_NONCE "
        "WRONG_SESSION BAD_LIFETIME TOO_LATE NO_ROOM",
    }
    first = {"type up": 0x81, "state": 0}
    for what, names in numbers.items():
        found = [getattr(messages, name) for name in names.split()]
        start = first.get(what, 1)
        assert found == list(range(start, start + len(found))), what
    inputs = "DOOR_IS_CLOSED BOLT_IS_LOCKED BOX_IS_CLOSED PEER_IS_FREE"
    assert [getattr(messages, name) for name in inputs.split()] == [1, 2, 4, 8]
    assert bytes(16) == messages.NO_SESSION == messages.NO_NONCE


@pytest.mark.parametrize("vector", VECTORS["good"], ids=lambda v: v["name"])
def test_good_frame(vector: dict[str, Any]) -> None:
    raw, key = bytes.fromhex(vector["frame"]), KEYS[vector["key"]]
    assert encode(message_of(vector), vector["epoch"], key) == raw
    [frame] = Decoder().feed(raw)
    assert read(frame, vector["epoch"], key) == message_of(vector)
    assert frame.raw == raw
    # An independent reading of the same bytes.
    assert frame.mac == hmac.digest(key, frame.signed, hashlib.sha256)
    assert b"\0" not in raw[1:-1]
    crc = binascii.crc_hqx(frame.signed + frame.mac, 0xFFFF).to_bytes(2, "big")
    assert len(raw) == len(frame.signed + frame.mac + crc) + 3


@pytest.mark.parametrize("vector", VECTORS["bad"], ids=lambda v: v["name"])
def test_bad_frame(vector: dict[str, Any]) -> None:
    decoder = Decoder()
    heard = decoder.feed(bytes.fromhex(vector["frame"]))
    if vector["refused_by"] == "decode":
        assert heard == []
        assert decoder.dropped == 1
        assert decoder.why
    else:
        [frame] = heard
        with pytest.raises(FrameError):
            read(frame, 1, KEYS["down"])
    # Whatever came before, the next good frame is read.
    good = bytes.fromhex(VECTORS["good"][0]["frame"])
    assert [f.raw for f in decoder.feed(good)] == [good]
