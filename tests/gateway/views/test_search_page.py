"""The page on which an officer finds a person: who is found, who may be mistaken, what is logged, who may see what."""

import json
import os
import tempfile
import threading
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from lane_world import OFFICER, World
from playwright.sync_api import Page, expect

from sallyport_gateway.authority.records import Identity, Named, PrisonerRecord, Relation
from sallyport_gateway.drivers.authority_access import Access, By, accesses_of
from sallyport_gateway.drivers.authority_office import EmbeddedAuthority
from sallyport_gateway.drivers.authority_records import Kind, put
from sallyport_gateway.drivers.authority_tables import accesses
from sallyport_gateway.store import Store
from sallyport_gateway.views.lane_views import Views
from sallyport_gateway.views.search_views import Search
from sallyport_gateway.web import search
from sallyport_gateway.web.app import create_app
from sallyport_gateway.web.gate import COOKIE, Free, nobody_free
from sallyport_gateway.web.ports import NOBODY, Reader
from sallyport_gateway.web.sample.views import SampleViews
from sallyport_gateway.web.search_view import Asked
from sallyport_link.serving import PageServer, open_port
from sallyport_protocol.acts import ActKind
from sallyport_protocol.errors import RoadError
from sallyport_rig.demonstration import records

WHY, BY = "a visitor asks for him", By("reception", "reception")
NASTY = '"><img src=x onerror=alert(1)>'
NUMBER = records.PRISONER
NOW = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
SHOTS = os.environ.get("SALLYPORT_SHOTS")
"""A folder for pictures of the page, to look at."""


def people(store: Store, now: datetime) -> None:
    """The demonstration's prisoner, a double, a namesake, a twin elsewhere, one number away, and hard names."""
    own = PrisonerRecord.parse(records.text(dict(records.standing(now))["PRISONER"]))
    namesake = own.model_copy(update={"prisoner_number": "B2222BB", "date_of_birth": date(1970, 2, 3)})
    double = own.model_copy(update={"prisoner_number": "C3333CC"})
    slip = NUMBER[:-1] + ("B" if NUMBER[-1] != "B" else "C")
    beside = own.model_copy(update={"prisoner_number": slip, "surname": "Okonkwo", "forenames": "Chidi"})
    away = own.model_copy(
        update={
            "prisoner_number": "D4444DD",
            "surname": "Ковальчук",
            "forenames": "Олена",
            "prison_id": "PVI",
            "aliases": (Named(surname=NASTY, forenames="محمد", date_of_birth=date(1988, 4, 5)),),
        }
    )
    twin = {"relationId": "R-1", "kind": "TWIN", "other": f"أحمد {NASTY}", "recordedBy": "s.patel"}
    relation = Relation.parse(json.dumps(twin | {"recordedAt": now.isoformat()}))
    two = Identity.parse('{"cprUuids": ["u-1", "u-2"], "numbers": [{"prisonerNumber": "E5555EE"}]}')

    def job(conn: Any) -> None:
        for each in (own, namesake, double, beside, away):
            put(conn, Kind.PRISONER, each.prisoner_number, each, BY, now)
        put(conn, Kind.RELATION, "D4444DD", relation, BY, now)
        put(conn, Kind.IDENTITY, "D4444DD", two, BY, now)

    store.write_now(job)


def service_of(world: World) -> Any:
    return SimpleNamespace(store=world.store, clock=world.clock, authority=world.authority)


@pytest.fixture
def house(world: World) -> World:
    world.authorise()
    people(world.store, world.clock.now())
    return world


def application(world: World, folder: Path | None, free: Free) -> FastAPI:
    app = create_app(
        Views(world, world.desk),  # type: ignore[arg-type]
        assets_folder=folder,
        now=world.clock.now,
        readers=world.desk.reading,
        free=free,
    )
    app.include_router(search.router(Search(service_of(world))))
    return app


@pytest.fixture
def caller(house: World, calling: Any, tmp_path: Path) -> Any:
    for name in ("govuk-frontend.min.css", "moj-frontend.min.css"):
        (tmp_path / name).write_text("")
    return calling(application(house, tmp_path, nobody_free))


def post(caller: Any, token: str = "", **fields: str) -> Any:
    headers = {"content-type": "application/x-www-form-urlencoded", "cookie": f"{COOKIE}={token}"}
    return caller.request("POST", "/search", content=urlencode(fields), headers=headers)


def signed_in(world: World, officer: str) -> str:
    outcome = world.act(officer, ActKind.SIGN_IN, why="On duty at the release desk")
    assert outcome is not None and outcome.token
    return outcome.token


def log(world: World, number: str | None = NUMBER) -> list[Access]:
    return [
        each for each in world.store.read_now(lambda conn: accesses_of(conn, number or "")) if "search" in each.what
    ]


def seen(world: World, text: str, reader: Reader = NOBODY) -> Any:
    work = Search(service_of(world)).search(Asked(text, why=WHY), reader)
    found = world.run(work)
    assert found is not None
    return found


def test_a_stranger_finds_nobody_and_nothing_is_said(house: World, caller: Any) -> None:
    answer = post(caller, "AAAA", text=NUMBER, why=WHY)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in") and NUMBER not in answer.text
    assert caller.get("/search").status_code == 303 and log(house) == []


def test_everybody_who_is_shown_is_logged_with_who_and_why(house: World, caller: Any) -> None:
    token = signed_in(house, OFFICER)
    answer = post(caller, token, text=f" {NUMBER.lower()} ", why=WHY)
    assert answer.status_code == 200 and NUMBER in answer.text and "One-way" not in answer.text
    for number in (NUMBER, "B2222BB", "C3333CC"):
        assert [(each.who, each.why) for each in log(house, number)] == [(OFFICER, WHY)], number
        assert number in answer.text
    assert "Numbers one slip away" in answer.text and "Okonkwo" in answer.text
    assert len(log(house, NUMBER[:-1] + ("B" if NUMBER[-1] != "B" else "C"))) == 1
    assert log(house, "D4444DD") == [], "who is not shown is not looked at"


def test_nobody_found_is_on_record_too(house: World, caller: Any) -> None:
    answer = post(caller, signed_in(house, OFFICER), text="zzqqxx", why=WHY)
    assert "Nobody of that name or number" in answer.text
    rows = house.store.read_now(lambda conn: conn.execute(accesses.select()).all())
    assert (rows[-1].what, rows[-1].who, rows[-1].why) == ("search without a hit", OFFICER, WHY)
    assert "zzqqxx" not in repr(rows), "the log never holds what was asked for"


def test_who_may_be_mistaken_is_said(house: World) -> None:
    [person] = seen(house, NUMBER).people
    told = " ".join(person.warnings)
    assert "C3333CC has the same name and date of birth" in told and "B2222BB has a similar name" in told
    assert "C3333CC has a similar name" not in told, "one warning about one person"
    assert person.papers[0].authorisation.startswith("auth-") and person.papers[0].state.startswith("approved")
    [away] = seen(house, "Олена Ковальчук").people
    told = " ".join(away.warnings)
    assert "2 people are recorded under this number" in told and "E5555EE (not reviewed yet)" in told
    assert "a twin of this person" in told


def test_of_another_prison_a_reader_sees_who_it_is_and_no_more(house: World) -> None:
    here, there = (Reader(OFFICER, WHY, "k", prison) for prison in ("MDI", "PVI"))
    [away] = seen(house, "Ковальчук", here).people
    assert away.papers is None and away.born.startswith("in ") and away.aliases[0][1] == "in 1988"
    assert away.warnings, "whom it could be mistaken for is for everybody"
    [own] = seen(house, "Ковальчук", there).people
    assert own.papers == () and own.aliases[0][1] == "5 April 1988"


def test_names_stay_text_in_every_script(house: World, caller: Any) -> None:
    answer = post(caller, signed_in(house, OFFICER), text=f"Ковальчук {NASTY}", why=NASTY)
    assert "<img" not in answer.text and "&lt;img src=x onerror" in answer.text
    assert "Ковальчук" in answer.text and "محمد" in answer.text
    assert {each.why for each in log(house, "D4444DD")} == {NASTY}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"text": " ", "why": WHY}, "text"),
        ({"text": "x" * 201, "why": WHY}, "text"),
        ({"text": "Harte", "why": "asked"[:4]}, "why"),
        ({"text": "Harte", "why": "y" * 501}, "why"),
        ({"text": "Harte", "why": WHY, "day": "31", "month": "2", "year": "1991"}, "day"),
        ({"text": "Harte", "why": WHY, "day": "1"}, "day"),
        ({"text": "Harte", "why": WHY, "day": "１", "month": "1", "year": "1991"}, "day"),
        ({"text": "Harte", "why": WHY, "day": "1", "month": "1", "year": "9" * 4_000}, "day"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_kept(
    house: World, caller: Any, fields: dict[str, str], field: str
) -> None:
    answer = post(caller, signed_in(house, OFFICER), **fields)
    assert answer.status_code == 400 and f'id="{field}-error"' in answer.text and f'href="#{field}"' in answer.text
    assert "<title>Error: Find a person" in answer.text
    assert log(house) == []


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe", b"text=a&text=b&why=because", b"text=a&more=1", b"text=%ff&why=because", b"text=" + b"a" * 9_000],
)
def test_what_is_no_form_of_ours_is_refused(house: World, caller: Any, body: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded", "cookie": f"{COOKIE}={signed_in(house, OFFICER)}"}
    assert caller.request("POST", "/search", content=body, headers=headers).status_code == 400
    assert caller.request(
        "POST", "/search", content=b"{}", headers=headers | {"content-type": "application/json"}
    ).is_error
    elsewhere = headers | {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert caller.request("POST", "/search", content=b"text=a", headers=elsewhere).status_code == 403


def test_what_cannot_be_logged_is_not_shown(house: World, caller: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    token = signed_in(house, OFFICER)

    async def full(_self: Any, _job: Any) -> None:
        raise RoadError("The disk is full; make room.")

    monkeypatch.setattr(type(house.store), "write", full)
    answer = post(caller, token, text=NUMBER, why=WHY)
    assert answer.status_code == 503 and "Okonkwo" not in answer.text and "B2222BB" not in answer.text


def test_a_reader_cannot_copy_the_roll(house: World, caller: Any) -> None:
    token = signed_in(house, OFFICER)
    codes = [post(caller, token, text="zzqqxx", why=WHY).status_code for _ in range(int(search.SEARCHES_AT_ONCE) + 3)]
    assert codes[0] == 200 and codes[-1] == 429


@pytest.mark.page
def test_anybody_can_use_it_without_a_mouse_or_a_script(
    page: Page, assets: Path, axe: str, tmp_path: Path, fast_folder: Path
) -> None:
    authority = EmbeddedAuthority(b"k" * 32, lambda: True)
    app = create_app(SampleViews(), assets_folder=assets)
    with Store(Path(tempfile.mkdtemp(dir=fast_folder)) / "store.db") as store:
        people(store, NOW)
        service: Any = SimpleNamespace(store=store, clock=SimpleNamespace(now=lambda: NOW), authority=authority)
        app.include_router(search.router(Search(service)))
        listener = open_port("127.0.0.1", 0)
        server = PageServer(app, log_level="warning")
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            _use(page, f"http://127.0.0.1:{listener.getsockname()[1]}/search", axe)
        finally:
            server.should_exit = True
            thread.join()


def _use(page: Page, address: str, axe: str) -> None:
    """By keyboard alone, with no script of ours."""
    page.route("**/static/*.js", lambda route: route.abort())
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    for text in ("", "Ковальчук", NUMBER):
        page.goto(address)
        page.locator("#text").focus()
        page.keyboard.insert_text(text)
        for _ in range(4):
            page.keyboard.press("Tab")
        page.keyboard.insert_text(WHY if text else "")
        page.keyboard.press("Enter")
        expect(page.locator("#found" if text else ".govuk-error-summary")).to_be_visible()
        page.evaluate(axe)
        found = page.evaluate("tags => axe.run(document, {runOnly: tags})", tags)["violations"]
        assert [(each["id"], each["nodes"][0]["html"][:120]) for each in found] == [], text
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            if SHOTS:
                page.screenshot(path=f"{SHOTS}/search-{len(text)}-{width}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), (text, width)
