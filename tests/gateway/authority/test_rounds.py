"""The rounds: windows run out, holds escalate; what becomes known after a release is found, each thing once."""

from datetime import timedelta

from sqlalchemy import Connection

from sallyport_gateway.authority.holding import held_by
from sallyport_gateway.authority.policy import release_policy
from sallyport_gateway.authority.records import Identity, LinkedNumber, Recall, Warrant
from sallyport_gateway.authority.words import RecallStatus, RecallType, WarrantKind, WarrantStatus
from sallyport_gateway.casebook.files import LIBRARY, read_case
from sallyport_gateway.casebook.replay import replay
from sallyport_gateway.casebook.words import Case
from sallyport_gateway.drivers import authority_embedded as embedded
from sallyport_gateway.drivers.authority_access import By, millis
from sallyport_gateway.drivers.authority_holds import open_hold, open_holds
from sallyport_gateway.drivers.authority_records import Kind, put
from sallyport_gateway.drivers.authority_rounds import Rounds, go_round
from sallyport_gateway.drivers.authority_sweep import WATCH, note_release, sweep_releases, to_look_at
from sallyport_gateway.ledger import life

POLICY = release_policy()
BY = By("omu.clerk", "release due")
NOTHING = Rounds((), ())


def test_a_round_finds_each_thing_once(settled: Connection, base: Case) -> None:
    embedded.create(settled, base.evidence.authorisations[0], BY, base.now)
    life.create(settled, "auth-1", millis(base.now))
    held = held_by(replay(read_case(LIBRARY / "is91.json"), POLICY).decision, "MDI", None)
    assert held is not None
    open_hold(settled, held)
    assert go_round(settled, base.now) == NOTHING
    half = go_round(settled, base.now + timedelta(minutes=30))
    assert len(half.escalations) == 1 and not half.expired
    closes = base.evidence.authorisations[0].window_closes
    over = go_round(settled, closes)
    assert over.expired == ("auth-1",) and len(over.escalations) == 1
    assert len(open_holds(settled, None, closes)) == 1, "the person is still here"
    ended = life.find(settled, "auth-1")
    assert ended is not None and ended.stopped_at == millis(closes)
    assert go_round(settled, closes) == NOTHING


def test_a_recall_after_the_door_is_an_alarm_in_the_next_round(settled: Connection, base: Case) -> None:
    embedded.create(settled, base.evidence.authorisations[0], BY, base.now)
    note_release(settled, base.request, base.now)
    recall = Recall(recall_id="r", recall_type=RecallType.LR, status=RecallStatus.OUTSTANDING)
    put(settled, Kind.RECALL, "A1234BC", recall, BY, base.now)
    found = sweep_releases(settled, POLICY, base.now + timedelta(seconds=30))
    assert [each.alarm.finding.reason for each in found] == ["RECALL_OUTSTANDING"]
    assert sweep_releases(settled, POLICY, base.now + timedelta(seconds=60)) == []


def test_only_releases_of_which_something_is_new_are_looked_at(settled: Connection, base: Case) -> None:
    """Also what is new under another number of the person, and paper that is linked to nobody."""
    embedded.create(settled, base.evidence.authorisations[0], BY, base.now)
    note_release(settled, base.request, base.now)
    later = base.now + timedelta(minutes=5)
    assert to_look_at(settled, later, None) == ["auth-1"]
    assert to_look_at(settled, later, later - timedelta(minutes=1)) == []
    recall = Recall(recall_id="r", recall_type=RecallType.LR, status=RecallStatus.OUTSTANDING)
    put(settled, Kind.RECALL, "Z9999ZZ", recall, BY, later)
    assert to_look_at(settled, later, later) == []
    identity = Identity(
        cpr_uuids=("6d0a2a4e-4a52-4d0f-9d9e-3a3c0f0d1c11",), numbers=(LinkedNumber(prisoner_number="A1234BC"),)
    )
    put(settled, Kind.IDENTITY, "Z9999ZZ", identity, BY, later)
    assert to_look_at(settled, later, later) == ["auth-1"]
    much_later = later + timedelta(minutes=5)
    stray = Warrant(warrant_id="w", kind=WarrantKind.REMAND, status=WarrantStatus.OUTSTANDING, surname="Nobody")
    put(settled, Kind.WARRANT, None, stray, BY, much_later)
    assert to_look_at(settled, much_later, much_later) == ["auth-1"]
    assert to_look_at(settled, base.now + WATCH, None) == []
