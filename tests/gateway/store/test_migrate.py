"""The tables as migrated are the tables as described, and what must not be rewritten cannot be."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError

from sallyport_gateway.audit import log
from sallyport_gateway.drivers.authority_tables import authority_metadata
from sallyport_gateway.ledger import nonces, once
from sallyport_gateway.ledger.nonces import Outcome
from sallyport_gateway.ledger.words import Shown
from sallyport_gateway.store import Store
from sallyport_gateway.store.migrate import migrate
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


def test_a_store_of_before_learns_who_is_where(tmp_path: Path) -> None:
    """0007: names of people who are IN get their prison; the table is as a new one's."""
    engine = create_engine(f"sqlite:///{tmp_path}/old.db")
    migrate(engine, "0006")
    with engine.begin() as conn:
        conn.execute(text("DROP INDEX ix_authority_name_prison_id"))
        conn.execute(text("ALTER TABLE authority_name DROP COLUMN prison_id"))
        for number, state in (("A1234BC", "IN"), ("A4321CB", "OUT")):
            document = f'{{"inOutStatus": "{state}", "prisonId": "MDI"}}'
            record = "INSERT INTO authority_record VALUES ('PRISONER', :number, :number, :document, 1)"
            name = "INSERT INTO authority_name VALUES (:number, 'harte', 'Harte, ', NULL, 0)"
            conn.execute(text(record), {"number": number, "document": document})
            conn.execute(text(name), {"number": number})
    migrate(engine)
    with engine.connect() as conn:
        found = conn.execute(text("SELECT prisoner_number, prison_id FROM authority_name ORDER BY 1")).all()
        assert found == [("A1234BC", "MDI"), ("A4321CB", None)]
        assert compare_metadata(MigrationContext.configure(conn), [metadata, authority_metadata]) == []
    engine.dispose()
