"""The board: the only file that knows pins, UART, flash and watchdog. Made from hardware/pins.toml by `make pins`."""

import gc
import os
import time

import machine
import rp2
from machine import Pin

FLASH_BYTES = 24576
PAGE_BYTES = 4096
PROGRAM_BYTES = 256  # the chip programs this many bytes at once; 0xFF leaves a byte as it is


class Flash:
    """The last FLASH_BYTES of the chip's storage, in pages."""

    def __init__(self) -> None:
        storage = rp2.Flash().ioctl(4, 0) * PAGE_BYTES
        self._area = rp2.Flash(start=storage - FLASH_BYTES, len=FLASH_BYTES)

    def read(self, page: int, at: int, size: int) -> bytes:
        data = bytearray(size)
        self._area.readblocks(page, data, at)
        return bytes(data)

    def program(self, page: int, at: int, data: bytes) -> None:
        while data:
            before = at % PROGRAM_BYTES
            piece = data[: PROGRAM_BYTES - before]
            after = PROGRAM_BYTES - before - len(piece)
            self._area.writeblocks(page, b"\xff" * before + piece + b"\xff" * after, at - before)
            at, data = at + len(piece), data[len(piece) :]

    def erase(self, page: int) -> None:
        self._area.ioctl(6, page)


class Board:
    """From power-on every output is low: locked, claiming."""

    def __init__(self) -> None:
        self._enable = Pin(2, Pin.OUT, value=0)
        self._pump = Pin(3, Pin.OUT, value=0)
        self._free = Pin(4, Pin.OUT, value=0)
        self._lamp = Pin(25, Pin.OUT, value=0)
        self._edge = 0
        self._inputs = (
            (Pin(6, Pin.IN, Pin.PULL_UP), 0, 0x01),  # door_closed
            (Pin(7, Pin.IN, Pin.PULL_UP), 0, 0x02),  # bolt_locked
            (Pin(8, Pin.IN, Pin.PULL_UP), 0, 0x04),  # box_closed
            (Pin(9, Pin.IN, Pin.PULL_DOWN), 1, 0x08),  # peer_free
        )
        self.uart = machine.UART(
            0,
            baudrate=115200,
            tx=Pin(0),
            rx=Pin(1),
            rxbuf=512,
            txbuf=512,
            timeout=0,
        )
        self.flash = Flash()
        self._watchdog = machine.WDT(timeout=1000)

    def contacts(self) -> int:
        """The raw contacts in bits, 1 = good."""
        bits = 0
        for pin, good, bit in self._inputs:
            if pin.value() == good:
                bits |= bit
        return bits

    def drive(self, opens: bool, claims: bool) -> None:
        """Show the outputs. The strike holds only while this is called again and again: each call gives one edge."""
        self._edge = 1 - self._edge if opens else 0
        self._free.value(0 if claims else 1)
        self._enable.value(1 if opens else 0)
        self._pump.value(self._edge)
        self._lamp.value(1 if opens else 0)

    def lock(self) -> None:
        self.drive(False, True)

    def ticks(self) -> int:
        return time.ticks_ms()

    def rest(self) -> None:
        time.sleep_ms(1)

    def random(self, size: int) -> bytes:
        return os.urandom(size)

    def free(self) -> int:
        gc.collect()
        return gc.mem_free()

    def feed(self) -> None:
        self._watchdog.feed()

    def restart(self) -> None:
        """Stay locked for 2 s, so that a board that fails at once does not wear its flash, and start anew."""
        for _ in range(20):
            self.lock()
            self.feed()
            time.sleep_ms(100)
        machine.reset()
