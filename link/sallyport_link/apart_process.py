"""The process of a link that is driven apart (`apart.ApartLink`): `python -m sallyport_link.apart_process SOCKET`.

It speaks TLS and MQTT with the broker and hands whole messages over. It ends when its program does, when its program is
silent for long, and when it is told to.
"""

import asyncio
import logging
import signal
import socket
import sys
import time
from typing import Final

from sallyport_link.apart_words import Frame, Frames, Say, State, frame, road_from_bytes
from sallyport_link.on_loop import LoopLink
from sallyport_link.program import log_to_terminal
from sallyport_protocol.errors import RoadError

log = logging.getLogger(__name__)

BEAT_S: Final = 0.25
"""How often the program is told how the link stands."""
CROWDED: Final = 4_000_000
"""Bytes that may wait for the program. Over that it is stuck: what comes is dropped and counted, and devices say again
what matters."""


class _Process(asyncio.Protocol):
    """Its end of the socket, and the link behind it."""

    _link: LoopLink | None = None
    _out: asyncio.WriteTransport
    _said = b""
    _patience_s = 60.0
    _dropped = 0
    _starting: asyncio.Task[None]

    def __init__(self) -> None:
        self._frames, self._heard_s, self.ended = Frames(), time.monotonic(), asyncio.Event()
        self._politely = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._out = transport

    def data_received(self, data: bytes) -> None:
        self._heard_s = time.monotonic()
        for each in self._frames.take(data):
            self._follow(each)

    def connection_lost(self, error: Exception | None) -> None:
        self.ended.set()

    def _follow(self, said: Frame) -> None:
        if said.kind is Say.ROAD and self._link is None:
            road = road_from_bytes(said.payload)
            self._link, self._patience_s = LoopLink.along(road, self._pass_on), road.silence_s
            self._starting = asyncio.get_running_loop().create_task(self._start(self._link))
        elif self._link is None:
            return
        elif said.kind is Say.PUBLISH:
            self._link.publish(said.topic, said.payload, said.number / 1_000)
        elif said.kind is Say.FILTERS:
            self._link.subscribe_only(said.payload.decode().split())
        elif said.kind is Say.END:
            self._politely = True
            self.ended.set()

    async def _start(self, link: LoopLink) -> None:
        try:
            await link.start()
        except RoadError as error:  # the files were good when the program looked
            log.error("%s", error)
            self.ended.set()

    def _pass_on(self, topic: str, payload: bytes, retained: bool) -> None:
        if self._out.get_write_buffer_size() > CROWDED:
            self._dropped += 1
            return
        self._write(frame(Say.MESSAGE, payload, topic, int(retained)))

    def _write(self, data: bytes) -> None:
        """What is said in one go leaves in one."""
        if not self._said:
            asyncio.get_running_loop().call_soon(self._flush)
        self._said += data

    def _flush(self) -> None:
        said, self._said = self._said, b""
        if not self._out.is_closing():
            self._out.write(said)

    async def beat(self) -> None:
        """Tells how the link stands, for ever; and ends everything when the program has been silent for long."""
        while True:
            self._tell()
            if time.monotonic() - self._heard_s > self._patience_s:
                log.warning("the program of this link is stuck; the broker is left")
                self.ended.set()
            await asyncio.sleep(min(BEAT_S, self._patience_s / 4))

    def _tell(self) -> None:
        if self._link is not None:
            state = State.of(self._link.connected, self._link.last_error, self._link.counts, self._dropped)
            self._write(frame(Say.STATE, state.to_bytes()))

    async def leave(self) -> None:
        """The farewell, where one was asked for; then the socket is closed."""
        if self._link is not None and self._politely:
            await self._link.stop()
            self._tell()
            self._flush()
        self._out.close()
        await asyncio.sleep(0)


async def serve(number: int) -> None:
    """Until the program ends, or says so."""
    _, process = await asyncio.get_running_loop().create_connection(_Process, sock=socket.socket(fileno=number))
    beating = asyncio.create_task(process.beat())
    await process.ended.wait()
    beating.cancel()
    await process.leave()


def main() -> None:
    """Signals are for the program, which says farewell before it goes."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    log_to_terminal(False)
    asyncio.run(serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()
