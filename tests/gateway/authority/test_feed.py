"""The feed of changes: what it says is taken once, in order, over restarts; what cannot be read is kept and alarmed."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hmpps_server import domain_event
from sqlalchemy import Connection, select

from sallyport_gateway.audit import log as audit
from sallyport_gateway.authority.feed import MOST, Batch, NoMatter, Unclear, Voids, read_batch, read_news
from sallyport_gateway.authority.hmpps import VOIDING_EVENTS
from sallyport_gateway.authority.records import Identity, LinkedNumber
from sallyport_gateway.casebook.words import Case
from sallyport_gateway.drivers import authority_embedded as embedded
from sallyport_gateway.drivers.authority_access import By, millis
from sallyport_gateway.drivers.authority_compose import compose
from sallyport_gateway.drivers.authority_feed import Taken, distrust, floor, position, settle_aside, state, take
from sallyport_gateway.drivers.authority_records import Kind, put
from sallyport_gateway.drivers.authority_tables import events_aside
from sallyport_gateway.ledger import life
from sallyport_protocol.errors import MalformedError

NUMBER, LOG, BY = "A1234BC", "gateway-1", By("omu.clerk", "due")
RECALL = domain_event("recall.inserted", NUMBER)


def notice(sequence: int, event: Any, name: str | None = None) -> dict[str, Any]:
    text = event if isinstance(event, str) else json.dumps(event)
    return {"MessageId": name or f"m-{sequence}", "SequenceNumber": str(sequence), "Message": text}


def batch(*notices: dict[str, Any], oldest: int = 1, newest: int = 0, **more: Any) -> Batch:
    return read_batch({"oldest": oldest, "newest": newest, "notifications": list(notices), **more})


@pytest.fixture
def ready(settled: Connection, base: Case) -> Connection:
    """An approved authorisation, and a feed that was followed up to 10."""
    embedded.create(settled, base.evidence.authorisations[0], BY, base.now)
    for officer in ("a.bell", "c.dale"):
        embedded.approve(settled, "auth-1", By(officer, "read"), base.now)
    life.create(settled, "auth-1", millis(base.now))
    assert take(settled, LOG, batch(newest=10), None, base.now) == Taken(10)
    return settled


def state_of(conn: Connection) -> str:
    found = embedded.find(conn, "auth-1")
    assert found is not None
    return found.state.value


def kinds(conn: Connection) -> list[str]:
    return [each.kind for each in audit.entries(conn, LOG)]


@pytest.mark.parametrize("kind", sorted(VOIDING_EVENTS))
def test_the_events_of_the_field_void(kind: str) -> None:
    assert read_news(json.dumps(domain_event(kind, NUMBER))) == Voids(kind, (NUMBER,))


def test_whom_an_event_names_may_stand_in_several_places() -> None:
    merged = {**RECALL, "additionalInformation": {"nomsNumber": "B2345CD", "removedNomsNumber": "C3456DE"}}
    assert read_news(json.dumps(merged)) == Voids("recall.inserted", (NUMBER, "B2345CD", "C3456DE"))


def test_paper_about_nobody_concerns_everybody() -> None:
    assert read_news(json.dumps(domain_event("court-warrant.file.received", None))) == Voids(
        "court-warrant.file.received", ()
    )


def test_what_changes_no_authority() -> None:
    assert read_news(json.dumps(domain_event("prison.visit.booked", None))) == NoMatter("prison.visit.booked")


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (None, "no Message"),
        (7, "no Message"),
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "eventType"),
        ('{"eventType": 7}', "eventType"),
        (json.dumps(domain_event("recall.inserted", None)), "whom"),
        (json.dumps(domain_event("recall.inserted", "a1234bc")), "not a prisoner number"),
        (json.dumps(domain_event("recall.inserted", "'; DROP TABLE x")), "not a prisoner number"),
        (json.dumps({**RECALL, "personReference": [], "additionalInformation": 3}), "whom"),
    ],
)
def test_what_cannot_be_understood_is_unclear(message: Any, why: str) -> None:
    found = read_news(message)
    assert isinstance(found, Unclear) and why in found.why


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"oldest": 1, "newest": 1},
        {"oldest": 1, "newest": 1, "notifications": {}},
        {"oldest": 1, "newest": 1, "notifications": [3]},
        {"oldest": 1, "newest": 1, "notifications": [{"MessageId": "x", "Message": "{}"}]},
        {"oldest": 1, "newest": 1, "notifications": [notice(1, {}) | {"SequenceNumber": "-1"}]},
        {"oldest": 1, "newest": True, "notifications": []},
        {"oldest": 1, "newest": 1, "notifications": [], "asOf": "noon"},
        {"oldest": 1, "newest": 1, "notifications": [], "asOf": "2026-06-10T09:00:00"},
        {"oldest": 1, "newest": 1, "notifications": [notice(1, {})] * (MOST + 1)},
    ],
)
def test_an_answer_without_its_frame_is_not_taken(answer: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        read_batch(answer)


def test_an_event_voids_and_the_position_moves_in_one_transaction(ready: Connection, base: Case) -> None:
    before = life.find(ready, "auth-1")
    taken = take(ready, LOG, batch(notice(11, RECALL)), 10, base.now)
    assert (taken.position, taken.people, taken.everybody, taken.alarms) == (11, (NUMBER,), False, ())
    after = life.find(ready, "auth-1")
    assert state_of(ready) == "PAUSED" and position(ready) == 11
    assert before is not None and after is not None and after.revision == before.revision + 1
    assert compose(ready, NUMBER).as_of == {}, "what was read of this person before counts no more"
    assert kinds(ready)[-1] == "EVENT"


def test_an_event_about_another_number_of_the_same_person_voids_too(ready: Connection, base: Case) -> None:
    identity = Identity(
        cpr_uuids=("6d0a2a4e-4a52-4d0f-9d9e-3a3c0f0d1c11",),
        numbers=(LinkedNumber(prisoner_number="B2345CD"), LinkedNumber(prisoner_number=NUMBER)),
    )
    put(ready, Kind.IDENTITY, "B2345CD", identity, BY, base.now)
    take(ready, LOG, batch(notice(11, domain_event("recall.inserted", "B2345CD"))), 10, base.now)
    assert state_of(ready) == "PAUSED"


def test_duplicates_are_harmless(ready: Connection, base: Case) -> None:
    """The same sequence, and the same event under a new sequence after two officers have looked again."""
    take(ready, LOG, batch(notice(11, RECALL, "one")), 10, base.now)
    assert isinstance(embedded.resume(ready, "auth-1", BY, base.now), embedded.Changed)
    for officer in ("a.bell", "c.dale"):
        embedded.approve(ready, "auth-1", By(officer, "read"), base.now)
    assert take(ready, LOG, batch(notice(11, RECALL, "one")), 11, base.now) == Taken(11)
    assert take(ready, LOG, batch(notice(12, RECALL, "one")), 11, base.now) == Taken(12)
    assert state_of(ready) == "APPROVED"
    take(ready, LOG, batch(notice(13, RECALL, "two")), 12, base.now)
    assert state_of(ready) == "PAUSED"


def test_an_answer_that_another_gateway_has_taken_does_nothing(ready: Connection, base: Case) -> None:
    assert take(ready, LOG, batch(notice(11, RECALL)), 10, base.now).position == 11
    assert take(ready, LOG, batch(notice(11, RECALL), notice(12, RECALL)), 10, base.now) == Taken(None)
    assert take(ready, LOG, batch(newest=30), None, base.now) == Taken(None)
    assert position(ready) == 11


def test_events_out_of_order_are_put_in_order(ready: Connection, base: Case) -> None:
    taken = take(ready, LOG, batch(notice(12, RECALL), notice(11, RECALL)), 10, base.now)
    assert taken.position == 12 and not taken.alarms


@pytest.mark.parametrize(
    "answer",
    [
        batch(notice(12, domain_event("prison.visit.booked", None))),
        batch(oldest=20, newest=25),
        batch(newest=4),
    ],
    ids=["one is missing", "the feed has forgotten them", "another feed"],
)
def test_after_a_gap_nothing_that_was_read_counts(ready: Connection, base: Case, answer: Batch) -> None:
    assert isinstance(life.reserve(ready, "auth-1", b"s" * 16, "gateway-1", millis(base.now)), life.Moved)
    before = life.find(ready, "auth-1")
    later = base.now + timedelta(seconds=5)
    taken = take(ready, LOG, answer, 10, later)
    assert taken.everybody and [code for code, _ in taken.alarms] == ["EVENTS_MISSING"]
    assert compose(ready, NUMBER).as_of == {} and floor(ready) > later - timedelta(seconds=1)
    after = life.find(ready, "auth-1")
    assert before is not None and after is not None and after.revision > before.revision, "an opening under way stops"
    follow = taken.position
    assert follow is not None and not take(ready, LOG, batch(notice(follow + 1, RECALL)), follow, later).alarms
    assert "EVENTS_MISSING" in kinds(ready)


def test_an_event_that_cannot_be_read_is_kept_alarmed_and_settled(ready: Connection, base: Case) -> None:
    nasty = '<script>alert("x")</script>\u0000'
    taken = take(ready, LOG, batch(notice(11, nasty), notice(12, RECALL)), 10, base.now)
    assert taken.position == 12 and taken.everybody and [code for code, _ in taken.alarms] == ["EVENT_UNCLEAR"]
    (aside,) = ready.execute(select(events_aside)).all()
    assert "<script>" in aside.text and aside.name == "m-11" and aside.settled_at is None
    assert state_of(ready) == "PAUSED", "what came after it is taken all the same"
    assert settle_aside(ready, aside.id, By("d.morgan", "a test of theirs"), base.now)
    assert not settle_aside(ready, aside.id, By("d.morgan", "again"), base.now)


def test_paper_linked_to_nobody_makes_everything_be_read_again_without_an_alarm(ready: Connection, base: Case) -> None:
    taken = take(ready, LOG, batch(notice(11, domain_event("court-warrant.file.received", None))), 10, base.now)
    assert taken.everybody and not taken.alarms and compose(ready, NUMBER).as_of == {}


def test_a_feed_that_cannot_be_understood_counts_as_silent_until_it_can(ready: Connection, base: Case) -> None:
    distrust(ready)
    assert state(ready).heard_at is None
    take(ready, LOG, batch(newest=10), 10, base.now)
    assert state(ready).heard_at == base.now


def test_the_feed_is_heard_up_to_what_it_says_itself(ready: Connection, base: Case) -> None:
    assert state(ready).heard_at == base.now
    later = base.now + timedelta(minutes=3)
    take(ready, LOG, batch(newest=10, asOf=(base.now + timedelta(minutes=1)).isoformat()), 10, later)
    assert state(ready).heard_at == base.now + timedelta(minutes=1)
    take(ready, LOG, batch(newest=10, asOf=(later + timedelta(hours=1)).isoformat()), 10, later)
    assert state(ready).heard_at == later, "a clock ahead of ours makes nothing younger"
