"""When a source was last heard, of one person or of everybody, and of everybody that a person is linked to."""

from datetime import timedelta

from sqlalchemy import Connection

from sallyport_gateway.authority.words import Source
from sallyport_gateway.casebook.words import Case
from sallyport_gateway.drivers.authority_records import hear, heard_about

ONE, OTHER = "A1234BC", "Z9999ZZ"


def test_the_newer_of_own_and_everybodys(conn: Connection, base: Case) -> None:
    assert heard_about(conn, [ONE]) == {}
    hear(conn, Source.ALERTS, base.now, ONE)
    assert heard_about(conn, [ONE]) == {Source.ALERTS: base.now}
    assert heard_about(conn, [OTHER]) == {}
    later = base.now + timedelta(minutes=1)
    hear(conn, Source.ALERTS, later)
    assert heard_about(conn, [ONE])[Source.ALERTS] == heard_about(conn, [OTHER])[Source.ALERTS] == later


def test_an_older_word_changes_nothing(conn: Connection, base: Case) -> None:
    hear(conn, Source.RECALL, base.now, ONE)
    hear(conn, Source.RECALL, base.now - timedelta(minutes=1), ONE)
    assert heard_about(conn, [ONE])[Source.RECALL] == base.now


def test_of_linked_numbers_the_oldest_counts(conn: Connection, base: Case) -> None:
    hear(conn, Source.RECALL, base.now, ONE)
    assert heard_about(conn, [ONE, OTHER]) == {}
    hear(conn, Source.RECALL, base.now - timedelta(minutes=9), OTHER)
    assert heard_about(conn, [ONE, OTHER])[Source.RECALL] == base.now - timedelta(minutes=9)
    hear(conn, Source.RECALL, base.now - timedelta(minutes=5))
    assert heard_about(conn, [ONE, OTHER])[Source.RECALL] == base.now - timedelta(minutes=5)
    hear(conn, Source.ALERTS, base.now)
    assert heard_about(conn, [ONE, OTHER])[Source.ALERTS] == base.now
