"""Prepared statements: the same rows, counts and errors as SQLAlchemy gives, on each kind of database."""

import pytest
from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from sallyport_gateway.drivers.authority_tables import approvals, authorisations
from sallyport_gateway.ledger import sessions
from sallyport_gateway.ledger.sessions import SessionState
from sallyport_gateway.store import Store
from sallyport_gateway.store.prepared import Prepared
from sallyport_gateway.store.tables import sessions as table

FIND = select(table).where(table.c.session == bindparam("s"), table.c.state == SessionState.OFFERED)
END = update(table).where(table.c.session == bindparam("s")).values(ended_why=bindparam("why"))
SESSION = sessions.Session(b"s" * 16, "A-1", "MDI", "MDI-K01", "MDI-LANE-1", b"c" * 32, "gateway-1", 5)


def test_rows_are_those_of_sqlalchemy(database: str) -> None:
    def job(conn: Connection) -> None:
        sessions.open_session(conn, SESSION)
        plain, prepared = conn.execute(FIND, {"s": SESSION.session}).one(), Prepared(FIND)
        assert prepared.all(conn, s=SESSION.session) == [tuple(plain)]
        assert prepared.first(conn, s=SESSION.session)._asdict() == plain._asdict()
        assert prepared.scalar(conn, s=SESSION.session) == SESSION.session
        assert prepared.first(conn, s=b"x" * 16) is None and prepared.scalar(conn, s=b"x" * 16) is None
        assert prepared.all(conn, s=b"x" * 16) == []

    with Store(database) as store:
        store.write_now(job)


def test_what_a_database_has_no_type_for_is_of_pythons_type(database: str) -> None:
    def job(conn: Connection) -> None:
        paper = {"id": "A-1", "prisoner_number": "A1234BC", "prison_id": "MDI", "state": "PENDING", "why": "x"}
        times = {"window_opens": 1, "window_closes": 2, "changed_at": 3}
        conn.execute(insert(authorisations), paper | times | {"document": "{}"})
        given = {"authorisation": "A-1", "officer_key": "a", "officer": "A", "duty_governor": True, "at": 1}
        Prepared(insert(approvals).values({name: bindparam(name) for name in given})).run(conn, **given)
        assert Prepared(select(approvals)).first(conn).duty_governor is True

    with Store(database) as store:
        store.write_now(job)


def test_a_change_counts_its_rows(database: str) -> None:
    def job(conn: Connection) -> tuple[int, int]:
        sessions.open_session(conn, SESSION)
        end = Prepared(END)
        return end.run(conn, s=SESSION.session, why="x"), end.run(conn, s=b"x" * 16, why="x")

    with Store(database) as store:
        assert store.write_now(job) == (1, 0)


def test_errors_are_those_of_sqlalchemy(database: str) -> None:
    with Store(database) as store:
        store.write_now(lambda conn: sessions.open_session(conn, SESSION))
        with pytest.raises(IntegrityError):
            store.write_now(lambda conn: sessions.open_session(conn, SESSION))


def test_reads_of_one_reader_are_of_one_moment(database: str) -> None:
    """As with any other statement, the first one begins the transaction."""

    def look_twice(conn: Connection) -> None:
        assert not conn.in_transaction()
        sessions.find(conn, SESSION.session)
        assert conn.in_transaction()

    with Store(database) as store:
        store.read_now(look_twice)
