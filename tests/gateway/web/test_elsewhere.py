"""Officers are sent to the gateway that keeps the lane: by redirection, by a link, and out of a page that is open."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sallyport_gateway import api
from sallyport_gateway.web import live
from sallyport_gateway.web.app import create_app
from sallyport_gateway.web.lane_view import ElsewhereView, LanesView, LaneView
from sallyport_gateway.web.ports import ActOutcome, ElsewhereError
from sallyport_gateway.web.sample.views import SampleViews

if TYPE_CHECKING:
    from playwright.sync_api import Page

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
OTHER = "http://gateway-2.test:8080"


class Moved(SampleViews):
    """One lane is kept by another gateway."""

    address = OTHER

    async def lane(self, lane: str) -> LaneView | None:
        if lane == "hold":
            raise ElsewhereError("gateway-2 keeps hold. Go there.", self.address)
        return await super().lane(lane)

    async def lanes(self) -> LanesView:
        away = ElsewhereView("hold", "gateway-2 keeps hold.", f"{OTHER}/lanes/hold")
        found = await super().lanes()
        return LanesView(found.prison, (), elsewhere=(away,))


async def _do(_: bytes) -> ActOutcome:
    raise ElsewhereError("gateway-2 keeps hold. Go there.", OTHER)


@pytest.fixture
def views() -> Moved:
    return Moved(NOW)


@pytest.fixture
def client(tmp_path: Path, calling: Any, views: Moved) -> Any:
    for name in ("govuk-frontend.min.css", "moj-frontend.min.css"):
        (tmp_path / name).write_text("/* sheet */")
    app = create_app(views, assets_folder=tmp_path, now=lambda: NOW)
    app.include_router(api.router(views, _do))
    return calling(app)


@pytest.mark.parametrize("path", ["/lanes/hold", "/api/lanes/hold"])
def test_what_is_asked_of_a_lane_is_asked_of_its_keeper(client: Any, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 307 and answer.headers["location"] == OTHER + path


def test_a_signed_act_is_brought_on_as_it_is(client: Any) -> None:
    answer = client.request("POST", "/api/acts", content=b"signed")
    assert answer.status_code == 307 and answer.headers["location"] == f"{OTHER}/api/acts"


def test_a_lane_that_nobody_keeps_is_said_to_be_so(client: Any, views: Moved) -> None:
    views.address = ""
    answer = client.get("/lanes/hold")
    assert answer.status_code == 503 and "Nobody keeps this lane" in answer.text


def test_the_first_page_links_to_lanes_elsewhere(client: Any) -> None:
    page = client.get("/").text
    assert f'href="{OTHER}/lanes/hold"' in page and "gateway-2 keeps hold." in page
    assert "No lanes are set up" not in page


def _streamed(address: str) -> list[str]:
    async def ticks() -> AsyncIterator[None]:
        await asyncio.Event().wait()
        yield

    async def draw() -> live.Picture | None:
        raise ElsewhereError("gateway-2 keeps it.", address)

    async def read() -> list[str]:
        return [part.decode() async for part in live.stream(ticks(), draw, lambda: NOW, lambda: False)]

    return asyncio.run(read())[1:]


def test_an_open_page_is_told_where_its_lane_went() -> None:
    [told] = _streamed(OTHER)
    assert json.loads(told.removeprefix("data: ")) == {"moved": OTHER}
    assert _streamed("") == [], "nobody keeps it: contact is lost until somebody does"


@pytest.fixture
def other(desk: Any) -> Iterator[Any]:
    """A second desk, as another gateway has it."""
    running = type(desk)(desk._assets)
    yield running
    running.stop()


def test_an_open_page_goes_there_by_itself(desk: Any, other: Any, page: "Page") -> None:
    from playwright.sync_api import expect

    page.goto(f"{desk.url}/lanes/hold")
    expect(page.locator("html")).to_have_attribute("data-contact", "live")
    plain = desk.views.lane

    async def lane(name: str) -> LaneView | None:
        if name == "hold":
            raise ElsewhereError("The other one keeps it.", other.url)
        found: LaneView | None = await plain(name)
        return found

    desk.views.lane = lane
    expect(page).to_have_url(re.compile(re.escape(f"{other.url}/lanes/hold")))
    expect(page.locator("html")).to_have_attribute("data-contact", "live")
