"""A simulated fingerprint module on a pseudo-terminal: `python -m sallyport_rig.finger_sensor --images DIR`.

The kiosk's own driver speaks with it as with the real one. A line whose two ends have different baud rates stays
silent. Control: swap the folder or a symbolic link to it, or send lines to the UNIX socket `--control`:

    finger on|off        images DIR        plug in|out        fault NAME [CODE]        state
"""

import argparse
import contextlib
import json
import os
import pty
import select
import signal
import socket
import sys
import termios
import threading
import time
import tty
from pathlib import Path
from typing import Final, Self

from sallyport_kiosk.drivers import zhiantec
from sallyport_protocol.errors import MalformedError
from sallyport_rig.finger_module import MODELS, R307, Fault, FingerModule, Model, Unplugged

_RATES: Final = {getattr(termios, f"B{rate}"): rate for rate in zhiantec.BAUDS if hasattr(termios, f"B{rate}")}
BITS_A_BYTE: Final = 10


class FingerSensorSimulator:
    """Runs a module in a thread behind `link`, a path that stays the same when the module is plugged out and in."""

    def __init__(
        self,
        images: Path,
        link: Path,
        *,
        model: Model = R307,
        baud: int = 921_600,
        password: int = 0,
        paced: bool = False,
        control: Path | None = None,
    ) -> None:
        self.module = FingerModule(images, model, baud, password)
        self.link = link
        self._paced = paced
        self._control_path = control
        self._control: socket.socket | None = None
        self._master = self._slave = -1
        self._held = bytearray()
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Plugs it in."""
        if self._control_path is not None:
            self._control_path.unlink(missing_ok=True)
            self._control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._control.bind(str(self._control_path))
            self._control.listen()
        self.plug_in()
        self._thread = threading.Thread(target=self._run, name="finger sensor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Plugs it out for good."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self.plug_out()
        if self._control is not None and self._control_path is not None:
            self._control.close()
            self._control_path.unlink(missing_ok=True)

    def plug_in(self) -> None:
        """A new pseudo-terminal under the same path; the module starts and sends its 0x55."""
        with self._lock:
            if self._master >= 0:
                return
            self._master, self._slave = pty.openpty()
            tty.setraw(self._slave)
            os.set_blocking(self._master, False)
            self._held.clear()
            fresh = self.link.with_name(self.link.name + ".new")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(os.ttyname(self._slave))
            fresh.replace(self.link)
            os.write(self._master, self.module.power_on())

    def plug_out(self) -> None:
        """The line hangs up and the path is gone."""
        with self._lock:
            self.link.unlink(missing_ok=True)
            for descriptor in (self._master, self._slave):
                if descriptor >= 0:
                    os.close(descriptor)
            self._master = self._slave = -1

    def fault(self, fault: Fault, code: int = 0) -> None:
        """Makes the next fitting answer go wrong."""
        with self._lock:
            self.module.faults.append((fault, code))

    def command(self, line: str) -> str:
        """One line of control; the answer begins with `ok` or `error`."""
        with self._lock:
            match line.split():
                case ["finger", "on" | "off" as state]:
                    self.module.finger = state == "on"
                case ["images", *place] if place:
                    self.module.images = Path(" ".join(place))
                case ["plug", "in"]:
                    self.plug_in()
                case ["plug", "out"]:
                    self.plug_out()
                case ["fault", name, *code] if name in tuple(Fault) and len(code) < 2:
                    try:
                        self.fault(Fault(name), int(code[0], 0) if code else 0)
                    except ValueError:
                        return f"error: {code[0]} is not a number"
                case ["state"]:
                    return "ok " + json.dumps(self.state())
                case _:
                    return "error: finger on|off, images DIR, plug in|out, fault NAME [CODE], state"
        return "ok"

    def state(self) -> dict[str, object]:
        """For a display: plugged, finger, light, images taken, baud, folder."""
        module = self.module
        return {
            "plugged": self._master >= 0,
            "finger": module.finger,
            "images": str(module.images),
            "light": list(module.light),
            "taken": module.taken,
            "baud": module.parameters.baud,
        }

    def _run(self) -> None:
        while not self._stopping.is_set():
            with self._lock:
                watched: list[int | socket.socket] = [self._master] if self._master >= 0 else []
            if self._control is not None:
                watched.append(self._control)
            ready, _, _ = select.select(watched, [], [], 0.02)
            if self._control in ready:
                self._serve_control()
            with self._lock, contextlib.suppress(OSError):  # plugged out in the middle
                if self._master in ready:
                    self._take_in(os.read(self._master, 4096))

    def _serve_control(self) -> None:
        assert self._control is not None
        client, _ = self._control.accept()
        with client, client.makefile("rw", encoding="utf-8", newline="\n") as stream:
            client.settimeout(1.0)
            with contextlib.suppress(OSError, UnicodeDecodeError):
                for line in stream:
                    stream.write(self.command(line) + "\n")
                    stream.flush()

    def _take_in(self, data: bytes) -> None:
        if _RATES.get(termios.tcgetattr(self._slave)[5]) != self.module.parameters.baud:
            return  # at another rate the bytes mean nothing
        self._held += data
        while (command := self._next_command()) is not None:
            try:
                for packet in self.module.answer(command):
                    self._send(packet)
            except Unplugged:
                self.plug_out()

    def _next_command(self) -> bytes | None:
        start = self._held.find(zhiantec.HEADER)
        if start < 0:
            del self._held[:-1]
            return None
        del self._held[:start]
        if len(self._held) < zhiantec.HEAD_BYTES:
            return None
        try:
            end = zhiantec.HEAD_BYTES + zhiantec.content_length(bytes(self._held[: zhiantec.HEAD_BYTES]))
        except MalformedError:
            del self._held[:2]
            return None
        if len(self._held) < end:
            return None
        command = bytes(self._held[:end])
        del self._held[:end]
        return command

    def _send(self, data: bytes) -> None:
        if self._paced:
            time.sleep(len(data) * BITS_A_BYTE / self.module.parameters.baud)
        while data and not self._stopping.is_set():
            _, writable, _ = select.select([], [self._master], [], 0.5)
            if not writable:
                return  # nobody reads: a real line would have lost it too
            data = data[os.write(self._master, data) :]


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="sallyport_rig.finger_sensor", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--images", type=Path, required=True, help="folder of fingerprint images, or a link to one")
    parser.add_argument("--link", type=Path, default=Path("run/finger-sensor"), help="path that leads to the line")
    parser.add_argument("--control", type=Path, help="UNIX socket for control")
    parser.add_argument("--model", choices=sorted(MODELS), default="r307")
    parser.add_argument("--baud", type=int, choices=zhiantec.BAUDS, default=921_600)
    parser.add_argument("--unpaced", action="store_true", help="send as fast as the machine can")
    chosen = parser.parse_args(arguments)
    chosen.link.parent.mkdir(parents=True, exist_ok=True)
    simulator = FingerSensorSimulator(
        chosen.images,
        chosen.link,
        model=MODELS[chosen.model],
        baud=chosen.baud,
        paced=not chosen.unpaced,
        control=chosen.control,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with simulator:
        print(f"fingerprint sensor at {chosen.link}, {chosen.baud} baud", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
