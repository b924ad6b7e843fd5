"""Frames: a message made safe for a serial line, and found again after noise.

    body  = version u8 | type u8 | epoch u32 | length u16 | payload | HMAC-SHA256 32 | CRC-16 u16   (big-endian)
    frame = 0x00 | COBS(body) | 0x00

No byte inside a frame is zero, so after any noise the next zero starts afresh.
The CRC (CRC-16/CCITT-FALSE) finds line errors; only the HMAC says who spoke.
"""

import struct

from sallyport_wire.mac import MAC_BYTES, hmac_sha256, same
from sallyport_wire.messages import FrameError, Message, unpack

MIN_VERSION = 1
CURRENT_VERSION = 1

HEAD = ">BBIH"
HEAD_BYTES = 8
MAX_PAYLOAD = 128
MAX_BODY = HEAD_BYTES + MAX_PAYLOAD + MAC_BYTES + 2  # under 254, so COBS adds one byte exactly
MIN_BODY = HEAD_BYTES + MAC_BYTES + 2

_NIBBLES = tuple([0x1021 * n for n in range(16)])  # CRC of each high nibble


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF; of b"123456789" it is 0x29B1."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc << 4 & 0xFFFF) ^ _NIBBLES[crc >> 12 ^ byte >> 4]
        crc = (crc << 4 & 0xFFFF) ^ _NIBBLES[crc >> 12 ^ byte & 15]
    return crc


class Frame:
    """One frame whose CRC is right: who sent it is not known before `read`. `raw` is what to relay."""

    __slots__ = ("epoch", "mac", "payload", "raw", "signed", "type", "version")

    def __init__(self, body: bytes) -> None:
        self.version, self.type, self.epoch, length = struct.unpack(HEAD, body[:HEAD_BYTES])
        if not MIN_VERSION <= self.version <= CURRENT_VERSION:
            raise FrameError("unknown wire version " + str(self.version) + ": update the older side")
        if HEAD_BYTES + length + MAC_BYTES + 2 != len(body):
            raise FrameError("the stated length is not the frame's")
        self.signed = body[: HEAD_BYTES + length]
        self.payload = body[HEAD_BYTES : HEAD_BYTES + length]
        self.mac = body[HEAD_BYTES + length : -2]
        self.raw = b"\0" + _stuff(body) + b"\0"


def encode(message: Message, epoch: int, key: bytes) -> bytes:
    """The bytes to send for `message`, under `key` (32 bytes) of `epoch` (u32, from 1)."""
    payload = message.pack()
    signed = struct.pack(HEAD, CURRENT_VERSION, message.type, epoch, len(payload)) + payload
    body = signed + hmac_sha256(key, signed)
    return b"\0" + _stuff(body + struct.pack(">H", crc16(body))) + b"\0"


def read(frame: Frame, epoch: int, key: bytes) -> Message:
    """The message of an authentic frame of this epoch; FrameError for any other."""
    if not same(hmac_sha256(key, frame.signed), frame.mac):
        raise FrameError("the frame is not authentic: another key, or altered on its way")
    if frame.epoch != epoch:
        raise FrameError("the frame is of key epoch " + str(frame.epoch) + ", not " + str(epoch))
    return unpack(frame.type, frame.payload)


class Decoder:
    """Finds frames in a byte stream; holds at most one frame's bytes, whatever arrives."""

    __slots__ = ("_held", "_skipping", "dropped", "why")

    def __init__(self) -> None:
        self._held = bytearray()
        self._skipping = False
        self.dropped = 0  # runs of bytes between zeros that were no frame
        self.why = ""  # why the last one was not

    def feed(self, data: bytes) -> list[Frame]:
        """The whole frames that end in `data`."""
        frames = []
        for byte in data:
            if byte:
                if len(self._held) > MAX_BODY:
                    self._skipping = True
                else:
                    self._held.append(byte)
            elif self._held:
                try:
                    frames.append(_frame(bytes(self._held), self._skipping))
                except FrameError as error:
                    self.dropped += 1
                    self.why = str(error)
                self._held = bytearray()
                self._skipping = False
        return frames


def _frame(stuffed: bytes, too_long: bool) -> Frame:
    if too_long:
        raise FrameError("longer than any frame")
    body = _unstuff(stuffed)
    if len(body) < MIN_BODY:
        raise FrameError("shorter than any frame")
    if crc16(body[:-2]) != struct.unpack(">H", body[-2:])[0]:
        raise FrameError("wrong CRC: damaged on the line")
    return Frame(body)


def _stuff(body: bytes) -> bytes:
    """COBS: each zero becomes the distance to the next one."""
    return b"".join([bytes([len(part) + 1]) + part for part in body.split(b"\0")])


def _unstuff(stuffed: bytes) -> bytes:
    parts = []
    at = 0
    while at < len(stuffed):
        end = at + stuffed[at]
        if end > len(stuffed):
            raise FrameError("not COBS: cut on the line")
        parts.append(stuffed[at + 1 : end])
        at = end
    return b"\0".join(parts)
