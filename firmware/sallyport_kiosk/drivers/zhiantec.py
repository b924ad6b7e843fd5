"""The serial protocol of ZhianTec modules (ZFM, R30x, R503): packets, codes and images as values. No I/O.

    0xEF01 | address u32 | identifier u8 | length u16 | content | sum u16        (big-endian)

`length` counts content and sum; the sum is of identifier, length and content, modulo 65,536.
Source: Hangzhou Grow, R503 Fingerprint Module User Manual V1.2.2 (2022.10), sections IV and V.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from sallyport_kiosk.ports import Pixels
from sallyport_protocol.errors import MalformedError

HEADER: Final = b"\xef\x01"
DEFAULT_ADDRESS: Final = 0xFFFFFFFF
DEFAULT_PASSWORD: Final = 0
POWERED: Final = 0x55
"""The byte that a module sends when it has started."""
HEAD_BYTES: Final = 9
MAX_CONTENT: Final = 256
BAUD_UNIT: Final = 9_600
BAUDS: Final = tuple(BAUD_UNIT * n for n in (1, 2, 4, 6, 12, 24, 48, 96))
"""Rates of the family: the R503 manual states 9,600 to 115,200; R30x variants go on to 921,600."""
PACKET_SIZES: Final = (32, 64, 128, 256)
IMAGE_SHAPES: Final = {36_864: (288, 256), 18_432: (192, 192), 6_400: (80, 160)}
"""Bytes of an uploaded image -> rows, columns: R30x and ZFM; R503; R301T and other small ones."""


class Identifier(IntEnum):
    """What a packet is."""

    COMMAND = 0x01
    DATA = 0x02
    ACKNOWLEDGE = 0x07
    END = 0x08


class Instruction(IntEnum):
    """What we may ask of a module. Its own matching and storage are not used: no template stays in the sensor."""

    GEN_IMG = 0x01
    UP_IMAGE = 0x0A
    SET_SYS_PARA = 0x0E
    READ_SYS_PARA = 0x0F
    VFY_PWD = 0x13
    GET_IMAGE_EX = 0x28
    CANCEL = 0x30
    AURA_LED_CONFIG = 0x35
    CHECK_SENSOR = 0x36
    READ_PROD_INFO = 0x3C
    SOFT_RST = 0x3D
    HAND_SHAKE = 0x40


class Parameter(IntEnum):
    """What SetSysPara may set."""

    BAUD = 4
    PACKET_SIZE = 6


class Code(IntEnum):
    """Confirmation codes."""

    OK = 0x00
    PACKET_ERROR = 0x01
    NO_FINGER = 0x02
    COLLECT_FAILED = 0x03
    DISORDERLY = 0x06
    POOR_IMAGE = 0x07
    CANNOT_FOLLOW = 0x0E
    UPLOAD_FAILED = 0x0F
    WRONG_PASSWORD = 0x13
    NO_IMAGE = 0x15
    FLASH_ERROR = 0x18
    UNDEFINED = 0x19
    BAD_REGISTER = 0x1A
    BAD_CONFIGURATION = 0x1B
    PORT_ERROR = 0x1D
    WRONG_ADDRESS = 0x20
    PASSWORD_NEEDED = 0x21
    TIMEOUT = 0x26
    SENSOR_ERROR = 0x29
    UNSUPPORTED = 0xFC
    HARDWARE_ERROR = 0xFD
    FAILED = 0xFE


MEANINGS: Final = {
    Code.PACKET_ERROR: "it received a damaged packet: check the cable and the baud rate",
    Code.NO_FINGER: "no finger lies on it",
    Code.COLLECT_FAILED: "it could not take an image: clean the glass and try again",
    Code.DISORDERLY: "the image is too disorderly: clean the glass and try again",
    Code.POOR_IMAGE: "the image is too poor: press a little harder",
    Code.CANNOT_FOLLOW: "it cannot take the packets that follow: connect it again",
    Code.UPLOAD_FAILED: "it could not upload the image: connect it again",
    Code.WRONG_PASSWORD: "its password is not the configured one: set the sensor's password in the configuration",
    Code.NO_IMAGE: "it holds no image: take one first",
    Code.FLASH_ERROR: "it cannot write its memory: replace it",
    Code.UNDEFINED: "it reports an undefined error: connect it again",
    Code.BAD_REGISTER: "it does not have that setting",
    Code.BAD_CONFIGURATION: "it does not take that value for the setting",
    Code.PORT_ERROR: "its port does not work: connect it again",
    Code.WRONG_ADDRESS: "its address is not the configured one: set the sensor's address in the configuration",
    Code.PASSWORD_NEEDED: "it wants its password first",
    Code.TIMEOUT: "it timed out: try again",
    Code.SENSOR_ERROR: "its sensing surface is broken: replace it",
    Code.UNSUPPORTED: "it does not know that instruction",
    Code.HARDWARE_ERROR: "its hardware is broken: replace it",
    Code.FAILED: "it could not do what was asked: try again",
}


def meaning(code: int) -> str:
    """A confirmation code in words, with what to do."""
    try:
        return MEANINGS[Code(code)]
    except (ValueError, KeyError):
        return f"it answers with the unknown code 0x{code:02X}: connect it again"


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet whose sum is right."""

    identifier: Identifier
    content: bytes
    address: int = DEFAULT_ADDRESS

    def encode(self) -> bytes:
        """The packet's bytes."""
        if not 0 < len(self.content) <= MAX_CONTENT:
            raise MalformedError(f"a packet holds 1 to {MAX_CONTENT} bytes, not {len(self.content)}")
        body = struct.pack(">BH", self.identifier, len(self.content) + 2) + self.content
        return HEADER + struct.pack(">I", self.address) + body + struct.pack(">H", sum(body) & 0xFFFF)


def content_length(head: bytes) -> int:
    """Bytes of content and sum that follow the 9 bytes of `head`. Raises MalformedError for no head of a packet."""
    if len(head) != HEAD_BYTES or head[:2] != HEADER:
        raise MalformedError("not a packet of the sensor: it does not begin with EF01")
    (length,) = struct.unpack(">H", head[7:9])
    if not 2 < length <= MAX_CONTENT + 2:
        raise MalformedError(f"the sensor's packet states a length of {length}: damaged on the line")
    return int(length)


def decode(data: bytes, address: int) -> Packet:
    """One whole packet. Raises MalformedError for a wrong length, sum, address or identifier."""
    if len(data) != HEAD_BYTES + content_length(data[:HEAD_BYTES]):
        raise MalformedError("the sensor's packet is not as long as it states")
    (stated,) = struct.unpack(">H", data[-2:])
    if stated != sum(data[6:-2]) & 0xFFFF:
        raise MalformedError("the sensor's packet has a wrong checksum: damaged on the line")
    (claimed,) = struct.unpack(">I", data[2:6])
    if claimed != address:
        raise MalformedError(f"a packet from address {claimed:08X}, not {address:08X}")
    try:
        identifier = Identifier(data[6])
    except ValueError as error:
        raise MalformedError(f"the sensor's packet has the unknown identifier 0x{data[6]:02X}") from error
    return Packet(identifier, data[HEAD_BYTES:-2], address)


@dataclass(frozen=True, slots=True)
class SystemParameters:
    """What ReadSysPara answers."""

    status: int
    system_id: int
    library_size: int
    security_level: int
    address: int
    packet_size: int
    """Bytes of content in a data packet."""
    baud: int

    @classmethod
    def parse(cls, content: bytes) -> "SystemParameters":
        """From the 16 bytes after the confirmation code. Raises MalformedError."""
        if len(content) != 16:
            raise MalformedError(f"the sensor's parameters have {len(content)} bytes, not 16")
        status, system_id, library, level, address, size, baud = struct.unpack(">HHHHIHH", content)
        if size >= len(PACKET_SIZES):
            raise MalformedError(f"the sensor states packet size code {size}")
        return cls(status, system_id, library, level, address, PACKET_SIZES[size], baud * BAUD_UNIT)

    def encode(self) -> bytes:
        """The other direction."""
        size, baud = PACKET_SIZES.index(self.packet_size), self.baud // BAUD_UNIT
        fields = (self.status, self.system_id, self.library_size, self.security_level, self.address, size, baud)
        return struct.pack(">HHHHIHH", *fields)


@dataclass(frozen=True, slots=True)
class Product:
    """What ReadProdInfo answers; older modules do not know the instruction."""

    model: str
    batch: str
    serial: str
    hardware: tuple[int, int]
    sensor: str
    width: int
    height: int

    @classmethod
    def parse(cls, content: bytes) -> "Product":
        """From the 46 bytes after the confirmation code; some firmware appends 4 reserved ones."""
        if len(content) not in (46, 50):
            raise MalformedError(f"the sensor's product information has {len(content)} bytes, not 46 or 50")
        model, batch, serial, major, minor, sensor, width, height = struct.unpack(">16s4s8sBB8sHH", content[:42])
        return cls(_text(model), _text(batch), _text(serial), (major, minor), _text(sensor), width, height)

    def encode(self) -> bytes:
        """The other direction, with a template of 1,536 bytes and a library of 200 as an R503 states."""
        texts = [text.encode("ascii") for text in (self.model, self.batch, self.serial, self.sensor)]
        return struct.pack(">16s4s8sBB8sHHHH", *texts[:3], *self.hardware, texts[3], self.width, self.height, 1536, 200)


def _text(field: bytes) -> str:
    return "".join(chr(byte) for byte in field.split(b"\0")[0] if 32 < byte < 127)


def unpack_image(data: bytes, rows: int, columns: int) -> Pixels:
    """Two 4-bit pixels a byte, the high half first, to rows x columns gray of 0 to 255 in steps of 17."""
    if len(data) * 2 != rows * columns:
        raise MalformedError(
            f"the sensor sent {len(data)} bytes, which are not {rows} rows of {columns} pixels: take it again"
        )
    packed = np.frombuffer(data, np.uint8)
    pixels = np.empty(rows * columns, np.uint8)
    pixels[0::2] = packed >> 4
    pixels[1::2] = packed & 15
    return (pixels * 17).reshape(rows, columns)


def pack_image(image: Pixels) -> bytes:
    """The other direction, as a module does it: the high four bits of each pixel."""
    high = (image >> 4).reshape(-1)
    return bytes((high[0::2] << 4 | high[1::2]).astype(np.uint8))
