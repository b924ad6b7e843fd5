"""systemd hears that the kiosk is ready, and then that it lives; nothing of it can harm the kiosk."""

import os
import socket
from pathlib import Path

import pytest

from sallyport_kiosk.drivers.service_manager import ServiceManager


def heard(listener: socket.socket) -> list[str]:
    words = []
    while True:
        try:
            words.append(listener.recv(200).decode())
        except BlockingIOError:
            return words


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_ready_once_and_then_alive_once_a_second(tmp_path: Path, kind: str) -> None:
    name = str(tmp_path / "notify") if kind == "path" else f"@sallyport-test-{os.getpid()}"
    now = 0.0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name[1:] if kind == "abstract" else name)
        listener.setblocking(False)
        manager = ServiceManager({"NOTIFY_SOCKET": name}, lambda: now)
        for now in (0.0, 0.2, 0.9, 1.0, 1.5, 2.1):  # noqa: B007 - the clock reads it
            manager.alive()
        assert heard(listener) == ["READY=1\nWATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]


def test_without_systemd_or_with_one_that_is_gone_nothing_happens(tmp_path: Path) -> None:
    for environment in ({}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": str(tmp_path / "nobody")}):
        ServiceManager(environment).alive()
