"""Serves pages over HTTP: a taken port is said plainly, and a stop does not wait for open pages."""

import socket
from typing import Any

import uvicorn
from fastapi import FastAPI

from sallyport_protocol.errors import RoadError


class PageServer(uvicorn.Server):
    """Ends the pages' event streams before it waits for their connections."""

    def __init__(self, app: FastAPI, **options: Any) -> None:
        """`options` are uvicorn's, such as `log_level`."""
        super().__init__(uvicorn.Config(app, timeout_graceful_shutdown=2, **options))
        self._state = app.state

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
