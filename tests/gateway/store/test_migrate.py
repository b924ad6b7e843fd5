"""The tables as migrated are the tables as described, and what must not be rewritten cannot be."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from sallyport_gateway.audit import log
from sallyport_gateway.drivers.authority_tables import authority_metadata
from sallyport_gateway.ledger import nonces, once
from sallyport_gateway.ledger.nonces import Outcome
from sallyport_gateway.ledger.words import Shown
from sallyport_gateway.store import Store
from sallyport_gateway.store.tables import metadata
from sallyport_protocol.errors import RoadError


def test_the_migrations_make_the_tables_that_the_code_describes(conn: Connection) -> None:
    assert compare_metadata(MigrationContext.configure(conn), [metadata, authority_metadata]) == []


def test_migrating_twice_changes_nothing(database: str) -> None:
    with Store(database):
        pass
    with Store(database) as store:
        assert store.read_now(lambda conn: conn.execute(text("SELECT count(*) FROM fence")).scalar()) == 1


def test_a_store_of_a_newer_release_is_left_alone(database: str) -> None:
    with Store(database) as store:
        store.write_now(lambda conn: conn.execute(text("UPDATE alembic_version SET version_num = '9999'")) and None)
    with pytest.raises(RoadError, match="newer release"):
        Store(database)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET kind = 'x'",
        "DELETE FROM audit",
        "UPDATE audit_node SET level = 9",
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
    with pytest.raises(DBAPIError, match="never rewritten"):
        conn.execute(text(statement))
