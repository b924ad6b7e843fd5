"""A link to the broker that is driven by a process of its own: the gateway.

TLS and MQTT were a third of what a decision cost one Python process. Apart, they use another core; and the process that
reads what the network sends holds no key but its own to the broker, signs nothing and decides nothing.
"""

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from sallyport_link.apart_words import Frame, Frames, Say, State, frame, road_to_bytes
from sallyport_link.connection import MAX_PACKET
from sallyport_link.link import FAREWELL_S, LinkCounts
from sallyport_link.on_loop import InLoop

_ALIVE_S: Final = 1.0
"""How often the process hears that its program lives, at least."""
_BEGIN_S: Final = 10.0
"""How long a process may take to say its first word, on a machine that is busy."""
_CROWDED: Final = 1_000_000
"""Bytes on their way to the process, over which messages wait here."""


class ApartLink(InLoop):
    """A link that a process of its own drives.

    Messages wait here until the link is up: those that a process takes with it are only what it was sending.
    """

    _out: asyncio.WriteTransport | None = None
    _told: tuple[str, ...] = ()
    """The filters that the process knows."""
    _said: State | None = None
    """The process's last word on how the link stands."""
    _ear: "_Ear | None" = None
    """This end of the present process's socket."""
    process = 0
    """Its number, or 0 while there is none."""

    async def stop(self) -> None:
        """Sends what waits, within a second; disconnects cleanly, so no will is published. Idempotent."""
        self._stopping.set()
        if self._task is not None:
            self._ended.set()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def counts(self) -> LinkCounts:
        """A snapshot; what the process counts is as old as its last word."""
        own, said = super().counts, self._said
        if said is None:
            return own
        return replace(
            own,
            connections=said.connections,
            acknowledged=said.acknowledged,
            refused=said.refused,
            dropped=own.dropped + said.dropped,
            expired=own.expired + said.expired,
            waiting=own.waiting + said.waiting,
            round_trip_ms=said.round_trip_ms,
        )

    def hear(self, said: Frame) -> None:
        """One frame from the process."""
        if said.kind is Say.MESSAGE:
            self._take_in(said.topic, said.payload, bool(said.number))
        elif said.kind is Say.STATE:
            self._follow(State.parse(said.payload))

    def lost(self, ear: "_Ear") -> None:
        """A process has gone."""
        if ear is self._ear:  # not the one before
            self._ended.set()

    def _speak(self) -> None:
        """Hands over what waits."""
        self._woken, out = False, self._out
        if out is None or out.is_closing():
            return
        with self._lock:
            said = b"".join(self._frames(out))
        if said:
            out.write(said)

    def _frames(self, out: asyncio.WriteTransport) -> Iterator[bytes]:
        if self._filters is not self._told:
            self._told = self._filters
            yield frame(Say.FILTERS, "\n".join(self._filters).encode())
        now, room = time.monotonic(), _CROWDED - out.get_write_buffer_size()
        while self.connected and room > 0 and (each := self._waiting.take(now)) is not None:
            room -= len(each.payload)
            yield frame(Say.PUBLISH, each.payload, each.topic, max(1, int((each.deadline_s - now) * 1_000)))

    def _follow(self, state: State) -> None:
        before, self._said = self._said, state
        self._beat_s = time.monotonic()
        self._up, self._error = state.up, state.error or self._error
        if state.up and (before is None or state.connections != before.connections) and self._on_connected is not None:
            self._guard(self._on_connected)
        if self._waiting:
            self._wake()

    async def _run(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                await self._one_process()
            except Exception as error:
                self._lost(error)
            if not self._stopping.is_set():
                self._ended.clear()
                await self._pause(self._rest_s(began))

    async def _one_process(self) -> None:
        """One process from its start to its end."""
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-P", "-m", "sallyport_link.apart_process", str(theirs.fileno())]
            process = await asyncio.create_subprocess_exec(
                *command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
            )
        out: asyncio.WriteTransport | None = None
        try:
            self._ear = ear = _Ear(self)
            out, _ = await asyncio.get_running_loop().create_connection(lambda: ear, sock=ours)
            out.write(frame(Say.ROAD, road_to_bytes(self._road)))
            self._told, self._said, self._out, self.process = (), None, out, process.pid
            await self._attend_to(out)
        finally:
            self._up, self._out, self._ear, self.process = False, None, None, 0
            if out is not None:
                out.close()
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        self._fail(
            "stopped" if self._stopping.is_set() else "the process of the link has ended; another one is started"
        )

    async def _attend_to(self, out: asyncio.WriteTransport) -> None:
        """Until the process has gone or is stuck, or until the link is stopped: then it is let go politely."""
        since, silence = time.monotonic(), self._road.silence_s
        while not self._ended.is_set():
            out.write(frame(Say.ALIVE))
            self._speak()
            await self._pause(min(_ALIVE_S, silence / 4))
            quiet = time.monotonic() - (self._beat_s if self._said is not None else since)
            if quiet > (silence if self._said is not None else max(silence, _BEGIN_S)):
                return
        if self._stopping.is_set():
            self._ended.clear()
            self._speak()
            out.write(frame(Say.END))
            await self._pause(FAREWELL_S + 1)

    async def _pause(self, seconds: float) -> None:
        """Waits, but not longer than for an end."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), seconds)


class _Ear(asyncio.Protocol):
    """This end of the socket."""

    def __init__(self, link: ApartLink) -> None:
        self._link, self._frames = link, Frames(MAX_PACKET)

    def data_received(self, data: bytes) -> None:
        for each in self._frames.take(data):
            self._link.hear(each)

    def connection_lost(self, error: Exception | None) -> None:
        self._link.lost(self)
