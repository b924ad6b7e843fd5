"""A real HTTPS server that serves HMPPS's shapes under mutual TLS and an API key, and misbehaves on demand."""

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sallyport_gateway.drivers.hmpps_client import HmppsPlace

Answer = tuple[int, bytes, float]
"""Status, body, seconds to wait before it."""
KEY = "test-key"


class Hmpps:
    """What the server answers, by path; `answers` may be changed while it runs."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers: dict[str, Any] = answers
        self.asked: list[str] = []
        self.feed = Feed()

    def answer(self, path: str, key: str | None) -> Answer:
        self.asked.append(path)
        if key != KEY:
            return 403, b"{}", 0
        if path.startswith("/v1/events?"):
            query = dict(parse_qsl(path.partition("?")[2]))
            found = self.feed.answer(query)
        else:
            found = self.answers.get(path, (404, b"{}", 0))
        found = found() if callable(found) else found
        return found if isinstance(found, tuple) else (200, json.dumps(found).encode(), 0)


class Feed:
    """A feed of changes with HMPPS's envelopes; `answer` waits like a long poll. Any of it may be made wrong."""

    def __init__(self) -> None:
        self.notifications: list[dict[str, Any]] = []
        self.oldest = 1
        self.as_of: str | None = None
        self.broken: Answer | None = None
        self._news = threading.Condition()

    def say(self, event: Any, name: str | None = None, sequence: int | None = None) -> None:
        """Publishes an event; text goes out as it is."""
        with self._news:
            number = sequence or self.newest + 1
            text = event if isinstance(event, str) else json.dumps(event)
            envelope = {"Type": "Notification", "MessageId": name or f"m-{number}", "SequenceNumber": f"{number:020d}"}
            self.notifications.append({**envelope, "Message": text})
            self._news.notify_all()

    @property
    def newest(self) -> int:
        return max((int(each["SequenceNumber"]) for each in self.notifications), default=0)

    def answer(self, query: dict[str, str], longest: float = 1.0) -> Any:
        after = int(query["after"]) if "after" in query else self.newest
        with self._news:
            self._news.wait_for(lambda: self.newest > after or self.broken, min(float(query["wait"]), longest))
        if self.broken is not None:
            return self.broken
        found = [each for each in self.notifications if int(each["SequenceNumber"]) > after]
        body = {"oldest": self.oldest, "newest": self.newest, "notifications": found}
        return body if self.as_of is None else {**body, "asOf": self.as_of}


def domain_event(kind: str, number: str | None) -> dict[str, Any]:
    """One of HMPPS's domain events."""
    people = [] if number is None else [{"type": "NOMS", "value": number}]
    return {
        "eventType": kind,
        "version": 1,
        "occurredAt": "2026-06-10T09:00:00+01:00",
        "description": "something happened",
        "personReference": {"identifiers": people},
        "additionalInformation": {},
    }


def flaky(times: int, then: Any) -> Callable[[], Any]:
    """Fails with 500 so many times, then answers."""
    left = [times]

    def answer() -> Any:
        left[0] -= 1
        return (500, b"oops", 0) if left[0] >= 0 else then

    return answer


@contextmanager
def serving(hmpps: Hmpps, folder: Path) -> Iterator[HmppsPlace]:
    """Runs the server on loopback; gives the place of a client that it believes."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        """One handshake for many questions."""

        def do_GET(self) -> None:
            status, body, wait = hmpps.answer(self.path, self.headers.get("x-api-key"))
            time.sleep(wait)
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def process_request_thread(self, request: Any, client_address: Any) -> None:
            """The handshake is each connection's own: one that stalls keeps nobody else out."""
            try:
                request.settimeout(60)
                request.do_handshake()
            except OSError:
                self.shutdown_request(request)
                return
            super().process_request_thread(request, client_address)

        def handle_error(self, *_: object) -> None:
            """A client that goes away in the middle is part of the tests."""

    certificates(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    context.load_verify_locations(folder / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        url = f"https://127.0.0.1:{server.server_address[1]}"
        yield HmppsPlace(url, folder / "ca.pem", folder / "client.pem", folder / "client.key", KEY)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def certificates(folder: Path) -> None:
    """An authority, and a server and a client of it; `stranger` is of no authority."""
    authority = ec.generate_private_key(ec.SECP256R1())
    _write(folder, "ca", authority, "Test authority", authority, "Test authority", ca=True)
    for name in ("server", "client"):
        _write(folder, name, ec.generate_private_key(ec.SECP256R1()), name, authority, "Test authority", ca=False)
    stranger = ec.generate_private_key(ec.SECP256R1())
    _write(folder, "stranger", stranger, "stranger", stranger, "stranger", ca=False)


def _write(
    folder: Path,
    file: str,
    key: ec.EllipticCurvePrivateKey,
    subject: str,
    signer: ec.EllipticCurvePrivateKey,
    issuer: str,
    *,
    ca: bool,
) -> None:
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if ca:
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        made = made.add_extension(usage, critical=True)
    (folder / f"{file}.pem").write_bytes(made.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / f"{file}.key").write_bytes(private)
