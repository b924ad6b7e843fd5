"""A fingerprint module of the ZhianTec family as it looks from the line: packets in, bytes out. No line here.

The finger is a folder of images: each taking after an upload moves on to the next image in the order of their names,
as a person who lays the finger down again. An empty or absent folder is no finger.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np

from sallyport_kiosk.drivers import zhiantec
from sallyport_kiosk.drivers.zhiantec import Code, Identifier, Instruction, Packet, Parameter, Product, SystemParameters
from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_rig.finger_images import fit, images_in, load_gray

_OLD: Final = frozenset(
    {
        Instruction.GEN_IMG,
        Instruction.UP_IMAGE,
        Instruction.SET_SYS_PARA,
        Instruction.READ_SYS_PARA,
        Instruction.VFY_PWD,
    }
)


@dataclass(frozen=True, slots=True)
class Model:
    """What distinguishes one module of the family from another."""

    rows: int
    columns: int
    product: Product | None
    knows: frozenset[Instruction]


R503: Final = Model(192, 192, Product("R503", "2210", "SIM00001", (1, 2), "FPC1011", 192, 192), frozenset(Instruction))
R307: Final = Model(288, 256, None, _OLD)
MODELS: Final = {"r503": R503, "r307": R307}
"""R503: capacitive, 192 x 192, a light ring. R307: optical, 256 x 288, the older instructions only."""


class Fault(StrEnum):
    """What can go wrong on demand."""

    SILENCE = "silence"
    """No answer."""
    NOISE = "noise"
    """Random bytes before the answer."""
    WRONG_SUM = "wrong-sum"
    """The answer's checksum is wrong."""
    BIT_ERROR = "bit-error"
    """One bit of the image's data flips on the line."""
    TRUNCATED = "truncated"
    """The upload stops in the middle."""
    SHORT_IMAGE = "short-image"
    """The image ends early, properly."""
    UNPLUGGED = "unplugged"
    """Pulled out in the middle of an upload."""
    CODE = "code"
    """The answer is an error code."""


class Unplugged(Exception):
    """Somebody pulled the plug."""


class FingerModule:
    """One module. `answer` takes a command's bytes and yields what the module would send, packet by packet."""

    def __init__(self, images: Path, model: Model = R307, baud: int = 921_600, password: int = 0) -> None:
        self.images = images
        self.model = model
        self.password = password
        self.finger = True
        """False lifts the finger whatever the folder holds."""
        self.light = (0, 0, 0, 0)
        self.parameters = SystemParameters(0, 0, 200, 3, zhiantec.DEFAULT_ADDRESS, 128, baud)
        self.faults: list[tuple[Fault, int]] = []
        """Pending faults and, for CODE, which code; the first fitting one is used up by each answer."""
        self.taken = 0
        """Images taken since power-on."""
        self._verified = password == zhiantec.DEFAULT_PASSWORD
        self._buffer: bytes | None = None
        self._uploaded = False
        self._next = 0

    def power_on(self) -> bytes:
        """Forgets what is not in flash, and says so."""
        self._buffer, self._uploaded = None, False
        self._verified = self.password == zhiantec.DEFAULT_PASSWORD
        return bytes((zhiantec.POWERED,))

    def answer(self, command: bytes) -> Iterator[bytes]:
        """The bytes that follow one command packet. Raises Unplugged where that is the fault."""
        fault, code = self._fault((Fault.SILENCE, Fault.NOISE, Fault.WRONG_SUM, Fault.CODE))
        if fault is Fault.SILENCE:
            return
        if fault is Fault.NOISE:
            yield np.random.default_rng(self.taken).integers(0, 256, 40, np.uint8).tobytes()
        try:
            packet = zhiantec.decode(command, self.parameters.address)
            instruction = Instruction(packet.content[0])
        except MalformedError:
            yield self._acknowledge(Code.PACKET_ERROR)
            return
        except ValueError:
            yield self._acknowledge(Code.UNSUPPORTED)
            return
        reply = bytes((code,)) if fault is Fault.CODE else self._do(instruction, packet.content[1:])
        yield self._packet(Identifier.ACKNOWLEDGE, reply, damaged=fault is Fault.WRONG_SUM)
        if instruction is Instruction.UP_IMAGE and reply[0] == Code.OK:
            yield from self._image()

    def _do(self, instruction: Instruction, content: bytes) -> bytes:
        if instruction not in self.model.knows:
            return bytes((Code.UNSUPPORTED,))
        if instruction is Instruction.VFY_PWD:
            self._verified = content == self.password.to_bytes(4, "big")
            return bytes((Code.OK if self._verified else Code.WRONG_PASSWORD,))
        if not self._verified:
            return bytes((Code.PASSWORD_NEEDED,))
        actions: dict[Instruction, Callable[[bytes], bytes]] = {
            Instruction.GEN_IMG: self._take,
            Instruction.GET_IMAGE_EX: self._take,
            Instruction.UP_IMAGE: lambda _: bytes((Code.NO_IMAGE if self._buffer is None else Code.OK,)),
            Instruction.SET_SYS_PARA: self._set,
            Instruction.READ_SYS_PARA: lambda _: bytes((Code.OK,)) + self.parameters.encode(),
            Instruction.READ_PROD_INFO: self._product,
            Instruction.AURA_LED_CONFIG: self._show,
        }
        action = actions.get(instruction)
        return action(content) if action is not None else bytes((Code.OK,))

    def _take(self, _content: bytes) -> bytes:
        if self._uploaded:
            self._next, self._uploaded = self._next + 1, False
        paths = images_in(self.images) if self.finger else []
        if not paths:
            return bytes((Code.NO_FINGER,))
        try:
            image = fit(load_gray(paths[self._next % len(paths)]), self.model.rows, self.model.columns)
        except RoadError:
            return bytes((Code.COLLECT_FAILED,))
        self._buffer = zhiantec.pack_image(image)
        self.taken += 1
        return bytes((Code.OK,))

    def _set(self, content: bytes) -> bytes:
        if len(content) != 2:
            return bytes((Code.PACKET_ERROR,))
        number, value = content
        if number == Parameter.BAUD and value * zhiantec.BAUD_UNIT in zhiantec.BAUDS:
            self.parameters = replace(self.parameters, baud=value * zhiantec.BAUD_UNIT)
        elif number == Parameter.PACKET_SIZE and value < len(zhiantec.PACKET_SIZES):
            self.parameters = replace(self.parameters, packet_size=zhiantec.PACKET_SIZES[value])
        else:
            return bytes((Code.BAD_CONFIGURATION if number in tuple(Parameter) else Code.BAD_REGISTER,))
        return bytes((Code.OK,))

    def _product(self, _content: bytes) -> bytes:
        assert self.model.product is not None
        return bytes((Code.OK,)) + self.model.product.encode()

    def _show(self, content: bytes) -> bytes:
        if len(content) != 4:
            return bytes((Code.PACKET_ERROR,))
        self.light = (content[0], content[1], content[2], content[3])
        return bytes((Code.OK,))

    def _image(self) -> Iterator[bytes]:
        assert self._buffer is not None
        fault, _ = self._fault((Fault.BIT_ERROR, Fault.TRUNCATED, Fault.SHORT_IMAGE, Fault.UNPLUGGED))
        data, size = self._buffer, self.parameters.packet_size
        if fault is Fault.SHORT_IMAGE:
            data = data[: len(data) // 2]
        for start in range(0, len(data), size):
            if fault is Fault.TRUNCATED and start >= len(data) // 2:
                return
            if fault is Fault.UNPLUGGED and start >= len(data) // 2:
                raise Unplugged
            last = start + size >= len(data)
            packet = bytearray(self._packet(Identifier.END if last else Identifier.DATA, data[start : start + size]))
            if fault is Fault.BIT_ERROR and start == 0:
                packet[zhiantec.HEAD_BYTES] ^= 0x10
            yield bytes(packet)
        self._uploaded = True

    def _packet(self, identifier: Identifier, content: bytes, damaged: bool = False) -> bytes:
        encoded = Packet(identifier, content, self.parameters.address).encode()
        return encoded[:-1] + bytes((encoded[-1] ^ 0xFF,)) if damaged else encoded

    def _acknowledge(self, code: Code) -> bytes:
        return self._packet(Identifier.ACKNOWLEDGE, bytes((code,)))

    def _fault(self, fitting: tuple[Fault, ...]) -> tuple[Fault | None, int]:
        for number, (fault, code) in enumerate(self.faults):
            if fault in fitting:
                del self.faults[number]
                return fault, code
        return None, 0
