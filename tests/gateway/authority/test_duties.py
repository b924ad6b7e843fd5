"""What the gateway does with nobody at a door, each round in one transaction with its audit entry."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from sallyport_gateway.audit import log as audit
from sallyport_gateway.authority.holding import Held
from sallyport_gateway.authority.policy import release_policy
from sallyport_gateway.authority.records import Warrant
from sallyport_gateway.authority.words import WarrantKind, WarrantStatus
from sallyport_gateway.casebook.words import Case
from sallyport_gateway.drivers import authority_embedded as embedded
from sallyport_gateway.drivers.authority_access import By
from sallyport_gateway.drivers.authority_holds import open_hold
from sallyport_gateway.drivers.authority_records import Kind, put
from sallyport_gateway.drivers.authority_sweep import note_release
from sallyport_gateway.duties import one_round
from sallyport_gateway.ledger import life
from sallyport_protocol.causes import CauseCode, NextStep, Owner
from sallyport_protocol.decision import Verdict

POLICY, LOG = release_policy(), "gateway-1"
NOON = datetime(2026, 6, 10, 11, 0, tzinfo=UTC)
HELD = Held(
    "A1234BC", "auth-1", "MDI", Verdict.HOLD, CauseCode.REMAND_WARRANT, Owner.COURT_LIAISON,
    NextStep.COURT_URGENT_QUERY, ("WARRANT_OUTSTANDING",), NOON, NOON.date(),
)  # fmt: skip


def test_a_hold_is_escalated_and_over_detention_is_said(conn: Connection) -> None:
    open_hold(conn, HELD)
    assert one_round(conn, LOG, POLICY, NOON + timedelta(minutes=5)) == []
    (told,) = one_round(conn, LOG, POLICY, NOON + timedelta(minutes=31))
    assert told.code == "HOLD_ESCALATED" and "duty governor" in told.sentence and "A1234BC" in told.sentence
    codes = {each.code for each in one_round(conn, LOG, POLICY, NOON + timedelta(hours=13))}
    assert "OVER_DETENTION" in codes
    assert one_round(conn, LOG, POLICY, NOON + timedelta(hours=13, minutes=1)) == []


def test_a_warrant_after_the_release_is_an_alarm_within_a_round_and_in_the_audit(
    settled: Connection, base: Case
) -> None:
    conn, now, number = settled, base.now, base.evidence.prisoner_number
    note_release(conn, base.request, now)
    one_round(conn, LOG, POLICY, now + timedelta(minutes=1))
    before = audit.size(conn, LOG)
    prisoner = base.evidence.prisoner
    assert prisoner is not None
    warrant = Warrant(
        warrant_id="W-9", kind=WarrantKind.REMAND, status=WarrantStatus.OUTSTANDING, prisoner_number=number,
        surname=prisoner.surname, forenames=prisoner.forenames, date_of_birth=prisoner.date_of_birth,
    )  # fmt: skip
    put(conn, Kind.WARRANT, number, warrant, By("court", "feed"), now + timedelta(minutes=2))
    notices = one_round(conn, LOG, POLICY, now + timedelta(minutes=2))
    assert any(each.code == "RELEASED_IN_ERROR" and "police" in each.sentence for each in notices)
    kinds = [each.kind for each in audit.entries(conn, LOG, before)]
    assert kinds and set(kinds) == {"RELEASED_IN_ERROR"}
    again = one_round(conn, LOG, POLICY, now + timedelta(minutes=3))
    assert not any(each.code == "RELEASED_IN_ERROR" for each in again)


def test_a_paper_whose_window_is_over_ends_and_its_life_stops(settled: Connection, base: Case) -> None:
    conn, now = settled, base.now
    wanted = base.evidence.authorisations[0]
    assert isinstance(embedded.create(conn, wanted, By("omu.clerk", "due"), now), embedded.Changed)
    for officer in ("a.bell", "c.dale"):
        embedded.approve(conn, wanted.id, By(officer, "approval"), now)
    life.create(conn, wanted.id, int(now.timestamp() * 1_000))
    one_round(conn, LOG, POLICY, wanted.window_closes + timedelta(seconds=1))
    held, paper = life.find(conn, wanted.id), embedded.find(conn, wanted.id)
    assert held is not None and held.stopped_at is not None
    assert paper is not None and paper.state.value == "EXPIRED"


def test_a_round_with_nothing_to_do_writes_nothing(conn: Connection) -> None:
    assert one_round(conn, LOG, POLICY, NOON) == []
    assert audit.size(conn, LOG) == 0
