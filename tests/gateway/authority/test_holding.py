"""Holds that are owned, with a clock; what becomes known after a release; who is due soon; the figures."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection

from sallyport_gateway.authority.evidence import ReleaseRequest
from sallyport_gateway.authority.holding import Ending, Held, Level, clock, held_by
from sallyport_gateway.authority.policy import release_policy
from sallyport_gateway.authority.preflight import HeldReference, band_of, look_ahead, usability
from sallyport_gateway.authority.records import ImmigrationRecord, Recall, Warrant
from sallyport_gateway.authority.sweep import Told
from sallyport_gateway.authority.words import ImmigrationKind, RecallStatus, RecallType, WarrantKind, WarrantStatus
from sallyport_gateway.casebook.files import LIBRARY, read_case
from sallyport_gateway.casebook.replay import replay
from sallyport_gateway.casebook.words import Case
from sallyport_gateway.drivers import authority_embedded as embedded
from sallyport_gateway.drivers.authority_access import By
from sallyport_gateway.drivers.authority_holds import end_hold, end_holds_of, escalate, open_hold, open_holds
from sallyport_gateway.drivers.authority_preflight import preflight
from sallyport_gateway.drivers.authority_records import Kind, put
from sallyport_gateway.drivers.authority_statistics import figures, write_csv
from sallyport_gateway.drivers.authority_sweep import answer_alarm, note_release, sweep_releases
from sallyport_protocol.causes import CauseCode, NextStep, Owner
from sallyport_protocol.decision import Verdict
from sallyport_protocol.subject import Modality

POLICY = release_policy()
BY = By("a.bell", "settled with the court")
NUMBER = "A1234BC"
NOON = datetime(2026, 6, 10, 11, 0, tzinfo=UTC)
HELD = Held(
    NUMBER,
    "auth-1",
    "MDI",
    Verdict.HOLD,
    CauseCode.REMAND_WARRANT,
    Owner.COURT_LIAISON,
    NextStep.COURT_URGENT_QUERY,
    ("WARRANT_OUTSTANDING",),
    NOON,
    date(2026, 6, 10),
)


@pytest.mark.parametrize(
    ("minutes", "level", "next_in"),
    [
        (0, Level.OWNER, 30),
        (29, Level.OWNER, 30),
        (30, Level.DUTY_GOVERNOR, 120),
        (120, Level.GOVERNING_GOVERNOR, None),
    ],
)
def test_the_clock_escalates(minutes: int, level: Level, next_in: int | None) -> None:
    told = clock(NOON, None, NOON + timedelta(minutes=minutes))
    assert told.level is level and told.running == timedelta(minutes=minutes) and not told.over_detained
    assert told.next_at == (None if next_in is None else NOON + timedelta(minutes=next_in))


def test_over_detention_begins_at_londons_midnight() -> None:
    due, midnight = date(2026, 6, 10), datetime(2026, 6, 10, 23, 0, tzinfo=UTC)
    assert not clock(NOON, due, midnight - timedelta(seconds=1)).over_detained
    assert clock(NOON, due, midnight).over_detained


def test_a_decision_makes_a_hold_with_owner_and_reasons() -> None:
    case = read_case(LIBRARY / "smith-2025.json")
    held = held_by(replay(case, POLICY).decision, "WWI", date(2026, 6, 10))
    assert held is not None and (held.cause, held.owner) == (CauseCode.IMPRISONMENT_WARRANT, Owner.COURT_LIAISON)
    assert held.reasons == ("COURT_SENTENCE",)
    assert held_by(replay(read_case(LIBRARY / "base-cr.json"), POLICY).decision, "MDI", None) is None


def test_a_hold_escalates_once_a_level_and_ends_with_a_word(conn: Connection) -> None:
    hold = open_hold(conn, HELD)
    assert open_hold(conn, replace(HELD, opened_at=NOON + timedelta(hours=1))) == hold, "the clock goes on"
    assert escalate(conn, NOON + timedelta(minutes=5)) == []
    told = escalate(conn, NOON + timedelta(minutes=31))
    assert [(each.hold.clock.level, each.over_detention) for each in told] == [(Level.DUTY_GOVERNOR, False)]
    assert escalate(conn, NOON + timedelta(minutes=40)) == []
    told = escalate(conn, NOON + timedelta(hours=13))
    assert [each.over_detention for each in told] == [False, True]
    assert [each.id for each in open_holds(conn, "MDI", NOON)] == [hold] and open_holds(conn, "WWI", NOON) == []
    assert end_hold(conn, hold, Ending.ERROR_PREVENTED, BY, NOON + timedelta(hours=14))
    assert not end_hold(conn, hold, Ending.SETTLED, BY, NOON + timedelta(hours=15))
    assert open_holds(conn, None, NOON) == [] and escalate(conn, NOON + timedelta(days=9)) == []
    assert open_hold(conn, HELD) != hold


def test_another_cause_is_another_hold(conn: Connection) -> None:
    other = replace(HELD, cause=CauseCode.IMMIGRATION_WARRANT)
    assert open_hold(conn, HELD) != open_hold(conn, other)
    assert end_holds_of(conn, "auth-1", Ending.ATTEMPT_REPEATED, BY, NOON) == 2


@pytest.fixture
def released(settled: Connection, base: Case) -> Connection:
    embedded.create(settled, base.evidence.authorisations[0], BY, base.now)
    note_release(settled, base.request, base.now)
    note_release(settled, base.request, base.now)
    return settled


def test_nothing_new_raises_nothing(released: Connection, base: Case) -> None:
    assert sweep_releases(released, POLICY, base.now + timedelta(days=3)) == []


def test_news_after_a_release_is_an_alarm_once(released: Connection, base: Case) -> None:
    immigration = ImmigrationRecord(record_id="im", kind=ImmigrationKind.IS91)
    put(released, Kind.IMMIGRATION, NUMBER, immigration, BY, base.now)
    recall = Recall(recall_id="r", recall_type=RecallType.LR, status=RecallStatus.OUTSTANDING)
    put(released, Kind.RECALL, NUMBER, recall, BY, base.now)
    raised = sweep_releases(released, POLICY, base.now + timedelta(minutes=1))
    told = {each.alarm.finding.reason: set(each.alarm.tell) for each in raised}
    assert told.keys() == {"IMMIGRATION_HOLD", "RECALL_OUTSTANDING"}
    assert {Told.POLICE, Told.VICTIM_CONTACT, Told.HOME_OFFICE} <= told["IMMIGRATION_HOLD"]
    assert sweep_releases(released, POLICY, base.now + timedelta(minutes=2)) == []
    warrant = Warrant(warrant_id="w", kind=WarrantKind.ARREST, status=WarrantStatus.OUTSTANDING, surname="Harte")
    put(released, Kind.WARRANT, None, warrant, BY, base.now)
    assert [each.alarm.finding.reason for each in sweep_releases(released, POLICY, base.now)] == ["WARRANT_UNMATCHED"]


def test_the_watch_ends(released: Connection, base: Case) -> None:
    recall = Recall(recall_id="r", recall_type=RecallType.LR, status=RecallStatus.OUTSTANDING)
    put(released, Kind.RECALL, NUMBER, recall, BY, base.now)
    assert sweep_releases(released, POLICY, base.now + timedelta(days=28)) == []
    assert sweep_releases(released, POLICY, base.now + timedelta(days=27))


def test_the_figures_count_by_month_prison_and_cause(released: Connection, base: Case) -> None:
    hold = open_hold(released, HELD)
    end_hold(released, hold, Ending.ERROR_PREVENTED, BY, NOON)
    open_hold(released, replace(HELD, opened_at=datetime(2026, 6, 30, 23, 30, tzinfo=UTC)))
    put(released, Kind.IMMIGRATION, NUMBER, ImmigrationRecord(record_id="i", kind=ImmigrationKind.IS91), BY, NOON)
    sweep_releases(released, POLICY, NOON)
    assert answer_alarm(released, "auth-1", "IMMIGRATION_HOLD", BY, NOON, was_error=True)
    assert not answer_alarm(released, "auth-1", "IMMIGRATION_HOLD", BY, NOON, was_error=False)
    rows = figures(released, NOON - timedelta(days=30), NOON + timedelta(days=30))
    assert write_csv(rows).splitlines() == [
        "month,prison,cause,published_cause,holds,prevented_errors,real_errors,over_detentions",
        '2026-06,MDI,IMMIGRATION_WARRANT,"Immigration warrant not applied, misfiled or missing",0,0,1,0',
        '2026-06,MDI,REMAND_WARRANT,"Remand warrant not applied, misfiled or missing",1,1,0,0',
        '2026-07,MDI,REMAND_WARRANT,"Remand warrant not applied, misfiled or missing",1,0,0,0',
    ]
    assert figures(released, NOON + timedelta(days=30), NOON + timedelta(days=60)) == []


FACE = HeldReference(Modality.FACE, date(2026, 1, 1), usable=True)
FINGER = HeldReference(Modality.FINGER, date(2026, 1, 1), usable=True)


@pytest.mark.parametrize(("days", "band"), [(-1, 2), (0, 2), (2, 2), (3, 14), (14, 14), (15, None)])
def test_bands(days: int, band: int | None) -> None:
    assert band_of(date(2026, 6, 10) + timedelta(days=days), NOON) == band


def test_usable_references() -> None:
    day = date(2026, 6, 10)
    assert usability([FACE, FINGER], day) == ()
    assert usability([FACE], day) == ("No finger reference is enrolled.",)
    assert "opens with this gateway's key" in usability([FACE, replace(FINGER, usable=False)], day)[0]
    assert "more than 5 years old" in usability([replace(FACE, captured_on=date(2021, 6, 1)), FINGER], day)[0]
    assert usability([replace(FACE, captured_on=date(2001, 6, 1)), FACE, FINGER], day) == ()


def test_somebody_in_order_is_ready_days_before(base: Case) -> None:
    early = base.now - timedelta(minutes=119)
    line = look_ahead(base.evidence.authorisations[0], base.evidence, [FACE, FINGER], POLICY, early)
    assert line is not None and (line.band, line.day) == (2, date(2026, 6, 10))
    assert {each.reason for each in line.findings} <= {"SOURCE_IN_FUTURE", "NOT_FRESH"}
    line = look_ahead(base.evidence.authorisations[0], base.evidence, [FACE], POLICY, base.now)
    assert line is not None and line.findings == () and not line.ready


def test_the_nightly_list_names_everybody_due(settled: Connection, base: Case) -> None:
    lines = preflight(settled, "MDI", POLICY, base.now, lambda _: True, lambda evidence: evidence)
    assert [(line.prisoner_number, [each.reason for each in line.findings]) for line in lines] == [
        (NUMBER, ["NO_AUTHORISATION"])
    ]
    embedded.create(settled, base.evidence.authorisations[0], BY, base.now)
    lines = preflight(settled, "MDI", POLICY, base.now, lambda _: True, lambda e: e.with_ledger({}, (), True))
    reasons = {each.reason for each in lines[0].findings}
    assert len(lines) == 1 and reasons == {"AUTHORISATION_NOT_APPROVED", "TOO_FEW_APPROVERS"}
    assert len(lines[0].references) == 2 and not lines[0].ready
    assert preflight(settled, "WWI", POLICY, base.now, lambda _: True, lambda e: e) == []


def test_a_release_request_survives_the_store(base: Case) -> None:
    assert ReleaseRequest.parse(base.request.to_json()) == base.request
