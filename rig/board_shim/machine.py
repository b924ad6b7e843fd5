# ruff: noqa: PTH123, SIM115, UP031
# The pins, UART and watchdog of the simulated board, for the firmware under MicroPython's unix port.
# Two sockets that the simulator made: file descriptor SALLYPORT_PINS carries lines "gpio level", outputs up
# and inputs down; SALLYPORT_UART carries the serial bytes. A line "cut" or "reset" asks to be ended.

import os
import select
import time

_poll = select.poll()
if os.getenv("SALLYPORT_PINS"):  # absent while keys are loaded by cable
    _pins = open(int(os.getenv("SALLYPORT_PINS")), "r+b")
    _serial = open(int(os.getenv("SALLYPORT_UART")), "r+b")
    _poll.register(_pins, select.POLLIN)
_levels = {}
_line = bytearray()


def _tell(line):
    _pins.write(line + "\n")


def _end(word):
    _tell(word)
    while True:
        time.sleep_ms(1000)


def _listen():
    global _line
    while _poll.poll(0):
        byte = _pins.read(1)
        if not byte:
            return
        if byte == b"\n":
            gpio, level = bytes(_line).split(b" ")
            _levels[int(gpio)] = int(level)
            _line = bytearray()
        else:
            _line.extend(byte)


class Pin:
    IN, OUT = 0, 1
    PULL_UP, PULL_DOWN = 1, 2

    def __init__(self, gpio, mode=None, pull=None, value=None):
        self._gpio = gpio
        self._mode = mode
        self._level = None
        if mode == Pin.IN:
            _levels.setdefault(gpio, 1 if pull == Pin.PULL_UP else 0)
        if value is not None:
            self.value(value)

    def value(self, level=None):
        if self._mode == Pin.IN:
            _listen()
            return _levels[self._gpio]
        if level is not None and level != self._level:
            self._level = level
            _tell("%d %d" % (self._gpio, level))
        return self._level


class UART:
    def __init__(self, number, **_):
        pass

    def read(self, size):
        return _serial.read(size)

    def write(self, data):
        return _serial.write(data)


class WDT:
    def __init__(self, timeout):
        _tell("watchdog %d" % timeout)
        self._next = time.ticks_ms()

    def feed(self):
        if time.ticks_diff(time.ticks_ms(), self._next) >= 0:
            self._next = time.ticks_add(time.ticks_ms(), 50)
            _tell("feed")


def reset():
    _end("reset")


def cut():
    _end("cut")
