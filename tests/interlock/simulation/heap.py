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
    """A watchdog, and a UART on which `waiting` arrives and nobody listens."""

    def __init__(self, *_, **__) -> None:
        pass

    waiting = b""

    def read(self, size) -> bytes:
        heard, Quiet.waiting = Quiet.waiting[:size], Quiet.waiting[size:]
        return heard

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
from sallyport_wire import messages as wire  # noqa: E402
from sallyport_wire.frames import encode  # noqa: E402
from sallyport_wire.messages import Message  # noqa: E402

loop = Loop(Board(), identity.measure(sys.path))
KEY, LANE = bytes(range(1, 33)), wire.lane_id("MDI-LANE-1")
for n in range(1, 600):
    if n % 4 == 0:
        asked = (
            Message(wire.EVENTS_REQUEST, after=0),
            Message(wire.VOID, nonce=bytes(16), counter=1000 * n),
            Message(wire.OPEN_REQUEST, lane=LANE, session=bytes(16), request=n),
            Message(wire.CLEAR, lane=LANE, request=n),
        )[n // 4 % 4]
        Quiet.waiting += encode(asked, 1, KEY)
    loop.step()
    time.sleep_ms(1)
assert not Quiet.waiting
gc.collect()
print(json.dumps({"held": before - gc.mem_free(), "state": loop.gate.state, "inputs": loop.gate.inputs}))
