"""The real programs of the demonstration: begun, ended, and missed when they end by themselves."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from sallyport_protocol.errors import RoadError


class Programs:
    """Each runs under a name and logs into `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def begin(self, name: str, module: str, config: Path) -> None:
        """`python -m module run --config config`."""
        with (self._folder / f"{name}.log").open("ab") as log:
            command = [sys.executable, "-m", module, "run", "--config", str(config)]
            environment = {**os.environ, "COLUMNS": "160"}
            self._running[name] = subprocess.Popen(command, stdout=log, stderr=log, env=environment)

    def end(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends a program; SIGKILL is a power cut."""
        program = self._running.pop(name, None)
        if program is None:
            return
        program.send_signal(how)
        try:
            program.wait(8)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()

    def end_all(self) -> None:
        for name in tuple(self._running):
            self.end(name)

    def all(self) -> dict[str, subprocess.Popen[bytes]]:
        """What was started and not ended here, by name."""
        return dict(self._running)

    def runs(self, name: str) -> bool:
        """Whether that program was started and has not ended."""
        program = self._running.get(name)
        return program is not None and program.poll() is None

    def must_run(self) -> None:
        """Raises RoadError with the last words of one that ended by itself."""
        for name, program in self._running.items():
            if program.poll() is not None:
                words = (self._folder / f"{name}.log").read_text(errors="replace").strip().splitlines()
                raise RoadError(f"the {name} ended: {words[-1] if words else 'it said nothing'}")
