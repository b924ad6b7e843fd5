"""Prints, as JSON, how many bytes of heap the running firmware holds, the simulator's own aside."""

import gc
import json
import sys
import time

import machine
import rp2


class Pin:
    """A pin that is always in the good state: low, but for the pair's line."""

    IN, OUT, PULL_UP, PULL_DOWN = 0, 1, 1, 2

    def __init__(self, gpio, mode=None, pull=None, value=None) -> None:
        self._pull = pull

    def value(self, level=None) -> int:
        return 0 if self._pull == Pin.PULL_UP else 1


class Quiet:
    """A UART, and a watchdog, with nothing at the other end."""

    def __init__(self, *_, **__) -> None:
        pass

    def read(self, size) -> None:
        return None

    def write(self, data) -> int:
        return len(data)

    def feed(self) -> None:
        pass


machine.Pin, machine.UART, machine.WDT = Pin, Quiet, Quiet
rp2.Flash()
gc.collect()
before = gc.mem_free()

from sallyport_interlock import identity  # noqa: E402
from sallyport_interlock.board import Board  # noqa: E402
from sallyport_interlock.loop import Loop  # noqa: E402

loop = Loop(Board(), identity.digest(identity.pieces(sys.path)))
for _ in range(200):
    loop.step()
    time.sleep_ms(1)
gc.collect()
print(json.dumps({"held": before - gc.mem_free(), "state": loop.gate.state, "inputs": loop.gate.inputs}))
