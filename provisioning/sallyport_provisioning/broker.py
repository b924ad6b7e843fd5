"""Runs the estate's broker: start and wait until it listens, reload, stop, kill."""

import errno
import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from sallyport_protocol.errors import RoadError
from sallyport_protocol.trust import Standing, standing
from sallyport_provisioning.broker_config import mosquitto_conf
from sallyport_provisioning.deliver import account_name
from sallyport_provisioning.estate import Estate
from sallyport_provisioning.files import write
from sallyport_provisioning.mosquitto import ensure_mosquitto

_POLL_S: Final = 0.02
LOG: Final = "broker.log"


class Broker:
    """One Mosquitto process of one estate, logging to `broker/broker.log`.

    `hostile_port` runs it as a broker that cannot be trusted: anybody on that loopback port reads and writes every
    topic, and retained messages are kept. For demonstrations and tests of the receivers only.
    """

    def __init__(self, estate: Estate, *, hostile_port: int | None = None, program: Path | None = None) -> None:
        self._estate = estate
        self._hostile_port = hostile_port
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """Where devices connect, with mutual TLS."""
        return self._estate.broker_port

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> Path:
        return self._estate.broker_dir / LOG

    def start(self, patience_s: float = 10.0) -> None:
        """Returns when it listens. Raises RoadError when a port is busy, Mosquitto is missing or it does not start."""
        if self.running:
            return
        program = self._program or ensure_mosquitto()
        refuse_old_papers(self._estate, datetime.now(UTC))
        description = self._estate.description
        for port in (self.port, self._hostile_port):
            if port is not None:
                refuse_busy_port(description.broker.listen, port)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [program, "-c", self._configuration()],
                cwd=self._estate.broker_dir,
                stdin=subprocess.DEVNULL,
                stderr=log,
            )
        self._wait_until_it_listens(patience_s)

    def reload(self) -> None:
        """Reads access rules and the revocation list again; connections that are open stay open."""
        self._signal(signal.SIGHUP)

    def stop(self, patience_s: float = 5.0) -> None:
        """Ends it in order; idempotent."""
        self._end(signal.SIGTERM, patience_s)

    def kill(self) -> None:
        """Ends it as a power cut would; idempotent."""
        self._end(signal.SIGKILL, 5.0)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _configuration(self) -> str:
        if self._hostile_port is None:
            return "mosquitto.conf"
        text = mosquitto_conf(self._estate.description, account_name(), self._hostile_port)
        write(self._estate.broker_dir / "hostile.conf", text.encode())
        return "hostile.conf"

    def _wait_until_it_listens(self, patience_s: float) -> None:
        assert self._process is not None
        until = time.monotonic() + patience_s
        while not _answers(self._estate):
            if self._process.poll() is not None:
                raise RoadError(f"the broker ended at once: {self._last_words()}. The whole log is {self.log}.")
            if time.monotonic() > until:
                self.kill()
                raise RoadError(
                    f"the broker did not listen on port {self.port} within {patience_s:.0f} s: see {self.log}"
                )
            time.sleep(_POLL_S)

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return next((line for line in reversed(lines) if "Error" in line), lines[-1] if lines else "it said nothing")

    def _signal(self, number: int) -> None:
        if self._process is not None and self.running:
            self._process.send_signal(number)

    def _end(self, number: int, patience_s: float) -> None:
        if self._process is None:
            return
        self._signal(number)
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def run_in_foreground(estate: Estate, announce: Callable[[str], None]) -> int:
    """Runs the broker with this terminal until it ends or Ctrl-C; returns its exit code. Raises RoadError."""
    program = ensure_mosquitto()
    refuse_old_papers(estate, datetime.now(UTC))
    place = estate.description.broker
    refuse_busy_port(place.listen, place.port)
    announce(f"Broker of {estate.description.name} on {place.listen}:{place.port}, mutual TLS only. Ctrl-C ends it.")
    process = subprocess.Popen([program, "-c", "mosquitto.conf"], cwd=estate.broker_dir)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGTERM)


def refuse_old_papers(estate: Estate, now: datetime) -> None:
    """Raises RoadError where Mosquitto would start and refuse every client: its certificate or the list has ended."""
    name = estate.description.broker.name
    found = standing(estate.certificate(name), estate.trust(), now)
    if found in (Standing.LIST_STALE, Standing.LIST_MISSING):
        raise RoadError("the revocation list has ended, so nobody could connect: run `sallyport-estate apply`")
    if found is not Standing.GOOD:
        words = found.value.lower().replace("_", " ")
        raise RoadError(f"the certificate of {name} is {words}: run `sallyport-estate renew` with its name")


def refuse_busy_port(address: str, port: int) -> None:
    """Raises RoadError when somebody else has the port, or this account may not have it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise RoadError(_port_advice(address, port, error)) from error


def _port_advice(address: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} on {address} is in use by another program (`ss -ltnp 'sport = :{port}'` names it): "
            "stop that program, or set another port under [broker] in estate.toml and run `sallyport-estate apply`"
        )
    return f"cannot listen on {address}:{port} ({os.strerror(error.errno or 0)}): choose a port above 1023"


def _answers(estate: Estate) -> bool:
    """Whether a broker of this estate completes TLS there: Mosquitto opens its port before it reads its key."""
    place = estate.description.broker
    context = ssl.create_default_context(cafile=str(estate.broker_dir / "authorities.pem"))
    try:
        with socket.create_connection((place.listen, place.port), timeout=1) as road:
            context.wrap_socket(road, server_hostname=place.host).close()
    except OSError:
        return False
    return True
