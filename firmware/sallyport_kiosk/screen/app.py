"""The prisoner's screen as an ASGI application, served by the kiosk to its own display over loopback."""

import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sallyport_kiosk.screen.page import ScreenPage
from sallyport_kiosk.screen.source import ScreenSource
from sallyport_kiosk.screen.texts import LANGUAGES, Texts, load
from sallyport_protocol.errors import RoadError

ENVIRONMENT: Final = "SALLYPORT_ASSETS"
STYLE: Final = "govuk-frontend.min.css"
BEAT_S: Final = 0.4
"""Longest silence on a healthy stream, seconds; `static/screen.js` closes the screen after 1.5 s."""

_STATIC = Path(__file__).parent / "static"
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def create_app(
    source: ScreenSource, *, languages: tuple[str, ...] = LANGUAGES, assets_folder: Path | None = None
) -> FastAPI:
    """Builds the application; the first of `languages` is the site's own.

    Raises RoadError when the style sheet is missing, MalformedError for a language without complete texts.
    """
    page = ScreenPage(tuple(load(language) for language in languages))
    app = FastAPI(title="Sallyport screen", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.closing = False
    app.add_middleware(_ScreenHeaders)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    app.mount("/assets", StaticFiles(directory=find_assets(assets_folder)), name="assets")

    @app.get("/", response_class=HTMLResponse)
    async def home() -> str:
        return page.whole(page.home, source.state())

    @app.get("/picture")
    async def picture() -> Response:
        jpeg = source.jpeg()
        return Response(status_code=204) if jpeg is None else Response(jpeg, media_type="image/jpeg")

    @app.post("/lit/{number}", status_code=204)
    async def lit(number: int) -> Response:
        source.painted(number)
        return Response(status_code=204)

    @app.get("/{language}", response_class=HTMLResponse)
    async def in_language(language: str) -> str:
        return page.whole(_known(page, language), source.state())

    @app.get("/{language}/events")
    async def events(language: str) -> Response:
        stream = _stream(source, page, _known(page, language), lambda: bool(app.state.closing))
        return StreamingResponse(stream, media_type="text/event-stream")

    return app


def find_assets(configured: Path | None = None) -> Path:
    """The folder with the style sheet: as configured, else from the environment, else `var/assets`.

    Raises RoadError when the sheet is not there.
    """
    folder = configured or Path(os.environ.get(ENVIRONMENT) or "var/assets")
    if not (folder / STYLE).is_file():
        raise RoadError(
            f"The screen's style sheet {STYLE} is missing from {folder}. "
            f"Run `make assets`, or set {ENVIRONMENT} to the folder that has it."
        )
    return folder


def _known(page: ScreenPage, language: str) -> Texts:
    texts = page.texts(language)
    if texts is None:
        raise HTTPException(404)
    return texts


async def _stream(
    source: ScreenSource, page: ScreenPage, texts: Texts, closing: Callable[[], bool]
) -> AsyncIterator[bytes]:
    yield b"retry: 500\n\n"
    shown = None
    async for _ in source.subscribe(BEAT_S):
        if closing():
            return
        state = source.state()
        message = page.parts(texts, state) if state != shown else {}
        shown = state
        yield f"data: {json.dumps(message)}\n\n".encode()


class _ScreenHeaders:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._app(scope, receive, send_with_headers)
