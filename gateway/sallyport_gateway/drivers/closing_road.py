"""A road of httpx that closes what it opened, also when its caller stops waiting in the middle of a TLS handshake.

httpcore 1.0.9 closes a connection whose handshake fails, but not one whose handshake is cancelled: each such wait would
leave a socket to the garbage collector, and a source that stalls is cancelled again and again.
"""

import ssl
from typing import Any, Final

import anyio
import httpcore
import httpx

_KEPT: Final = 20
"""Connections kept open between questions."""
_KEPT_S: Final = 5.0
_MOST: Final = 100


class ClosingTransport(httpx.AsyncHTTPTransport):
    """HTTP/1.1 over TLS, without proxies."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        super().__init__(verify=tls, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=_MOST,
            max_keepalive_connections=_KEPT,
            keepalive_expiry=_KEPT_S,
            network_backend=_Backend(),
        )


class _Backend(httpcore.AnyIOBackend):
    async def connect_tcp(self, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        return _Opened(await super().connect_tcp(*args, **options))


class _Opened(httpcore.AsyncNetworkStream):
    """A connection before its handshake; the stream that comes of it closes itself."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._stream.aclose()
            raise

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
