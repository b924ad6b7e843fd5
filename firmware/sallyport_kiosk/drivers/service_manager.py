"""Tells systemd that the program is ready, and from then on that its main loop still turns (sd_notify(3)).

The protocol is one datagram to the socket that systemd names; where none is named, nothing is sent.
"""

import contextlib
import os
import socket
import time
from collections.abc import Callable, Mapping
from typing import Final

_EVERY_S: Final = 1.0
"""Well below half of any WatchdogSec that a unit of ours states."""


class ServiceManager:
    """`alive` is called by the loop that has to turn, and by nothing else."""

    def __init__(
        self, environment: Mapping[str, str] = os.environ, clock: Callable[[], float] = time.monotonic
    ) -> None:
        name = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + name[1:] if name.startswith("@") else name
        self._clock = clock
        self._told_s: float | None = None

    def alive(self) -> None:
        """The first time that the service is ready, then at most once a second that it lives. Never raises."""
        now = self._clock()
        if self._told_s is None:
            self._tell("READY=1\nWATCHDOG=1")
        elif now - self._told_s >= _EVERY_S:
            self._tell("WATCHDOG=1")
        else:
            return
        self._told_s = now

    def _tell(self, what: str) -> None:
        """A word that does not get through is left: systemd, not hearing, starts the program anew."""
        if not self._address:
            return
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out,
        ):
            out.setblocking(False)
            out.sendto(what.encode(), self._address)
