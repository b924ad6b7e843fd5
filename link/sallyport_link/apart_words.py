"""What a program and the process of its link say to each other, over a socket that only these two hold.

A frame is a kind, the lengths of a topic and of what follows, and one number.
"""

import json
from dataclasses import asdict, dataclass
from enum import Enum
from math import inf
from pathlib import Path
from struct import Struct
from typing import Any, Final

from sallyport_link.connection import Road
from sallyport_link.link import LinkCounts
from sallyport_protocol.errors import MalformedError

_HEAD: Final = Struct("!cHII")


class Say(Enum):
    """The kinds of frame."""

    ROAD = b"R"
    """Down, once and first: where the broker is and who we are there."""
    FILTERS = b"F"
    """Down: all that is subscribed to from now on."""
    PUBLISH = b"P"
    """Down: one message; the number is how long it is worth something, ms."""
    ALIVE = b"A"
    """Down, every second: who says nothing for long is stuck, and nobody hears the broker in its name."""
    END = b"E"
    """Down: send what waits and leave politely."""
    MESSAGE = b"M"
    """Up: one message; the number is 1 for one that the broker had stored."""
    STATE = b"S"
    """Up, when it changes and four times a second: how the link stands."""


_KINDS: Final = {each.value: each for each in Say}


@dataclass(frozen=True, slots=True)
class Frame:
    """One thing said."""

    kind: Say
    topic: str
    payload: bytes
    number: int


def frame(kind: Say, payload: bytes = b"", topic: str = "", number: int = 0) -> bytes:
    """A frame's bytes."""
    name = topic.encode()
    return _HEAD.pack(kind.value, len(name), len(payload), number) + name + payload


class Frames:
    """Cuts what comes in into frames of at most `most` bytes and a topic. The program does not trust the process, which
    reads what the network sends."""

    def __init__(self, most: float = inf) -> None:
        self._rest, self._most = b"", most

    def take(self, data: bytes) -> list[Frame]:
        """The frames that are whole now. Raises MalformedError for what is none: then the other side is broken."""
        data, place, found = self._rest + data, 0, []
        while len(data) - place >= _HEAD.size:
            sign, topic, payload, number = _HEAD.unpack_from(data, place)
            kind, start = _KINDS.get(sign), place + _HEAD.size
            if kind is None or payload > self._most:
                raise MalformedError("what came between a program and the process of its link is no frame")
            end = start + topic + payload
            if len(data) < end:
                break
            found.append(Frame(kind, data[start : start + topic].decode(), data[start + topic : end], number))
            place = end
        self._rest = data[place:]
        return found


@dataclass(frozen=True, slots=True)
class State:
    """How the link stands in its process, and what it has counted."""

    up: bool
    error: str
    connections: int
    acknowledged: int
    refused: int
    dropped: int
    expired: int
    waiting: int
    round_trip_ms: float

    @classmethod
    def of(cls, up: bool, error: str, counts: LinkCounts, dropped: int) -> "State":
        """A link's own words; `dropped` on the way to the program come on top of what it dropped itself."""
        return cls(
            up,
            error,
            counts.connections,
            counts.acknowledged,
            counts.refused,
            counts.dropped + dropped,
            counts.expired,
            counts.waiting,
            counts.round_trip_ms,
        )

    def to_bytes(self) -> bytes:
        """For a frame."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def parse(cls, data: bytes) -> "State":
        """From a frame."""
        return cls(**json.loads(data))


def road_to_bytes(road: Road) -> bytes:
    """For the first frame; with the key's password, which is in no argument and no environment."""
    will, secret = road.will, road.key_password
    said: dict[str, Any] = asdict(road)
    said |= {name: str(said[name]) for name in ("ca", "cert", "key")}
    said["will"] = None if will is None else [will[0], will[1].hex()]
    said["key_password"] = None if secret is None else secret.hex()
    return json.dumps(said).encode()


def road_from_bytes(data: bytes) -> Road:
    """From the first frame."""
    said = json.loads(data)
    will, secret = said["will"], said["key_password"]
    said |= {name: Path(said[name]) for name in ("ca", "cert", "key")}
    said["will"] = None if will is None else (will[0], bytes.fromhex(will[1]))
    said["key_password"] = None if secret is None else bytes.fromhex(secret)
    return Road(**said)
