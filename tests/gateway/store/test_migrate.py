"""The tables as migrated are the tables as described, and what must not be rewritten cannot be."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from sallyport_gateway.audit import log
from sallyport_gateway.drivers.authority_tables import authority_metadata
from sallyport_gateway.ledger import nonces, once
from sallyport_gateway.ledger.nonces import Outcome
from sallyport_gateway.ledger.words import Shown
from sallyport_gateway.store.engine import open_engines
from sallyport_gateway.store.migrate import migrate
from sallyport_gateway.store.tables import metadata
from sallyport_protocol.errors import RoadError


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    writer, reader = open_engines(tmp_path / "s.db")
    migrate(writer)
    with writer.connect() as conn, conn.begin():
        yield conn
    writer.dispose()
    reader.dispose()


def test_the_migrations_make_the_tables_that_the_code_describes(conn: Connection) -> None:
    assert compare_metadata(MigrationContext.configure(conn), [metadata, authority_metadata]) == []


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    writer, _ = open_engines(tmp_path / "s.db")
    migrate(writer)
    migrate(writer)
    with writer.connect() as conn:
        assert conn.execute(text("SELECT count(*) FROM fence")).scalar() == 1


def test_a_store_of_a_newer_release_is_left_alone(tmp_path: Path) -> None:
    writer, _ = open_engines(tmp_path / "s.db")
    migrate(writer)
    with writer.connect() as conn, conn.begin():
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(RoadError, match="newer release"):
        migrate(writer)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET kind = 'x'",
        "DELETE FROM audit",
        "UPDATE audit_node SET hash = leaf FROM audit",
        "DELETE FROM audit_node",
        "DELETE FROM nonce",
        "UPDATE nonce SET decision = 'REFUSE'",
        "UPDATE nonce SET outcome = 'NOT_OPENED'",
        "DELETE FROM revoked_key",
    ],
)
def test_what_was_recorded_cannot_be_rewritten(conn: Connection, statement: str) -> None:
    for index in range(256):
        log.append(conn, "gateway-1", "test", {}, index)
    nonces.decide(conn, "L", Shown(b"n" * 16, 1), nonces.Decision.GRANT, "A", b"s" * 16, 1)
    nonces.conclude(conn, "L", b"n" * 16, Outcome.OPENED, b"e" * 32, 2)
    once.revoke_key(conn, b"k" * 32, "stolen", 1)
    with pytest.raises(IntegrityError, match="never rewritten"):
        conn.execute(text(statement))
