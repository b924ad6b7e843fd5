# The board's clock: 30 bits, as on the real board, from SALLYPORT_TICKS at start.

import os

import utime
from utime import sleep_ms, time, time_ns  # noqa: F401

_offset = int(os.getenv("SALLYPORT_TICKS") or 0) - utime.ticks_ms()


def ticks_ms():
    return (utime.ticks_ms() + _offset) & 0x3FFFFFFF


def ticks_add(ticks, delta):
    return (ticks + delta) & 0x3FFFFFFF


def ticks_diff(a, b):
    return ((a - b + 0x20000000) & 0x3FFFFFFF) - 0x20000000
