"""Fixtures that more than one part uses."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from sallyport_provisioning.apply import create_development_estate
from sallyport_provisioning.approved import Approved
from sallyport_provisioning.estate import Estate
from sallyport_rig.demonstration.loopback import free_port

if TYPE_CHECKING:
    from fastapi import FastAPI
    from httpx import Response
    from playwright.sync_api import Browser, Page

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # a test may load ONNX Runtime before our packages do

settings.register_profile("repeatable", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("search", parent=settings.get_profile("repeatable"), derandomize=False)
settings.load_profile("repeatable")  # `pytest --hypothesis-profile search` looks for examples that nobody has seen yet

APPROVED = Approved({"embedder": b"\x11" * 32, "minutiae": b"\x22" * 32}, (b"\x33" * 32,), (bytes(32),))
"""Stands for the models and the builds where a test does not run them; a simulated board states 32 zeros."""


@pytest.fixture(scope="session")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Estate:
    """A development estate for the whole session: read it, never change it (make your own to change one)."""
    return new_estate(tmp_path_factory.mktemp("estate") / "run")


@pytest.fixture
def own_estate(tmp_path: Path) -> Estate:
    """A development estate of this test alone, free to be changed."""
    return new_estate(tmp_path / "run")


def new_estate(path: Path) -> Estate:
    """One on free ports. Takes about 0.1 s."""
    return create_development_estate(
        path, broker_port=free_port(), gateway_port=free_port(), screen_port=free_port(), approved=APPROVED
    )


CHROMIUM = Path("/usr/bin/chromium")
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def assets() -> Path:
    """The style sheets that the pages serve."""
    folder = ROOT / "var/assets"
    if not (folder / ".installed").is_file():
        pytest.skip("the pages' style sheets are missing: run `make assets`")
    return folder


class Caller:
    """Calls an application in this process, without a socket, one request at a time."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def get(self, path: str) -> Response:
        return self.request("GET", path)

    def request(self, method: str, path: str, **options: Any) -> Response:
        from httpx import ASGITransport, AsyncClient

        async def once() -> Response:
            async with AsyncClient(transport=ASGITransport(self._app), base_url="http://desk.test") as client:
                return await client.request(method, path, **options)

        return asyncio.run(once())


@pytest.fixture(scope="session")
def calling() -> type[Caller]:
    """`calling(app)` answers requests to an application."""
    return Caller


@pytest.fixture(scope="session")
def axe() -> str:
    """The accessibility checker, as script."""
    script = ROOT / "node_modules/axe-core/axe.min.js"
    if not script.is_file():
        pytest.skip("axe-core is missing: run `make assets`")
    return script.read_text("utf-8")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window. It goes with its module: while it lives, an event loop runs here."""
    if not CHROMIUM.is_file():
        pytest.skip("Chromium is missing: apt-get install chromium")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=15_000)  # a busy machine may be slow; tests of speed measure by themselves
    quiet = ("background-networking", "component-update", "sync", "quic", "gpu")
    options = ["--no-sandbox", "--no-first-run", *(f"--disable-{each}" for each in quiet)]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=options)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh page in a profile of its own, 1280 x 800. Any script error on it fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    errors: list[object] = []
    opened.on("pageerror", lambda error: errors.append(error))
    yield opened
    context.close()
    assert errors == []
