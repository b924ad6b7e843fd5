"""A store with a log, and a gateway's key."""

import datetime
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import Connection

from sallyport_gateway.audit import log
from sallyport_gateway.store import Store
from sallyport_protocol.keys import SoftwareSigner


def make_signer(name: str) -> SoftwareSigner:
    """A self-signed signer."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1, start, start.replace(year=2036))
    return SoftwareSigner(key, builder.sign(key, hashes.SHA256()))


@pytest.fixture(scope="session")
def signer() -> SoftwareSigner:
    return make_signer("gateway-1")


@pytest.fixture(scope="session")
def stranger() -> SoftwareSigner:
    return make_signer("gateway-1")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store.db", window=0) as made:
        yield made


@pytest.fixture
def fill(store: Store) -> Callable[[int], None]:
    """Appends that many entries to gateway-1's log."""

    def job(conn: Connection, count: int) -> None:
        for at in range(count):
            log.append(conn, "gateway-1", "test", {"number": at, "text": "x" * (at % 50)}, at)

    return lambda count: store.write_now(lambda conn: job(conn, count))
