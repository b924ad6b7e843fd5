"""Serves pages over HTTP: a taken port is said plainly, a stop does not wait for open pages, and whoever connects and
says nothing takes no file from the rest of the program."""

import asyncio
import socket
from typing import Any, Final

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sallyport_protocol.errors import RoadError

CONNECTIONS: Final = 400
"""Open at once. A process may have 1,024 files as Debian sets it, and store, witness and broker need some of them."""
CONNECTIONS_EACH: Final = 100
"""Of one address: a prison's officers behind one proxy, six for each browser."""
FIRST_WORDS_S: Final = 10.0
"""From the connection to the end of its first request's head. uvicorn itself waits for ever."""


HANDSHAKE_S: Final = 10.0
"""From the connection to the end of the TLS handshake. uvicorn leaves asyncio's own: a minute."""


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's own, for so many connections, each of which must ask for something soon."""

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Too many: it ends at once, whoever it is."""
        super().connection_made(transport)
        same = sum(_host(each) == _host(self) for each in self.connections)
        if len(self.connections) > CONNECTIONS or same > CONNECTIONS_EACH:
            transport.abort()
            return
        self._patience = self.loop.call_later(FIRST_WORDS_S, transport.abort)

    def on_headers_complete(self) -> None:
        """The first request is here; between two of them uvicorn's own time holds."""
        self._have_patience()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._have_patience()
        super().connection_lost(exc)

    def _have_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def _host(connection: Any) -> str:
    """Whose connection it is."""
    return str(connection.client[0]) if connection.client else ""


class PageServer(uvicorn.Server):
    """Ends the pages' event streams before it waits for their connections."""

    def __init__(self, app: FastAPI, **options: Any) -> None:
        """`options` are uvicorn's, such as `log_level`."""
        super().__init__(uvicorn.Config(app, timeout_graceful_shutdown=2, http=BoundedHttp, **options))
        self._state = app.state

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Called once by uvicorn. What it does itself, but for the handshake's time, which it cannot be told."""
        if sockets is None or self.config.ssl is None:
            await super().startup(sockets)
            return
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            raise RoadError("The pages cannot be served: the application did not start. Look into the log.")
        loop = asyncio.get_running_loop()

        def protocol() -> asyncio.Protocol:
            return BoundedHttp(self.config, self.server_state, self.lifespan.state, loop)

        tls, queue = self.config.ssl, self.config.backlog
        self.servers = [
            await loop.create_server(protocol, sock=each, ssl=tls, backlog=queue, ssl_handshake_timeout=HANDSHAKE_S)
            for each in sockets
        ]
        self.started = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Called once by uvicorn when it is told to stop."""
        self._state.closing = True
        await super().shutdown(sockets)


def open_port(host: str, port: int) -> socket.socket:
    """The listening socket. Raises RoadError when the port cannot be had. Port 0 takes any free one."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(64)
    except OSError as error:
        listener.close()
        raise RoadError(
            f"The pages cannot be served at {host}:{port} ({error.strerror}). "
            "Stop the program that holds the port, or choose another port."
        ) from error
    return listener


def serve(app: FastAPI, host: str, port: int, **options: Any) -> None:
    """Serves until interrupted. Raises RoadError when the port cannot be had."""
    listener = open_port(host, port)
    PageServer(app, **options).run(sockets=[listener])
