"""What gateway and interlock say to each other. One line a message: docs/protocol/wire.md gives units and meaning."""

import struct

# Down: gateway to board, under the down key.
OPEN_REQUEST, GRANT, VOID, STATUS_REQUEST, EVENTS_REQUEST, CLEAR = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
# Up: board to gateway, under the up key.
BOOT, NONCE, EVENT, VOID_ANSWER, STATUS, REFUSED = 0x81, 0x82, 0x83, 0x84, 0x85, 0x86

_REPORT = (
    ">16s16s3s32sIIQIBBIIH16s",
    "challenge lane version digest boots counter request seq state inputs uptime_s free dropped spent",
)
LAYOUTS = {
    OPEN_REQUEST: (">16s16sQ", "lane session request"),
    GRANT: (">16s16s16sH", "lane session nonce lifetime_ms"),
    VOID: (">16sI", "nonce counter"),
    STATUS_REQUEST: (">16s", "challenge"),
    EVENTS_REQUEST: (">I", "after"),
    CLEAR: (">16sQ", "lane request"),
    BOOT: _REPORT,
    NONCE: (">16s16sQ16sI", "lane session request nonce counter"),
    EVENT: (">IIB16s16sI", "boots seq kind session nonce t_ms"),
    VOID_ANSWER: (">16sBI", "nonce answer counter"),
    STATUS: _REPORT,
    REFUSED: (">B16s16sB", "type_heard session nonce reason"),
}

# EVENT kind
OPENED, DOOR_OPEN, DOOR_CLOSED, RELOCKED, NOT_OPENED, EXPIRED = 1, 2, 3, 4, 5, 6
UNGRANTED_OPEN, TAMPER, MISMATCH, DOOR_HELD, CLEARED, FAULT = 7, 8, 9, 10, 11, 12
# VOID_ANSWER answer: VOID_UNKNOWN is for a nonce older, or newer, than this board's memory
VOID_NOT_OPENED, VOID_OPENED, VOID_UNKNOWN = 1, 2, 3
# STATUS and BOOT state
LOCKED, WAITING, OPEN, LOCKED_OUT = 0, 1, 2, 3
# STATUS and BOOT inputs: bits set when the contact is in its good state
DOOR_IS_CLOSED, BOLT_IS_LOCKED, BOX_IS_CLOSED, PEER_IS_FREE = 0x01, 0x02, 0x04, 0x08
# REFUSED reason
WRONG_LANE, STALE_REQUEST, TOO_SOON, BUSY, IS_LOCKED_OUT, PEER_CLAIMS, NOT_CLOSED = 1, 2, 3, 4, 5, 6, 7
WRONG_NONCE, WRONG_SESSION, BAD_LIFETIME, TOO_LATE, NO_ROOM = 8, 9, 10, 11, 12

NO_SESSION = NO_NONCE = bytes(16)


class FrameError(ValueError):
    """Bytes, fields, version, epoch or authentication of a frame cannot be used."""


def lane_id(name: str) -> bytes:
    """`name` as the 16 bytes of a lane field: ASCII, padded with zeros; FrameError if empty or longer."""
    raw = name.encode()
    if not 0 < len(raw) <= 16 or max(raw) > 126 or min(raw) < 33:
        raise FrameError("a lane name is 1 to 16 printable ASCII characters: " + name)
    return raw + bytes(16 - len(raw))


class Message:
    """One message: `Message(GRANT, lane=..., ...)`; its fields read as attributes, and never change."""

    __slots__ = ("_values", "type")

    def __init__(self, type: int, **fields: object) -> None:
        names = LAYOUTS[type][1].split()
        if sorted(names) != sorted(fields):
            raise FrameError("the fields of message type " + str(type) + " are: " + LAYOUTS[type][1])
        self.type = type
        self._values = tuple([fields[name] for name in names])

    def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
        if name[0] != "_" and name in LAYOUTS[self.type][1].split():
            return self._values[LAYOUTS[self.type][1].split().index(name)]
        raise AttributeError(name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and (self.type, self._values) == (other.type, other._values)

    def __hash__(self) -> int:
        return hash((self.type, self._values))

    def __repr__(self) -> str:
        return "Message(" + str(self.type) + ", " + LAYOUTS[self.type][1] + " = " + repr(self._values) + ")"

    def pack(self) -> bytes:
        """The payload; FrameError if a field does not fit its place (MicroPython's struct would cut it)."""
        layout = LAYOUTS[self.type][0]
        try:
            payload = struct.pack(layout, *self._values)
        except Exception as error:
            raise FrameError("a field has the wrong type: " + repr(self)) from error
        if struct.unpack(layout, payload) != self._values:
            raise FrameError("a field is out of range: " + repr(self))
        return payload


def unpack(type: int, payload: bytes) -> Message:
    """The message of a payload; FrameError for an unknown type or another length."""
    if type not in LAYOUTS:
        raise FrameError("unknown message type " + str(type))
    layout, names = LAYOUTS[type]
    if struct.calcsize(layout) != len(payload):
        raise FrameError("message type " + str(type) + " does not have " + str(len(payload)) + " bytes")
    return Message(type, **dict(zip(names.split(), struct.unpack(layout, payload))))  # noqa: B905
