"""Warrants linked to nobody, kept in memory: never coarser than the check, never older than the transaction."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from sallyport_gateway.authority.records import Named, Warrant
from sallyport_gateway.authority.similar import may_be_named, same_birthday, tells_apart
from sallyport_gateway.authority.words import WarrantKind, WarrantStatus
from sallyport_gateway.casebook.words import Case
from sallyport_gateway.drivers.authority_access import By
from sallyport_gateway.drivers.authority_records import Kind, put
from sallyport_gateway.drivers.authority_unmatched import UnmatchedWarrants, _hold

BY = By("w.clerk", "post")
LEAST = 0.88


def warrant(name: str, surname: str = "Harte", forenames: str = "", born: date | None = None) -> Warrant:
    terms = {"warrant_id": name, "kind": WarrantKind.FINE, "status": WarrantStatus.OUTSTANDING}
    return Warrant(surname=surname, forenames=forenames, date_of_birth=born, **terms)


def ids(memory: UnmatchedWarrants, conn: Connection, person: Named) -> list[str]:
    return [each.warrant_id for each in memory.alike(conn, [person], LEAST)]


def test_the_memory_follows_every_change(conn: Connection, base: Case) -> None:
    memory, person = UnmatchedWarrants(), Named(surname="Harte", forenames="Rowan")
    assert ids(memory, conn, person) == []
    put(conn, Kind.WARRANT, None, warrant("w-1"), BY, base.now)
    assert ids(memory, conn, person) == ["w-1"]
    put(conn, Kind.WARRANT, None, warrant("w-1", surname="Zed"), BY, base.now)
    assert ids(memory, conn, person) == []
    put(conn, Kind.WARRANT, None, warrant("w-2"), BY, base.now)
    assert ids(memory, conn, person) == ["w-2"]
    put(conn, Kind.WARRANT, "A1234BC", warrant("w-2"), BY, base.now)
    assert ids(memory, conn, person) == []


def test_a_rollback_is_followed_too(conn: Connection, base: Case) -> None:
    memory, person = UnmatchedWarrants(), Named(surname="Harte", forenames="Rowan")
    put(conn, Kind.WARRANT, None, warrant("kept"), BY, base.now)
    attempt = conn.begin_nested()
    put(conn, Kind.WARRANT, None, warrant("undone"), BY, base.now)
    assert ids(memory, conn, person) == ["kept", "undone"]
    attempt.rollback()
    assert ids(memory, conn, person) == ["kept"]
    put(conn, Kind.WARRANT, None, warrant("other"), BY, base.now)
    assert ids(memory, conn, person) == ["kept", "other"]


NAMES = st.sampled_from(
    ["Harte", "Hatre", "Harte-Rowan", "Rowan", "Rowen", "R", "Núñez", "Nunez Harte", "王", "", "Smith", "Smyth"]
)
DAYS = st.none() | st.dates(date(1990, 1, 1), date(1991, 12, 31))


@given(st.lists(st.tuples(NAMES, NAMES, DAYS), max_size=8), NAMES, NAMES, DAYS)
def test_it_leaves_out_only_what_the_check_would(
    strays: list[tuple[str, str, date | None]], surname: str, forenames: str, born: date | None
) -> None:
    memory, person = UnmatchedWarrants(), Named(surname=surname, forenames=forenames, date_of_birth=born)
    warrants = [warrant(str(index), *each) for index, each in enumerate(strays)]
    memory._now = lambda *_: _hold("t", warrants)  # type: ignore[method-assign]
    chosen = {each.warrant_id for each in memory.alike(None, [person], LEAST)}  # type: ignore[arg-type]
    wanted = {
        each.warrant_id
        for each in warrants
        if may_be_named(each, person, LEAST) or same_birthday(each.date_of_birth, born) or not tells_apart(each, person)
    }
    assert wanted <= chosen
