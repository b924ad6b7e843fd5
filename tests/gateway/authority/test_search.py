"""Search by number, name and alias, and the references that go with a person."""

from datetime import date

import pytest
from sqlalchemy import Connection

from sallyport_gateway.authority.records import Named
from sallyport_gateway.casebook.words import Case
from sallyport_gateway.drivers.authority_access import Action, By, accesses_of
from sallyport_gateway.drivers.authority_records import Kind, put
from sallyport_gateway.drivers.authority_references import SealedReference, enrol, erase, references_of
from sallyport_gateway.drivers.authority_search import search
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.subject import Modality

BY = By("k.lane", "who is at the desk")
NUMBER = "A1234BC"


def found(conn: Connection, base: Case, text: str, born: date | None = None) -> list[tuple[str, bool]]:
    return [(hit.prisoner_number, hit.alias) for hit in search(conn, text, BY, base.now, born)]


@pytest.fixture
def crowd(settled: Connection, base: Case) -> Connection:
    assert base.evidence.prisoner is not None
    for number, surname, forenames in [
        ("B2345CD", "Hart", "Rohan"),
        ("C3456DE", "Lindqvist", "Oskar"),
        ("D4567EF", "Ковальчук", "Олена"),
    ]:
        alias = Named(surname="Vance", forenames="Ray", date_of_birth=date(1990, 1, 1))
        person = base.evidence.prisoner.model_copy(
            update={
                "prisoner_number": number,
                "surname": surname,
                "forenames": forenames,
                "date_of_birth": date(1970, 1, 1),
                "aliases": (alias,) if number == "C3456DE" else (),
            }
        )
        put(settled, Kind.PRISONER, number, person, BY, base.now)
    return settled


def test_by_number(crowd: Connection, base: Case) -> None:
    assert found(crowd, base, " a1234bc ") == [(NUMBER, False)]


def test_by_name_with_a_slip(crowd: Connection, base: Case) -> None:
    assert found(crowd, base, "Harte")[0] == (NUMBER, False)
    assert (NUMBER, False) in found(crowd, base, "rowan hatre")
    assert found(crowd, base, "Ковальчук") == [("D4567EF", False)]


def test_by_alias_and_birth_date(crowd: Connection, base: Case) -> None:
    assert found(crowd, base, "vance, ray")[0] == ("C3456DE", True)
    assert found(crowd, base, "harte", date(1970, 1, 1)) == [("B2345CD", False)]
    assert found(crowd, base, "harte", date(1971, 1, 1)) == []


def test_nothing_like_it_and_hostile_text(crowd: Connection, base: Case) -> None:
    for text in ("'; DROP TABLE authority_name;--", "<script>", "%", "_" * 200, "!!!"):
        assert all(isinstance(number, str) for number, _ in found(crowd, base, text))
    assert found(crowd, base, "zzzzqqqq") == []
    for text in ("", "  ", "x" * 201):
        with pytest.raises(MalformedError):
            search(crowd, text, BY, base.now)


def test_every_search_is_logged(crowd: Connection, base: Case) -> None:
    before = len(accesses_of(crowd, NUMBER))
    search(crowd, "Harte", BY, base.now)
    line = accesses_of(crowd, NUMBER)[before:]
    assert [(each.who, each.action, each.why) for each in line] == [("k.lane", Action.CONSULTED, "who is at the desk")]


def reference(position: int, made: bytes, modality: Modality = Modality.FINGER) -> SealedReference:
    return SealedReference(NUMBER, modality, position, date(2026, 3, 1), made * 32, "key-1", b"sealed" + made)


def test_a_new_reference_replaces_the_old_one(conn: Connection, base: Case) -> None:
    face = reference(0, b"f", Modality.FACE)
    for each in (reference(2, b"a"), face, reference(2, b"b"), reference(7, b"c")):
        enrol(conn, each, BY, base.now)
    assert references_of(conn, NUMBER) == (face, reference(2, b"b"), reference(7, b"c"))
    assert references_of(conn, "B2345CD") == ()


def test_erasing_leaves_only_that_it_was_done(conn: Connection, base: Case) -> None:
    enrol(conn, reference(2, b"a"), BY, base.now)
    enrol(conn, reference(2, b"b"), BY, base.now)
    assert erase(conn, NUMBER, By("p.dpo", "acquitted"), base.now) == 2
    assert references_of(conn, NUMBER) == ()
    assert [(line.action, line.what) for line in accesses_of(conn, NUMBER)][-1] == (Action.ERASED, "2 references")


@pytest.mark.parametrize(
    "change",
    [
        {"position": 0},
        {"position": 11},
        {"modality": Modality.FACE},
        {"enrolment": b"x"},
        {"sealed": b""},
        {"key_id": ""},
    ],
)
def test_a_reference_that_cannot_be(change: dict[str, object]) -> None:
    good = {name: getattr(reference(2, b"a"), name) for name in SealedReference.__slots__}
    with pytest.raises(MalformedError):
        SealedReference(**{**good, **change})  # type: ignore[arg-type]


def test_a_capture_in_the_future_is_refused(conn: Connection, base: Case) -> None:
    late = SealedReference(NUMBER, Modality.FACE, 0, date(2026, 6, 11), b"f" * 32, "k", b"s")
    with pytest.raises(MalformedError):
        enrol(conn, late, BY, base.now)
