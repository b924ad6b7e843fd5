import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from fastapi import FastAPI

from sallyport_link import serving
from sallyport_link.serving import PageServer, open_port
from sallyport_protocol.errors import RoadError
from sallyport_provisioning.estate import Estate


def test_a_taken_port_is_said_plainly() -> None:
    with open_port("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(RoadError, match=f"127.0.0.1:{port} .*choose another port"):
            open_port("127.0.0.1", port)


Serving = Callable[..., Callable[..., socket.socket]]


@pytest.fixture
def serve() -> Iterator[Serving]:
    """Serves an empty application; what is returned connects to it, from an address of this machine."""
    with ExitStack() as stack:

        def begin(**options: Any) -> Callable[..., socket.socket]:
            listener = stack.enter_context(open_port("127.0.0.1", 0))
            server = PageServer(FastAPI(), log_level="critical", **options)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
            thread.start()
            stack.callback(thread.join, 10)
            stack.callback(setattr, server, "should_exit", True)
            while not server.started:
                time.sleep(0.01)

            def connect(source: str = "127.0.0.1") -> socket.socket:
                return stack.enter_context(socket.create_connection(listener.getsockname(), 10, (source, 0)))

            return connect

        yield begin


def ended(connection: socket.socket) -> bool:
    """Waits for the server's end of it; TimeoutError where it does not come."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def asks(connection: socket.socket) -> bool:
    """Whether a request is answered on it."""
    try:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        return connection.recv(1_000).startswith(b"HTTP/1.1 404")
    except (ConnectionResetError, BrokenPipeError):
        return False


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: "])
def test_who_connects_and_asks_for_nothing_is_sent_away(
    serve: Serving, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(serving, "FIRST_WORDS_S", 0.2)
    connect = serve()
    silent, asking = connect(), connect()
    assert asks(asking)
    silent.sendall(said)
    assert ended(silent)
    assert asks(asking), "between two requests there is more time"


def test_so_many_connections_of_one_address_and_of_all(serve: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "CONNECTIONS_EACH", 2)
    monkeypatch.setattr(serving, "CONNECTIONS", 3)
    connect = serve()
    first, second = connect(), connect()
    assert asks(first) and asks(second)
    assert not asks(connect()), "a third of this address"
    assert asks(connect("127.0.0.2")), "another's first"
    assert not asks(connect("127.0.0.3")), "a fourth of all"
    first.close()
    for _ in range(100):  # until the server has heard that it is gone
        if asks(connect()):
            break
        time.sleep(0.02)
    else:
        pytest.fail("the place of one that is gone is not given to another")


def test_a_handshake_that_never_ends_is_ended(serve: Serving, monkeypatch: pytest.MonkeyPatch, estate: Estate) -> None:
    monkeypatch.setattr(serving, "HANDSHAKE_S", 0.2)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    folder = estate.folder("gateway-1")
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    connect = serve(ssl_context_factory=lambda *_: context)
    assert ended(connect())
    trusting = ssl.create_default_context(cafile=folder / "authorities.pem")
    trusting.check_hostname = False
    with trusting.wrap_socket(connect()) as page:
        assert asks(page)
