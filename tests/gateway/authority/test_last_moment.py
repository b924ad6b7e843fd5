"""Withdrawal up to the last moment: whatever happens before the grant holds the door, whenever it happens.

The moments of one opening, in the order in which the gateway passes them; at each, each kind of news comes in.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from sallyport_gateway.authority.json_form import Record
from sallyport_gateway.authority.records import Alert, Hold, ImmigrationRecord, Recall, Warrant
from sallyport_gateway.authority.words import (
    HoldKind,
    ImmigrationKind,
    RecallStatus,
    RecallType,
    WarrantKind,
    WarrantStatus,
)
from sallyport_gateway.casebook.words import Case
from sallyport_gateway.drivers import authority_embedded as embedded
from sallyport_gateway.drivers.authority_access import By, millis
from sallyport_gateway.drivers.authority_hmpps import take_event
from sallyport_gateway.drivers.authority_office import EmbeddedAuthority
from sallyport_gateway.drivers.authority_records import Kind, put
from sallyport_gateway.ledger import freezes, life
from sallyport_gateway.ledger.freezes import Scope
from sallyport_gateway.ledger.words import Door, Moved, Shown
from sallyport_gateway.ports import Question
from sallyport_protocol.checks import ADMISSION, passed
from sallyport_protocol.decision import Verdict

NUMBER, SESSION = "A1234BC", b"\x5e" * 16
BY = By("omu.clerk", "news")
DOOR = Door("MDI", "MDI-LANE-1", "MDI-L01")
News = Callable[[Connection, datetime], None]


def record(kind: Kind, made: Record, about: str | None = NUMBER) -> News:
    """A record arrives; the lives that it concerns are revised in the same transaction, as the gateway does."""

    def happen(conn: Connection, now: datetime) -> None:
        life.revise(conn, put(conn, kind, about, made, BY, now).touched)

    return happen


def withdraw(conn: Connection, now: datetime) -> None:
    embedded.withdraw(conn, "auth-1", BY, now)
    life.stop(conn, "auth-1", "withdrawn", millis(now))


def event(conn: Connection, now: datetime) -> None:
    told = take_event(conn, {"eventType": "court-warrant.file.received", "prisonerNumber": NUMBER}, now)
    life.revise(conn, told.touched)


def freeze(conn: Connection, now: datetime) -> None:
    freezes.freeze(conn, Scope.ESTATE, "*", "a.bell", "drill", millis(now))


_START = datetime.fromisoformat("2026-06-10T07:00:00+00:00")
NEWS: dict[str, News] = {
    "withdrawal": withdraw,
    "event": event,
    "freeze": freeze,
    "alert": record(Kind.ALERT, Alert(alert_id="n", alert_type="X", alert_code="XNR")),
    "hold": record(Kind.HOLD, Hold(hold_id="h", kind=HoldKind.SECURITY, why="w", placed_by="s", placed_at=_START)),
    "immigration": record(Kind.IMMIGRATION, ImmigrationRecord(record_id="i", kind=ImmigrationKind.IS91)),
    "recall": record(Kind.RECALL, Recall(recall_id="r", recall_type=RecallType.LR, status=RecallStatus.OUTSTANDING)),
    "warrant": record(
        Kind.WARRANT,
        Warrant(warrant_id="w", kind=WarrantKind.REMAND, status=WarrantStatus.OUTSTANDING, surname="Harte"),
    ),
}
STRAY = record(
    Kind.WARRANT,
    Warrant(warrant_id="w", kind=WarrantKind.REMAND, status=WarrantStatus.OUTSTANDING, surname="Harte"),
    None,
)
MOMENTS = ("before the verdict", "before the reservation", "before the nonce", "after the re-check", "after the grant")


@pytest.fixture
def ready(settled: Connection, base: Case) -> Connection:
    embedded.create(settled, base.evidence.authorisations[0], BY, base.now)
    for officer in ("a.bell", "c.dale"):
        embedded.approve(settled, "auth-1", By(officer, "read"), base.now)
    life.create(settled, "auth-1", millis(base.now))
    return settled


def attempt(conn: Connection, now: datetime, news: News, moment: str) -> bool:
    """One whole opening with the news at its moment. True when a grant was made."""
    office = EmbeddedAuthority(b"k" * 32, ledger_current=lambda: True)
    checks = tuple(passed(number) for number in ADMISSION)
    question = Question("auth-1", "MDI", "MDI-LANE-1", "pedestrian", SESSION, checks, now, "k.lane")

    def at(name: str) -> None:
        if name == moment:
            news(conn, now)

    at("before the verdict")
    if office.decide(conn, question).verdict is not Verdict.RELEASE:
        return False
    at("before the reservation")
    if not isinstance(life.reserve(conn, "auth-1", SESSION, "gateway-1", millis(now)), Moved):
        return False
    at("before the nonce")
    held = life.find(conn, "auth-1")
    assert held is not None
    if office.decide(conn, question).verdict is not Verdict.RELEASE:
        return False
    at("after the re-check")
    answer = life.grant(conn, "auth-1", SESSION, DOOR, Shown(b"n" * 16, 1), held.revision, millis(now))
    at("after the grant")
    return isinstance(answer, Moved)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("news", list(NEWS))
def test_news_before_the_grant_holds_the_door(ready: Connection, base: Case, news: str, moment: str) -> None:
    assert attempt(ready, base.now, NEWS[news], moment) is (moment == "after the grant")


@pytest.mark.parametrize("moment", MOMENTS[:3])
def test_so_does_a_warrant_linked_to_nobody(ready: Connection, base: Case, moment: str) -> None:
    assert attempt(ready, base.now, STRAY, moment) is False


def test_without_news_it_opens(ready: Connection, base: Case) -> None:
    assert attempt(ready, base.now, lambda *_: None, "never") is True


def test_the_window_closes_on_a_slow_attempt(ready: Connection, base: Case) -> None:
    closes = base.evidence.authorisations[0].window_closes
    assert attempt(ready, closes - timedelta(milliseconds=1), lambda *_: None, "never") is False, "sources are stale"
