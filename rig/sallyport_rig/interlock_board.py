"""An interlock board that is not here: its shipped firmware, unchanged, under a real MicroPython, with simulated pins.

    with InterlockBoard(directory, BoardKeys(1, "MDI-LANE-1", down, up), walk=Walk()) as board:
        port = serial.Serial(board.serial_path)      # a pseudo-terminal; wait for BOOT before writing
        board.wait_for("strike", True, timeout=5)

The serial path and the flash file outlive `kill` and `restart`, as a cable and a chip do.
`python -m sallyport_rig.interlock_board --dir D` does the same in a process of its own: see interlock_console.py.
"""

import contextlib
import os
import queue
import random
import selectors
import socket
import subprocess
import threading
import time
import tty
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from sallyport_protocol.errors import RoadError
from sallyport_rig.doorway import Doorway, Walk
from sallyport_rig.interlock_keys import FIRMWARE, BoardKeys, environment, interpreter, load_keys
from sallyport_rig.pins import load_pins


@dataclass(frozen=True)
class Transition:
    """A level changed at `t` (time.monotonic, s). Contacts are True in their good state, the strike when energised."""

    t: float
    name: str
    level: bool


class InterlockBoard:
    """One board, powered while the context lasts."""

    def __init__(
        self,
        directory: Path,
        keys: BoardKeys | None = None,
        *,
        walk: Walk | None = None,
        start_ticks: int = 0,
        log: Callable[[str], None] = lambda line: None,
    ) -> None:
        """Uses directory/flash.bin, and makes it with `keys` when absent; directory/uart names the pseudo-terminal."""
        directory.mkdir(parents=True, exist_ok=True)
        self.flash = directory / "flash.bin"
        if not self.flash.exists():
            if keys is None:
                raise RoadError(f"{self.flash} is missing: give the board keys to start with")
            load_keys(self.flash, keys)
        self._pins = load_pins()
        self._outputs = {o.gpio: name for name, o in self._pins.outputs.items()}
        hold_ms = self._pins.outputs["strike_pump"].hold_ms
        assert hold_ms is not None
        self._door = Doorway(hold_ms / 1000, walk)
        self._log = log
        self._start_ticks = start_ticks
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._console = (directory / "console.log").open("ab")  # what the board prints on its USB port
        self._process: subprocess.Popen[str] | None = None
        self._uart: socket.socket | None = None
        self._wires: socket.socket | None = None
        self._partial = b""
        self._fed = 0.0
        self._watchdog_s: float | None = None
        self._levels: dict[str, bool] = dict.fromkeys(self._outputs.values(), False)
        self._listeners: list[queue.SimpleQueue[Transition]] = []
        self._running = False
        self.line = "good"  # or "pulled", or "garbled" (another baud rate)
        self.restarts = 0  # by the board's own watchdog or reset
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.serial_path = os.ttyname(self._slave)
        link = directory / "uart"
        link.unlink(missing_ok=True)
        link.symlink_to(self.serial_path)

    # What a test or the demonstration does.

    def __enter__(self) -> "InterlockBoard":
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._selector.register(self._master, selectors.EVENT_READ)
        self._running = True
        self._thread = threading.Thread(target=self._run, name="interlock board", daemon=True)
        self.restart()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._running = False
        self._poke()
        self._thread.join()
        self.kill()
        self._selector.close()
        for end in (self._wake, self._woken):
            end.close()
        self._console.close()
        os.close(self._master)
        os.close(self._slave)

    @property
    def pins(self) -> dict[str, bool]:
        """Every level now: `strike`, the contacts (True is good), the board's outputs."""
        with self._lock:
            return dict(self._levels)

    def set_input(self, name: str, level: bool) -> None:
        """Move a contact: door_closed, bolt_locked, box_closed or peer_free."""
        with self._lock:
            self._door.set(name, level)
        self._poke()

    def jam_bolt(self, jammed: bool = True) -> None:
        """Let the bolt no longer follow the strike."""
        with self._lock:
            self._door.jammed = jammed

    def transitions(self) -> "queue.SimpleQueue[Transition]":
        """A queue of every transition from now on."""
        listener: queue.SimpleQueue[Transition] = queue.SimpleQueue()
        with self._lock:
            self._listeners.append(listener)
        return listener

    def wait_for(self, name: str, level: bool, timeout: float) -> None:
        """Returns when the level is so; TimeoutError after `timeout` s."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._levels.get(name) == level, timeout):
                raise TimeoutError(f"{name} is still {not level} after {timeout} s")

    def kill(self) -> None:
        """Cut the board's power. Safe at any moment, and again."""
        with self._lock:
            if self._process:
                self._process.kill()
                self._process.wait()
                self._process = None
                self._unplug()
            self._watchdog_s = None
            for name in self._outputs.values():
                self._show(name, False)
            self._door.lose_power()
        self._poke()

    def _unplug(self) -> None:
        """The board's process is gone: its ends of the wires are dead."""
        for end in (self._uart, self._wires):
            if end:
                self._selector.unregister(end)
                end.close()
        self._uart = self._wires = None

    def restart(self, *, cut: str = "", ticks: int | None = None) -> None:
        """Give the board power (again). `cut` "n before|torn|after": its power fails at the n-th flash operation."""
        self.kill()
        with self._lock:
            self._uart, uart = socket.socketpair()
            self._wires, wires = socket.socketpair()
            for end in (self._uart, self._wires, uart, wires):
                end.setblocking(False)
            wires.setblocking(True)
            self._process = subprocess.Popen(
                [*interpreter(), str(FIRMWARE / "main.py")],
                pass_fds=(uart.fileno(), wires.fileno()),
                env=environment(
                    self.flash,
                    SALLYPORT_PINS=str(wires.fileno()),
                    SALLYPORT_UART=str(uart.fileno()),
                    SALLYPORT_CUT=cut,
                    SALLYPORT_TICKS=str(self._start_ticks if ticks is None else ticks),
                ),
                stdin=subprocess.DEVNULL,
                stdout=self._console,
                stderr=self._console,
                text=True,
            )
            uart.close()
            wires.close()
            self._partial = b""
            self._selector.register(self._uart, selectors.EVENT_READ)
            self._selector.register(self._wires, selectors.EVENT_READ)
            for name in self._pins.inputs:
                self._put(name, self._door.levels[name])
        self._poke()

    # The thread that is the wires.

    def _poke(self) -> None:
        self._wake.send(b"!")

    def _run(self) -> None:
        wait = 0.0
        while self._running:
            ready = self._selector.select(wait)
            with self._lock:
                now = time.monotonic()
                for key, _ in ready:
                    self._serve(key.fileobj, now)
                wait = min(self._door.advance(now), 0.5)
                for name, level in (("strike", self._door.strike), *self._door.levels.items()):
                    if self._levels.get(name) != level:
                        self._show(name, level)
                        if name in self._pins.inputs:
                            self._put(name, level)
                if self._watchdog_s and now - self._fed > self._watchdog_s:
                    self._log("the watchdog bit")
                    self.restarts += 1
                    self.restart()

    def _serve(self, end: object, now: float) -> None:
        if end is self._woken:
            self._woken.recv(4096)
        elif end == self._master:
            data = self._on_line(os.read(self._master, 4096))
            if self._uart and data:
                self._send(self._uart, data)
        elif end is self._uart and self._uart:
            data = self._uart.recv(4096)
            try:
                os.write(self._master, self._on_line(data))
            except BlockingIOError:
                self._log("nobody reads the UART: bytes lost")
            if not data:
                self._unplug()
        elif end is self._wires and self._wires:
            data = self._wires.recv(4096)
            *lines, self._partial = (self._partial + data).split(b"\n")
            for line in lines:
                self._hear(line.decode(), now)
            if not data:
                self._unplug()  # the program ended: the strike falls and the watchdog bites

    def _hear(self, line: str, now: float) -> None:
        word, _, rest = line.partition(" ")
        if word == "cut":
            self.kill()
        elif word == "reset":
            self.restarts += 1
            self.restart()
        elif word == "watchdog":
            self._watchdog_s, self._fed = int(rest) / 1000, now
        elif word == "feed":
            self._fed = now
        else:
            name = self._outputs[int(word)]
            self._door.drive(name, rest == "1", now)
            if name != "strike_pump":
                self._show(name, rest == "1")

    def _send(self, end: socket.socket, data: bytes) -> None:
        """Into the board, if it is still there; a full buffer overruns, as a UART's does."""
        with contextlib.suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
            end.send(data)

    def _on_line(self, data: bytes) -> bytes:
        if self.line == "good":
            return data
        return random.randbytes(len(data)) if self.line == "garbled" else b""

    def _put(self, name: str, level: bool) -> None:
        pin = self._pins.inputs[name]
        if self._wires:
            self._send(self._wires, b"%d %d\n" % (pin.gpio, pin.good if level else 1 - pin.good))

    def _show(self, name: str, level: bool) -> None:
        if self._levels.get(name) != level:
            self._levels[name] = level
            transition = Transition(time.monotonic(), name, level)
            for listener in self._listeners:
                listener.put(transition)
            self._changed.notify_all()


if __name__ == "__main__":
    from sallyport_rig.interlock_console import main

    main()
