"""The officer's desk over sample data, served from a thread."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from sallyport_gateway.web.app import create_app, utc_now
from sallyport_gateway.web.lane_view import LaneView
from sallyport_gateway.web.sample.views import SampleViews
from sallyport_link.serving import PageServer, open_port


class Desk:
    """A running desk: what it shows can be changed, hung and stopped."""

    def __init__(self, assets: Path, now: Callable[[], datetime] = utc_now) -> None:
        self._assets = assets
        self._now = now
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.views = HangingViews(self._now())
        listener = open_port("127.0.0.1", self.port)
        self.port = listener.getsockname()[1]
        self._server = PageServer(
            create_app(self.views, assets_folder=self._assets, now=self._now), log_level="warning"
        )
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]})
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()

    def show(self, lane: str, view: LaneView) -> None:
        assert self.views.loop is not None, "show only after a page has listened"
        asyncio.run_coroutine_threadsafe(self.views.show(lane, view), self.views.loop).result()


class HangingViews(SampleViews):
    """Sample views that can fall silent without any connection breaking."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self.hung = False
        self.loop: asyncio.AbstractEventLoop | None = None

    async def lane(self, lane: str) -> LaneView | None:
        self.loop = asyncio.get_running_loop()
        while self.hung:
            await asyncio.sleep(0.02)
        return await super().lane(lane)

    async def subscribe(self, lane: str | None) -> AsyncIterator[None]:
        async for _ in super().subscribe(lane):
            yield


@pytest.fixture(scope="session")
def still(assets: Path) -> Iterator[Desk]:
    """A desk to look at, never to change; its time stands still."""
    began = utc_now()
    running = Desk(assets, lambda: began)
    yield running
    running.stop()


@pytest.fixture
def desk(assets: Path) -> Iterator[Desk]:
    """A desk of this test alone."""
    running = Desk(assets)
    yield running
    running.views.hung = False
    running.stop()
