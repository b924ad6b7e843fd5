"""A conversation with a ZhianTec module over a serial line: one instruction, one answer, perhaps followed by data.

A damaged answer is asked for again once, where asking is harmless. A line that fails is closed: whoever wants it opens
it afresh, which is how a sensor that was unplugged comes back.
"""

import contextlib
import os
import time
from typing import Final

import serial

from sallyport_kiosk.drivers import zhiantec
from sallyport_kiosk.drivers.zhiantec import Code, Identifier, Instruction, Packet
from sallyport_protocol.errors import MalformedError, RoadError

ANSWER_S: Final = 1.0
"""Longest wait for an acknowledgement; GenImg answers within 0.3 s on an R503."""
GAP_S: Final = 0.5
"""Longest silence inside an image."""
MAX_NOISE: Final = 4_096
"""Bytes before a packet; more is no sensor, or one at another rate."""
SETTLE_S: Final = 0.1
"""A line that is quiet for so long has nothing more on its way."""


class SilentSensor(RoadError):
    """The line is open and nothing comes."""


class SensorFault(RoadError):
    """The sensor answered with an error code."""

    def __init__(self, port: str, instruction: Instruction, code: int) -> None:
        super().__init__(f"the sensor at {port}: {instruction.name}: {zhiantec.meaning(code)}")
        self.code = code

    @property
    def unknown_instruction(self) -> bool:
        """Older modules answer so to what they never learnt."""
        return self.code in (Code.UNSUPPORTED, Code.PACKET_ERROR, Code.UNDEFINED)


class ZhiantecLine:
    """An open line at `rate` baud. Raises RoadError when the port cannot be opened."""

    def __init__(self, port: str, rate: int, address: int) -> None:
        self.port, self.address = port, address
        try:
            self._serial = serial.Serial(port, rate, timeout=ANSWER_S, write_timeout=ANSWER_S, exclusive=True)
        except (OSError, serial.SerialException, ValueError) as error:
            raise RoadError(f"cannot open {port}: {_reason(error)}; plug the sensor in, or name its port") from error

    @property
    def is_open(self) -> bool:
        """False once it was closed or lost."""
        return bool(self._serial.is_open)

    @property
    def rate(self) -> int:
        """Baud."""
        return int(self._serial.baudrate)

    @rate.setter
    def rate(self, rate: int) -> None:
        self._serial.baudrate = rate
        self.drain()

    def close(self) -> None:
        """Idempotent."""
        with contextlib.suppress(OSError, serial.SerialException):
            self._serial.close()

    def ask(self, instruction: Instruction, content: bytes = b"", *, again: bool = True) -> bytes:
        """What follows the confirmation code OK. Raises SensorFault for any other code.

        `again`: a damaged answer is asked for once more.
        """
        try:
            code, answer = self._exchange(instruction, content)
        except MalformedError:
            if not again:
                raise
            self.drain()
            code, answer = self._exchange(instruction, content)
        if code == Code.PACKET_ERROR and again:
            code, answer = self._exchange(instruction, content)
        if code != Code.OK:
            raise SensorFault(self.port, instruction, code)
        return answer

    def data(self, limit: int) -> bytes:
        """The data packets that follow an answer, joined. Raises SilentSensor or MalformedError."""
        data = bytearray()
        while True:
            packet = self._receive(GAP_S, "stopped in the middle of an image; check its cable")
            if packet.identifier not in (Identifier.DATA, Identifier.END):
                raise MalformedError(f"the sensor at {self.port} sent {packet.identifier.name} among its data")
            data += packet.content
            if len(data) > limit:
                raise MalformedError(f"the sensor at {self.port} sent more than {limit} bytes of data")
            if packet.identifier is Identifier.END:
                return bytes(data)

    def drain(self) -> None:
        """Throws away what is still on its way, so that the next answer is the next question's."""
        end = time.monotonic() + ANSWER_S
        try:
            self._serial.timeout = SETTLE_S
            while self._serial.read(4096) and time.monotonic() < end:
                pass
        except (OSError, serial.SerialException, TypeError) as error:
            raise self._lost(error) from error

    def _exchange(self, instruction: Instruction, content: bytes) -> tuple[int, bytes]:
        packet = Packet(Identifier.COMMAND, bytes((instruction,)) + content, self.address)
        try:
            self._serial.write(packet.encode())
        except (OSError, serial.SerialException) as error:
            raise self._lost(error) from error
        answer = self._receive(ANSWER_S, f"does not answer {instruction.name}; check its power, cable and baud rate")
        if answer.identifier is not Identifier.ACKNOWLEDGE:
            raise MalformedError(f"the sensor at {self.port} answers with {answer.identifier.name}")
        return answer.content[0], answer.content[1:]

    def _receive(self, timeout_s: float, silence: str) -> Packet:
        """The next packet; bytes before its header are noise or the start byte."""
        end = time.monotonic() + timeout_s
        head, noise = b"", 0
        while len(head) < zhiantec.HEAD_BYTES:
            head += self._read(zhiantec.HEAD_BYTES - len(head), end, silence)
            while head and not zhiantec.HEADER.startswith(head[:2]):
                head, noise = head[1:], noise + 1
            if noise > MAX_NOISE:
                raise MalformedError(f"the sensor at {self.port} sends noise: check its cable and baud rate")
        count = zhiantec.content_length(head)
        end = time.monotonic() + GAP_S + count * 10 / self.rate
        rest = b""
        while len(rest) < count:
            rest += self._read(count - len(rest), end, silence)
        return zhiantec.decode(head + rest, self.address)

    def _read(self, count: int, end: float, silence: str) -> bytes:
        try:
            self._serial.timeout = max(0.0, end - time.monotonic())
            data = self._serial.read(count)
        except (OSError, serial.SerialException, TypeError) as error:  # TypeError: closed under pyserial's hands
            raise self._lost(error) from error
        if not data:
            raise SilentSensor(f"the sensor at {self.port} {silence}")
        return bytes(data)

    def _lost(self, error: BaseException) -> RoadError:
        self.close()
        return RoadError(f"the sensor at {self.port} is gone ({_reason(error)}): plug it in again")


def _reason(error: BaseException) -> str:
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else str(error)
