"""The page of holds and of who is due: what the store holds is on it, and the acts on it do what they say."""

import asyncio
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from lane_kiosk import non_match
from lane_world import GOVERNOR, OFFICER, World

from sallyport_gateway.authority.findings import finding
from sallyport_gateway.authority.holding import Ending, Held
from sallyport_gateway.authority.preflight import Line
from sallyport_gateway.drivers.authority_access import By
from sallyport_gateway.drivers.authority_holds import end_hold, ended_holds, open_hold, open_holds
from sallyport_gateway.drivers.authority_nights import claim, finish
from sallyport_gateway.drivers.authority_tables import alarms, releases
from sallyport_gateway.store import Store
from sallyport_gateway.views.ahead_views import Ahead
from sallyport_gateway.web.ahead import router
from sallyport_protocol.acts import ActKind
from sallyport_protocol.causes import CauseCode, NextStep, Owner
from sallyport_protocol.decision import Verdict
from sallyport_protocol.errors import MalformedError

NOW = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
NASTY = '<img src=x onerror="alert(1)">'


def held(number: str, opened: datetime) -> Held:
    cause, owner, step = CauseCode.REMAND_WARRANT, Owner.COURT_LIAISON, NextStep.COURT_URGENT_QUERY
    reasons = ("WARRANT_OUTSTANDING", "SOURCE_STALE")
    return Held(number, f"auth {number}", "MDI", Verdict.HOLD, cause, owner, step, reasons, opened, opened.date())


def fill(store: Store) -> None:
    """One of everything."""

    def job(conn: Any) -> None:
        open_hold(conn, held("A1234BC", NOW - timedelta(minutes=95)))
        open_hold(conn, held("B2345CD", NOW - timedelta(days=1)))
        ended = open_hold(conn, held("C3456DE", NOW - timedelta(hours=5)))
        end_hold(conn, ended, Ending.ERROR_PREVENTED, By("d.morgan", f"the court confirmed it {NASTY}"), NOW)
        at = int(NOW.timestamp() * 1_000)
        row = {"authorisation": "gone-1", "prisoner_number": "D4567EF", "prison_id": "MDI", "request": "{}"}
        conn.execute(releases.insert(), {**row, "released_at": at, "watched_until": at})
        alarm = {"authorisation": "gone-1", "reason": "IS91", "records": "i-1", "sentence": f"IS91 {NASTY}."}
        tell = {"cause": "IMMIGRATION_WARRANT", "tell": "POLICE,HOME_OFFICE", "raised_at": at}
        conn.execute(alarms.insert(), {**alarm, **tell})
        claim(conn, "MDI", NOW.date(), "gateway-1", NOW)
        missing = finding("NO_AUTHORISATION", id="of any kind", number="E5678FG")
        lines = [
            Line("", "E5678FG", f"أحمد {NASTY}", date(2026, 6, 11), 2, (missing,), ("No face reference is enrolled.",)),
            Line("auth-9", "F6789GH", "Seán Ó Briain", date(2026, 6, 20), 14, (), ()),
        ]
        finish(conn, "MDI", NOW.date(), lines, NOW)

    store.write_now(job)


@pytest.fixture
def store(fast_folder: Path) -> Iterator[Store]:
    with Store(Path(tempfile.mkdtemp(dir=fast_folder)) / "store.db") as made:
        fill(made)
        yield made


SEEN: list[tuple[str, ...]] = []


async def _seen(reader: Any, people: Any, what: str) -> None:
    SEEN.append(tuple(people))


def page(store: Store) -> str:
    file = SimpleNamespace(prisons=("MDI",), preflight="02:00")
    service = SimpleNamespace(
        configuration=SimpleNamespace(file=file),
        clock=SimpleNamespace(now=lambda: NOW),
        store=store,
        authority=SimpleNamespace(case=lambda conn, paper: SimpleNamespace(name=NASTY)),
    )
    app = FastAPI()
    app.include_router(router(Ahead(service, SimpleNamespace(consulted=_seen)), lambda: NOW, lambda: False))  # type: ignore[arg-type]

    async def get() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk") as client:
            return await client.get("/ahead")

    answer = asyncio.run(get())
    assert answer.status_code == 200
    return answer.text


def test_everything_that_stands_open_is_on_the_page_with_who_must_do_what(store: Store) -> None:
    told = page(store)
    for words in (
        "Remand warrant not applied, misfiled or missing",
        "Court liaison",
        "urgent query",
        "1 h 35 min",
        "Duty governor; governing governor at 13:25",
        "should have been free since midnight",
        "Police, Home Office",
        "The release would have been an error",
        "d.morgan",
        "Within 2 days: 1, of them 1 not ready",
        "Within 14 days: 1, of them 0 not ready",
        "No face reference is enrolled.",
        "Seán Ó Briain",
        "أحمد",
    ):
        assert words in told, words
    assert told.index("B2345CD") < told.index("A1234BC"), "who is held too long comes first"
    assert "<img" not in told and "&lt;img" in told
    assert set(SEEN[-1]) == {"A1234BC", "B2345CD", "C3456DE", "D4567EF", "E5678FG", "F6789GH"}, "each is a consultation"


def test_an_empty_store_says_so(tmp_path: Path) -> None:
    with Store(tmp_path / "empty.db") as made:
        told = page(made)
    assert "Nobody is held." in told and "Nobody has been looked at yet" in told


# Acts


def _hold(world: World) -> str:
    paper = world.authorise()
    world.to_verdict(paper, non_match)
    found = world.store.read_now(lambda conn: open_holds(conn, None, world.clock.now()))
    assert len(found) == 1 and found[0].held.authorisation == paper
    return str(found[0].id)


def test_an_officer_says_how_a_hold_ended_and_it_stays_on_record(world: World) -> None:
    number = _hold(world)
    refused = world.act(OFFICER, ActKind.SETTLE, hold=number, ending="SETTLED", why="it was me")
    assert refused is not None and not refused.accepted, "the officer at the door may not"
    done = world.act(GOVERNOR, ActKind.SETTLE, hold=number, ending="ERROR_PREVENTED", why="another person indeed")
    assert done is not None and done.accepted, done
    (ended,) = world.store.read_now(lambda conn: ended_holds(conn, "MDI", world.clock.now() - timedelta(hours=1)))
    assert (ended.ending, ended.ended_by, ended.note) == (Ending.ERROR_PREVENTED, GOVERNOR, "another person indeed")
    again = world.act(GOVERNOR, ActKind.SETTLE, hold=number, ending="SETTLED", why="again")
    assert again is not None and not again.accepted and "already" in again.sentences[0]


@pytest.mark.parametrize(
    "fields",
    [
        {"hold": "x", "ending": "SETTLED", "why": "w"},
        {"hold": "1", "ending": "ATTEMPT_REPEATED", "why": "w"},
        {"hold": "1", "ending": "GONE", "why": "w"},
        {"hold": "1", "ending": "SETTLED"},
        {"hold": "9" * 30, "ending": "SETTLED", "why": "w"},
    ],
)
def test_what_says_nothing_usable_of_a_hold_is_refused(world: World, fields: dict[str, str]) -> None:
    with pytest.raises(MalformedError):
        asyncio.run(world.desk.do(world.signed(GOVERNOR, ActKind.SETTLE, **fields)))


def test_a_withdrawal_and_a_later_release_end_the_hold(world: World) -> None:
    _hold(world)
    paper = next(each.authorisation for each in world.store.read_now(_cases(world)))
    world.act(GOVERNOR, ActKind.WITHDRAW, authorisation=paper, reason="another date")
    (ended,) = world.store.read_now(lambda conn: ended_holds(conn, "MDI", world.clock.now() - timedelta(hours=1)))
    assert ended.ending is Ending.WITHDRAWN and ended.note == "another date"


def _cases(world: World) -> Any:
    return lambda conn: world.authority.cases(conn, "MDI", world.clock.now())


def test_only_the_governor_answers_an_alarm_about_a_release_and_only_once(world: World) -> None:
    fill(world.store)
    fields = {"authorisation": "gone-1", "reason": "IS91", "error": "yes", "why": "police told at 12:05"}
    refused = world.act(OFFICER, ActKind.ANSWER, **fields)
    assert refused is not None and not refused.accepted
    done = world.act(GOVERNOR, ActKind.ANSWER, **fields)
    assert done is not None and done.accepted
    again = world.act(GOVERNOR, ActKind.ANSWER, **fields)
    assert again is not None and not again.accepted
    with pytest.raises(MalformedError, match="yes or no"):
        asyncio.run(world.desk.do(world.signed(GOVERNOR, ActKind.ANSWER, **{**fields, "error": "maybe"})))
