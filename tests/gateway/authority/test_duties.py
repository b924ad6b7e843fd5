"""What a gateway does with nobody at a door: told once, recorded once, and made up for when it was missed."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from conftest import fill
from sqlalchemy import Connection

from sallyport_gateway.audit import log as audit
from sallyport_gateway.authority.calendar import night_of
from sallyport_gateway.authority.holding import Ending, Held
from sallyport_gateway.authority.records import Warrant
from sallyport_gateway.authority.words import WarrantKind, WarrantStatus
from sallyport_gateway.casebook.words import Case
from sallyport_gateway.drivers import authority_embedded as embedded
from sallyport_gateway.drivers.authority_access import By
from sallyport_gateway.drivers.authority_holds import end_hold, open_hold
from sallyport_gateway.drivers.authority_nights import PATIENCE, claim, finish, latest
from sallyport_gateway.drivers.authority_office import EmbeddedAuthority
from sallyport_gateway.drivers.authority_records import Kind, put
from sallyport_gateway.drivers.authority_sweep import note_release
from sallyport_gateway.duties import Duties, Place
from sallyport_gateway.ledger import life
from sallyport_gateway.notice import Notice
from sallyport_gateway.store import Store
from sallyport_protocol.causes import CauseCode, NextStep, Owner
from sallyport_protocol.decision import Verdict

LOG, BY = "gateway-1", By("omu.clerk", "due")


class Gateway:
    """One gateway's duties, its clock moved by hand."""

    def __init__(self, store: Store, now: datetime, name: str = LOG) -> None:
        self.store, self.now, self.told, self.gathered = store, now, list[Notice](), list[str]()
        authority = EmbeddedAuthority(b"k" * 32, lambda: True)
        place = Place(name, name, ("MDI",), time(2, 0))
        self.duties = Duties(store, place, authority, lambda: self.now, self.told.append, self._gather)

    async def _gather(self, number: str) -> None:
        self.gathered.append(number)

    def round(self, after: timedelta = timedelta(0)) -> list[str]:
        """One round after some time; the codes of what was told in it."""
        self.now += after
        before = len(self.told)
        asyncio.run(self.duties.once())
        return [each.code for each in self.told[before:]]


@pytest.fixture
def store(fast_folder: Path) -> Iterator[Store]:
    with Store(Path(tempfile.mkdtemp(dir=fast_folder)) / "store.db") as made:
        yield made


@pytest.fixture
def gateway(store: Store, base: Case) -> Gateway:
    store.write_now(lambda conn: fill(conn, base))
    return Gateway(store, base.now)


def held(opened: datetime) -> Held:
    cause, owner, step = CauseCode.REMAND_WARRANT, Owner.COURT_LIAISON, NextStep.COURT_URGENT_QUERY
    return Held(
        "A1234BC", "auth-1", "MDI", Verdict.HOLD, cause, owner, step, ("WARRANT_OUTSTANDING",), opened, opened.date()
    )


def paper(case: Case) -> Callable[[Connection], None]:
    def job(conn: Connection) -> None:
        embedded.create(conn, case.evidence.authorisations[0], BY, case.now)
        for officer in ("a.bell", "c.dale"):
            embedded.approve(conn, "auth-1", By(officer, "approval"), case.now)
        life.create(conn, "auth-1", int(case.now.timestamp() * 1_000))

    return job


def entries(store: Store, kind: str) -> list[dict[str, object]]:
    found = store.read_now(lambda conn: list(audit.entries(conn, LOG)))
    return [each.content for each in found if each.kind == kind]


def test_a_hold_is_escalated_and_over_detention_is_said_at_every_gateway(gateway: Gateway, store: Store) -> None:
    number = store.write_now(lambda conn: open_hold(conn, held(gateway.now)))
    other = Gateway(store, gateway.now, "gateway-2")
    assert gateway.round(timedelta(minutes=5)) == []
    assert gateway.round(timedelta(minutes=26)) == ["HOLD_ESCALATED"]
    assert "duty governor" in gateway.told[-1].sentence and gateway.told[-1].prison == "MDI"
    assert gateway.round(timedelta(seconds=20)) == [], "each step once"
    other.now = gateway.now
    assert other.round() == ["HOLD_ESCALATED"], "the other gateway's officers too"
    assert set(gateway.round(timedelta(hours=14))) == {"HOLD_ESCALATED", "OVER_DETENTION"}
    assert Gateway(store, gateway.now).round() == ["HOLD_ESCALATED", "OVER_DETENTION"], "again after a restart"
    store.write_now(lambda conn: end_hold(conn, number, Ending.SETTLED, BY, gateway.now))
    assert Gateway(store, gateway.now).round() == []


def test_a_warrant_after_the_release_is_an_alarm_within_a_round_and_in_the_audit(
    gateway: Gateway, store: Store, base: Case
) -> None:
    store.write_now(paper(base))
    store.write_now(lambda conn: note_release(conn, base.request, base.now))
    assert gateway.round(timedelta(seconds=20)) == []
    prisoner = base.evidence.prisoner
    assert prisoner is not None
    warrant = Warrant(
        warrant_id="W-9", kind=WarrantKind.REMAND, status=WarrantStatus.OUTSTANDING,
        prisoner_number=prisoner.prisoner_number, surname=prisoner.surname, forenames=prisoner.forenames,
        date_of_birth=prisoner.date_of_birth,
    )  # fmt: skip
    number = prisoner.prisoner_number
    store.write_now(lambda conn: put(conn, Kind.WARRANT, number, warrant, By("court", "feed"), gateway.now))
    assert "RELEASED_IN_ERROR" in gateway.round(timedelta(seconds=20)), "well within a minute"
    told = next(each for each in gateway.told if each.code == "RELEASED_IN_ERROR")
    assert "police" in told.sentence and "victim contact" in told.sentence and told.prison == "MDI"
    (entry, *_) = entries(store, "RELEASED_IN_ERROR")
    assert entry["prison"] == "MDI" and entry["cause"] and "POLICE" in str(entry["tell"])
    count = len(entries(store, "RELEASED_IN_ERROR"))
    assert "RELEASED_IN_ERROR" not in gateway.round(timedelta(seconds=20))
    assert "RELEASED_IN_ERROR" in Gateway(store, gateway.now, "gateway-2").round()
    assert len(entries(store, "RELEASED_IN_ERROR")) == count


def test_every_hour_the_sources_are_asked_about_who_has_left(gateway: Gateway, store: Store, base: Case) -> None:
    store.write_now(lambda conn: note_release(conn, base.request, base.now))
    gateway.round()
    gateway.gathered.clear()
    gateway.round(timedelta(minutes=59))
    assert gateway.gathered == []
    gateway.round(timedelta(minutes=2))
    assert gateway.gathered == ["A1234BC"]


def test_a_paper_whose_window_is_over_ends_and_its_life_stops(gateway: Gateway, store: Store, base: Case) -> None:
    store.write_now(paper(base))
    gateway.now = base.evidence.authorisations[0].window_closes
    gateway.round(timedelta(seconds=1))
    stopped = store.read_now(lambda conn: life.find(conn, "auth-1"))
    ended = store.read_now(lambda conn: embedded.find(conn, "auth-1"))
    assert stopped is not None and stopped.stopped_at is not None
    assert ended is not None and ended.state.value == "EXPIRED"


# The look ahead


def test_the_look_ahead_is_made_once_a_night_and_made_up_for(gateway: Gateway, store: Store, base: Case) -> None:
    store.write_now(paper(base))
    gateway.round()
    first = store.read_now(lambda conn: latest(conn, "MDI"))
    assert first is not None and first.day == date(2026, 6, 10), "a missed night is made up for at once"
    assert gateway.gathered == ["A1234BC"], "the sources are asked anew"
    (row,) = first.rows
    assert row["prisonerNumber"] == "A1234BC" and row["withinDays"] == 2
    assert any("reference is enrolled" in each for each in row["references"]), "usability of references"
    assert not row["ready"]
    (entry,) = entries(store, "PREFLIGHT")
    assert entry == {"prison": "MDI", "day": "2026-06-10", "due": 1, "to_settle": 1}
    gateway.round(timedelta(hours=1))
    Gateway(store, gateway.now, "gateway-2").round()
    assert len(entries(store, "PREFLIGHT")) == 1
    gateway.now = datetime(2026, 6, 11, 0, 59, 59, tzinfo=UTC)  # 01:59:59 in London
    gateway.round()
    assert len(entries(store, "PREFLIGHT")) == 1
    gateway.round(timedelta(seconds=1))
    assert [each["day"] for each in entries(store, "PREFLIGHT")] == ["2026-06-10", "2026-06-11"]


def test_a_night_that_never_ended_is_begun_again_by_one(store: Store, base: Case) -> None:
    now, day = base.now, base.now.date()

    def asks(who: str, at: datetime) -> bool:
        return store.write_now(lambda conn: claim(conn, "MDI", day, who, at))

    assert asks("gateway-1", now)
    assert not asks("gateway-2", now + PATIENCE - timedelta(seconds=1))
    assert asks("gateway-2", now + PATIENCE)
    assert not asks("gateway-1", now + PATIENCE)
    store.write_now(lambda conn: finish(conn, "MDI", day, [], now))
    assert not asks("gateway-1", now + timedelta(hours=12))


@pytest.mark.parametrize(
    ("now", "at", "night"),
    [
        ("2026-06-10T00:59:59+00:00", "02:00", "2026-06-09"),
        ("2026-06-10T01:00:00+00:00", "02:00", "2026-06-10"),
        ("2026-01-10T01:59:59+00:00", "02:00", "2026-01-09"),
        ("2026-01-10T02:00:00+00:00", "02:00", "2026-01-10"),
        ("2026-03-29T00:59:59+00:00", "01:30", "2026-03-28"),  # the clocks go forward at 01:00 UTC: no 01:30
        ("2026-03-29T01:29:59+00:00", "01:30", "2026-03-28"),
        ("2026-03-29T01:30:00+00:00", "01:30", "2026-03-29"),  # 02:30 in London
        ("2026-10-25T00:29:59+00:00", "01:30", "2026-10-24"),  # the clocks go back at 01:00 UTC: 01:30 twice
        ("2026-10-25T00:30:00+00:00", "01:30", "2026-10-25"),
        ("2026-10-25T01:30:00+00:00", "01:30", "2026-10-25"),
        ("2026-06-10T23:00:00+00:00", "00:00", "2026-06-11"),
        ("2026-06-10T22:59:59+00:00", "00:00", "2026-06-10"),
        ("2026-12-31T23:59:59+00:00", "23:59", "2026-12-31"),
    ],
)
def test_which_night_is_due_by_londons_clock(now: str, at: str, night: str) -> None:
    assert night_of(datetime.fromisoformat(now), time.fromisoformat(at)).isoformat() == night


def test_every_night_of_two_years_is_due_exactly_once() -> None:
    """Asked every twenty minutes, clock changes included."""
    moment, seen = datetime(2026, 1, 1, tzinfo=UTC), list[date]()
    while moment < datetime(2028, 1, 1, tzinfo=UTC):
        night = night_of(moment, time(1, 30))
        if not seen or seen[-1] != night:
            seen.append(night)
        moment += timedelta(minutes=20)
    assert seen == [date(2025, 12, 31) + timedelta(days=place) for place in range(len(seen))] and len(seen) == 731


def test_a_duty_that_fails_hinders_no_other(gateway: Gateway, store: Store) -> None:
    store.write_now(lambda conn: open_hold(conn, held(gateway.now - timedelta(hours=3))))

    async def broken(number: str) -> None:
        raise ValueError("not foreseen")

    gateway.duties._gather = broken
    assert gateway.round() == ["HOLD_ESCALATED"]
