"""Frames for one interlock board, and what it answers. Only the gateway's key token can make these. Pure.

Invariant S1: `grant` is the only function of the product that makes a grant, and it takes the board's own nonce.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from sallyport_protocol.documents import interlock_fingerprint
from sallyport_wire import messages
from sallyport_wire.frames import Decoder, encode, read
from sallyport_wire.messages import FrameError, Message, lane_id


@dataclass(frozen=True, slots=True)
class BoardKeys:
    """One board's two keys, one for each direction, of one epoch."""

    board: str
    lane: str
    epoch: int
    up: bytes = field(repr=False)
    down: bytes = field(repr=False)

    @property
    def fingerprint(self) -> bytes:
        """What the registry names these keys by."""
        return interlock_fingerprint(self.up, self.down, self.epoch)

    def _down(self, message: Message) -> bytes:
        return encode(message, self.epoch, self.down)


@dataclass(frozen=True, slots=True)
class Heard:
    """An authentic message of the board, with the digest of its frame as evidence."""

    message: Message
    evidence: bytes


def open_request(keys: BoardKeys, session: bytes, request: int) -> bytes:
    """Asks for a nonce; `request` rises strictly over the board's life."""
    return keys._down(Message(messages.OPEN_REQUEST, lane=lane_id(keys.lane), session=session, request=request))


def grant(keys: BoardKeys, session: bytes, nonce: bytes, lifetime_ms: int) -> bytes:
    """Open once, for this nonce, within `lifetime_ms` (1 to 10,000) of its showing."""
    fields = {"lane": lane_id(keys.lane), "session": session, "nonce": nonce, "lifetime_ms": lifetime_ms}
    return keys._down(Message(messages.GRANT, **fields))


def void(keys: BoardKeys, nonce: bytes, counter: int) -> bytes:
    """This nonce shall never open; the board answers what became of it."""
    return keys._down(Message(messages.VOID, nonce=nonce, counter=counter))


def status_request(keys: BoardKeys, challenge: bytes) -> bytes:
    """Asks how the board is; the answer names the challenge (16 bytes)."""
    return keys._down(Message(messages.STATUS_REQUEST, challenge=challenge))


def events_request(keys: BoardKeys, after: int) -> bytes:
    """Asks for journalled events after this sequence number."""
    return keys._down(Message(messages.EVENTS_REQUEST, after=after))


def clear(keys: BoardKeys, request: int) -> bytes:
    """Two officers have looked: end the lock-out."""
    return keys._down(Message(messages.CLEAR, lane=lane_id(keys.lane), request=request))


class BoardEar:
    """Hears one board through whatever relays its bytes. Bytes that are not authentic are counted and dropped."""

    def __init__(self, keys: BoardKeys) -> None:
        self._keys = keys
        self._decoder = Decoder()
        self.refused = 0

    def hear(self, data: bytes) -> Iterator[Heard]:
        """The authentic messages that end in `data`."""
        for frame in self._decoder.feed(data):
            try:
                message = read(frame, self._keys.epoch, self._keys.up)
            except FrameError:
                self.refused += 1
                continue
            yield Heard(message, sha256(frame.raw).digest())
