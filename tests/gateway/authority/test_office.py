"""The embedded authority behind the lanes' port: a whole decision from the store, and what changes it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from sallyport_gateway.authority.records import Alert
from sallyport_gateway.casebook.words import Case
from sallyport_gateway.drivers import authority_embedded as embedded
from sallyport_gateway.drivers.authority_access import Action, By, accesses_of, millis
from sallyport_gateway.drivers.authority_office import LISTED_BACK, EmbeddedAuthority
from sallyport_gateway.drivers.authority_records import Kind, put
from sallyport_gateway.ledger import freezes, life
from sallyport_gateway.ledger.freezes import Scope
from sallyport_gateway.ports import Question
from sallyport_protocol.checks import ADMISSION, CheckOutcome, passed
from sallyport_protocol.decision import Verdict
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.subject import Modality, RecordedException, Reference

CLERK = By("omu.clerk", "release due")
NUMBER, SESSION = "A1234BC", b"\x5e" * 16


@pytest.fixture
def office() -> EmbeddedAuthority:
    return EmbeddedAuthority(b"k" * 32, ledger_current=lambda: True)


@pytest.fixture
def approved(settled: Connection, base: Case, office: EmbeddedAuthority) -> Connection:
    embedded.create(settled, base.evidence.authorisations[0], CLERK, base.now)
    for officer in ("a.bell", "c.dale"):
        assert office.approve(settled, "auth-1", officer, base.now) is None
    life.create(settled, "auth-1", millis(base.now))
    return settled


@pytest.fixture
def question(base: Case) -> Question:
    checks = tuple(passed(number) for number in ADMISSION)
    return Question("auth-1", "MDI", "MDI-LANE-1", "pedestrian", SESSION, checks, base.now, "k.lane")


def failed(office: EmbeddedAuthority, conn: Connection, question: Question) -> tuple[int, ...]:
    decision = office.decide(conn, question)
    assert (decision.verdict is Verdict.RELEASE) == (decision.refused == ())
    return tuple(sorted({*decision.numbers(CheckOutcome.FAIL), *decision.numbers(CheckOutcome.UNKNOWN)}))


def test_everything_in_order_releases(office: EmbeddedAuthority, approved: Connection, question: Question) -> None:
    decision = office.decide(approved, question)
    assert decision.verdict is Verdict.RELEASE and decision.prisoner_number == NUMBER
    assert decision.session == SESSION.hex() and decision.policy.startswith("2026-1 ")


def test_the_ledger_speaks_in_check_25(office: EmbeddedAuthority, approved: Connection, question: Question) -> None:
    now = millis(question.now)
    life.reserve(approved, "auth-1", SESSION, "gateway-1", now)
    assert failed(office, approved, question) == ()
    assert failed(office, approved, replace(question, session=b"\x01" * 16)) == (25,)
    freezes.freeze(approved, Scope.LANE, "MDI-LANE-2", "a.bell", "drill", now)
    assert failed(office, approved, question) == ()
    freezes.freeze(approved, Scope.PRISON, "MDI", "a.bell", "drill", now)
    assert failed(office, approved, question) == (25,)


def test_a_gateway_that_does_not_know_its_record_grants_nothing(approved: Connection, question: Question) -> None:
    for current in (False, None):
        unsure = EmbeddedAuthority(b"k" * 32, ledger_current=lambda current=current: current)
        assert failed(unsure, approved, question) == (25,)


def test_news_before_the_grant_holds_the_door(
    office: EmbeddedAuthority, approved: Connection, question: Question
) -> None:
    put(approved, Kind.ALERT, NUMBER, Alert(alert_id="n", alert_type="X", alert_code="XNR"), CLERK, question.now)
    assert failed(office, approved, question) == (14, 16)


def test_a_withdrawal_holds_the_door(office: EmbeddedAuthority, approved: Connection, question: Question) -> None:
    assert office.withdraw(approved, "auth-1", "a.bell", "court order", question.now) is None
    life.stop(approved, "auth-1", "court order", millis(question.now))
    assert failed(office, approved, question) == (14, 25)
    assert "cannot be" in (office.withdraw(approved, "auth-1", "a.bell", "again", question.now) or "")


def test_time_alone_holds_the_door(office: EmbeddedAuthority, approved: Connection, question: Question) -> None:
    later = replace(question, now=question.now + timedelta(minutes=16))
    assert {13, 16, 24} <= set(failed(office, approved, later))


def test_whoever_left_is_out(office: EmbeddedAuthority, approved: Connection, question: Question) -> None:
    office.released(approved, "auth-1", question.now)
    assert {13, 14} <= set(failed(office, approved, question))
    case = office.case(approved, "auth-1")
    assert case is not None and case.state == "EXPIRED"
    office.released(approved, "nothing", question.now)


def test_an_authorisation_that_is_not_there(
    office: EmbeddedAuthority, approved: Connection, question: Question
) -> None:
    assert {13, 14, 23, 25} <= set(failed(office, approved, replace(question, authorisation="nothing")))
    assert office.case(approved, "nothing") is None


def test_references_come_back_and_belong_to_one_person(office: EmbeddedAuthority, conn: Connection, base: Case) -> None:
    face = Reference(
        modality=Modality.FACE, position=0, template=b"t" * 512, captured_on="2026-03-01", record=b"r" * 32
    )
    office.enrol(conn, NUMBER, face, CLERK, base.now)
    assert office.references(conn, NUMBER, "k.lane", base.now) == (face,)
    assert office.references(conn, "B2345CD", "k.lane", base.now) == ()
    assert accesses_of(conn, NUMBER)[-1].action is Action.CONSULTED
    with pytest.raises(MalformedError, match="does not open"):
        EmbeddedAuthority(b"x" * 32, ledger_current=lambda: True).references(conn, NUMBER, "k.lane", base.now)
    with pytest.raises(MalformedError, match="32 bytes"):
        EmbeddedAuthority(b"x", ledger_current=lambda: True)


def test_a_stored_reference_is_not_readable(office: EmbeddedAuthority, conn: Connection, base: Case) -> None:
    face = Reference(
        modality=Modality.FACE, position=0, template=b"t" * 512, captured_on="2026-03-01", record=b"r" * 32
    )
    office.enrol(conn, NUMBER, face, CLERK, base.now)
    kept = conn.exec_driver_sql("SELECT sealed FROM authority_reference").scalar()
    assert isinstance(kept, bytes) and b"t" * 16 not in kept


def test_an_exception_ends(office: EmbeddedAuthority, conn: Connection, base: Case) -> None:
    recorded = RecordedException(modality=Modality.FINGER, reason="bandaged hand", officer="k.lane")
    office.except_modality(conn, NUMBER, recorded, base.now + timedelta(hours=1), base.now)
    assert office.exceptions(conn, NUMBER, base.now) == (recorded,)
    assert office.exceptions(conn, NUMBER, base.now + timedelta(hours=1)) == ()


def test_the_list_of_a_prison(office: EmbeddedAuthority, approved: Connection, base: Case) -> None:
    assert office.cases(approved, "WWI", base.now) == []
    closes = base.evidence.authorisations[0].window_closes
    assert [each.authorisation for each in office.cases(approved, "MDI", closes)] == ["auth-1"]
    assert office.cases(approved, "MDI", closes + LISTED_BACK) == []
    case = office.case(approved, "auth-1")
    assert case is not None and (case.name, case.approvers) == ("Rowan James Harte", ("a.bell", "c.dale"))
