"""Fingerprint sensors of the ZhianTec family (R503, R30x, ZFM) on a serial line, behind the FingerSensor port."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from sallyport_kiosk.drivers import zhiantec
from sallyport_kiosk.drivers.sensor_calibration import SensorCalibration
from sallyport_kiosk.drivers.zhiantec import Code, Instruction, Parameter, Product, SystemParameters
from sallyport_kiosk.drivers.zhiantec_line import SETTLE_S, SensorFault, SilentSensor, ZhiantecLine
from sallyport_kiosk.ports import FingerImage, Light, Pixels
from sallyport_protocol.errors import MalformedError, RoadError

_BREATHE, _FLASH, _ON, _OFF = 1, 2, 3, 4
_RED, _BLUE, _GREEN, _YELLOW = 1, 2, 4, 5
LIGHTS: Final = {
    Light.OFF: (_OFF, 0, _BLUE, 0),
    Light.WAITING: (_BREATHE, 0x80, _BLUE, 0),
    Light.READING: (_ON, 0, _YELLOW, 0),
    Light.DONE: (_ON, 0, _GREEN, 0),
    Light.AGAIN: (_FLASH, 0x20, _YELLOW, 3),
    Light.FAULT: (_FLASH, 0x20, _RED, 0),
}
"""Control, speed, colour and cycles of AuraLedConfig."""


MAX_IMAGE: Final = 131_072
"""Bytes; a quarter of a megapixel, more than any of the family sends."""


@dataclass(frozen=True, slots=True)
class SensorSettings:
    """Where the sensor is and how to speak with it. Raises MalformedError for values outside the protocol."""

    port: str
    baud: int = 57_600
    """The rate it speaks when new."""
    wanted_baud: int | None = None
    """The rate to change it to; it keeps it over a loss of power. None leaves it."""
    packet_size: int | None = None
    """Bytes of content in a data packet to change it to. None leaves it."""
    address: int = zhiantec.DEFAULT_ADDRESS
    password: int = zhiantec.DEFAULT_PASSWORD

    def __post_init__(self) -> None:
        for rate in self.rates:
            if rate not in zhiantec.BAUDS:
                raise MalformedError(f"baud {rate} is none of {zhiantec.BAUDS}")
        if self.packet_size is not None and self.packet_size not in zhiantec.PACKET_SIZES:
            raise MalformedError(f"packet size {self.packet_size} is none of {zhiantec.PACKET_SIZES}")

    @property
    def rates(self) -> tuple[int, ...]:
        """The rates at which it may answer, the likelier first."""
        return (self.baud,) if self.wanted_baud in (None, self.baud) else (self.wanted_baud or self.baud, self.baud)


@dataclass
class SensorR503:
    """One sensor. Not thread-safe: one program, one prisoner, one finger at a time."""

    settings: SensorSettings
    calibration: SensorCalibration = field(default_factory=SensorCalibration)
    product: Product | None = field(default=None, init=False)
    parameters: SystemParameters | None = field(default=None, init=False)
    _line: ZhiantecLine | None = field(default=None, init=False)
    _has_light: bool = field(default=True, init=False)
    _shape: tuple[int, int] | None = field(default=None, init=False)

    @property
    def device(self) -> str:
        """Model and serial number once open, where the module tells them; else the port."""
        if self.product is None:
            return f"r503:{self.settings.port}"
        return " ".join(part for part in (self.product.model, self.product.serial) if part) or "R503"

    def open(self) -> None:
        """Opens the line, shakes hands, verifies the password, reads and sets the parameters. Raises RoadError."""
        self.close()
        self._line = self._connect()
        with self._closing_on_error():
            self._set_up(self._line)

    def close(self) -> None:
        """Idempotent."""
        if self._line is not None:
            self._line.close()
        self._line = None

    def present(self) -> bool:
        """Whether a finger lies on it; the module finds out by taking an image."""
        try:
            self._open_line().ask(Instruction.GEN_IMG)
        except SensorFault as fault:
            if fault.code == Code.NO_FINGER:
                return False
            raise
        return True

    def capture(self) -> FingerImage | None:
        """Takes one image and uploads it, once more from the module's buffer when it arrives damaged."""
        if not self.present():
            return None
        captured_ms = time.monotonic_ns() // 1_000_000
        line = self._open_line()
        try:
            image = self._upload(line)
        except (MalformedError, SilentSensor):
            line.drain()
            image = self._upload(line)
        return FingerImage(self.calibration.apply(image), self.calibration.dpi, captured_ms, self.device)

    def led(self, light: Light) -> None:
        """Shows `light` on the ring; a module without one is left alone."""
        if not self._has_light:
            return
        try:
            self._open_line().ask(Instruction.AURA_LED_CONFIG, bytes(LIGHTS[light]))
        except SensorFault as fault:
            if not fault.unknown_instruction:
                raise
            self._has_light = False

    def check(self) -> None:
        """The module's own test of its surface. Raises RoadError when it is broken."""
        self._open_line().ask(Instruction.CHECK_SENSOR)

    def _connect(self) -> ZhiantecLine:
        """At the first rate at which it answers."""
        failure: RoadError | MalformedError = RoadError(f"no baud rate for {self.settings.port}")
        for rate in self.settings.rates:
            line = ZhiantecLine(self.settings.port, rate, self.settings.address)
            try:
                line.drain()
                self._greet(line)
                return line
            except (SilentSensor, MalformedError) as error:
                line.close()
                failure = error
            except BaseException:
                line.close()
                raise
        raise RoadError(str(failure)) from failure

    def _greet(self, line: ZhiantecLine) -> None:
        try:
            line.ask(Instruction.HAND_SHAKE)
        except SensorFault as fault:
            if not fault.unknown_instruction and fault.code != Code.PASSWORD_NEEDED:
                raise
        line.ask(Instruction.VFY_PWD, self.settings.password.to_bytes(4, "big"))

    def _set_up(self, line: ZhiantecLine) -> None:
        self._has_light = True
        parameters = SystemParameters.parse(line.ask(Instruction.READ_SYS_PARA))
        self.product = self._read_product(line)
        self._shape = self._stated_shape()
        wanted = self.settings.packet_size
        if wanted is not None and parameters.packet_size != wanted:
            line.ask(Instruction.SET_SYS_PARA, bytes((Parameter.PACKET_SIZE, zhiantec.PACKET_SIZES.index(wanted))))
        if line.rate != self.settings.rates[0]:
            self._change_rate(line, self.settings.rates[0])
        self.parameters = SystemParameters.parse(line.ask(Instruction.READ_SYS_PARA))

    def _read_product(self, line: ZhiantecLine) -> Product | None:
        try:
            return Product.parse(line.ask(Instruction.READ_PROD_INFO))
        except SensorFault as fault:
            if not fault.unknown_instruction:
                raise
            return None

    def _change_rate(self, line: ZhiantecLine, rate: int) -> None:
        """Some modules change at once, some at their next start: where nobody answers then, the old rate stays."""
        old = line.rate
        line.ask(Instruction.SET_SYS_PARA, bytes((Parameter.BAUD, rate // zhiantec.BAUD_UNIT)))
        time.sleep(SETTLE_S)
        line.rate = rate
        try:
            self._greet(line)
        except (SilentSensor, MalformedError):
            line.rate = old
            self._greet(line)

    def _upload(self, line: ZhiantecLine) -> Pixels:
        line.ask(Instruction.UP_IMAGE, again=False)
        data = line.data(limit=MAX_IMAGE)
        self._shape = self._shape or zhiantec.IMAGE_SHAPES.get(len(data))
        if self._shape is None:
            raise MalformedError(f"{self.device} sent {len(data)} bytes, no format of its family: state its size")
        return zhiantec.unpack_image(data, *self._shape)

    def _stated_shape(self) -> tuple[int, int] | None:
        """Rows and columns as its calibration or else the module itself says; None leaves it to the first image."""
        if self.calibration.size is not None:
            return self.calibration.size[1], self.calibration.size[0]
        if self.product is not None and self.product.width and self.product.height:
            return self.product.height, self.product.width
        return None

    def _open_line(self) -> ZhiantecLine:
        if self._line is None or not self._line.is_open:
            raise RoadError(f"the sensor at {self.settings.port} is not open: plug it in, and open it again")
        return self._line

    @contextlib.contextmanager
    def _closing_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise
