"""The officer's pages as an ASGI application."""

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from sallyport_gateway.web import acts, assets, live
from sallyport_gateway.web.gate import Free, Gate, forget, nobody_free, reader_of, token_of
from sallyport_gateway.web.headers import PageHeaders
from sallyport_gateway.web.pages import Pages
from sallyport_gateway.web.ports import NOBODY, ElsewhereError, OfficerViews, Readers
from sallyport_gateway.web.sharing import Shared
from sallyport_protocol.errors import RoadError

_STATIC = Path(__file__).parent / "static"

Drawn = tuple[tuple[str, ...], live.Picture]
"""Whom a picture names, and the picture."""


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def create_app(
    views: OfficerViews,
    *,
    assets_folder: Path | None = None,
    now: Callable[[], datetime] = utc_now,
    readers: Readers | None = None,
    free: Free = nobody_free,
) -> FastAPI:
    """Builds the application. Without `readers` (sample data) nobody signs in to read; with them, whoever is not `free`
    does. Raises RoadError when the style sheets are missing."""
    pages = Pages()
    app = FastAPI(title="Sallyport", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.closing = False
    app.add_middleware(Gate, readers=readers, free=free)
    app.add_middleware(PageHeaders)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    app.mount("/assets", StaticFiles(directory=assets.find(assets_folder)), name="assets")
    app.include_router(acts.router(views.acts))
    _add_pages(app, views, pages, now)
    _add_sign_out(app, readers)
    _add_streams(app, views, pages, now, readers)
    _add_problems(app, pages)
    return app


def _add_pages(app: FastAPI, views: OfficerViews, pages: Pages, now: Callable[[], datetime]) -> None:
    @app.get("/", response_class=HTMLResponse)
    async def lanes(request: Request) -> str:
        view = await views.lanes()
        await views.consulted(reader_of(request.state), view.people, "release desk")
        return pages.lanes_page(view, now())

    @app.get("/sign-in", response_class=HTMLResponse)
    async def sign_in() -> str:
        return pages.sign_in_page()

    @app.get("/lanes/{lane}", response_class=HTMLResponse)
    async def one_lane(request: Request, lane: str) -> str:
        view = await views.lane(lane)
        if view is None:
            raise HTTPException(404, "There is no lane of that name. Go back to the list of lanes.")
        await views.consulted(reader_of(request.state), view.people, f"page of {lane}")
        return pages.lane_page(view, now())

    @app.get("/lanes/{lane}/photograph/{key}")
    async def photograph(request: Request, lane: str, key: str) -> Response:
        jpeg = await views.photograph(lane, key, reader_of(request.state))
        if jpeg is None:
            raise HTTPException(404, "There is no such photograph, or no longer.")
        return Response(jpeg, media_type="image/jpeg")


def _add_sign_out(app: FastAPI, readers: Readers | None) -> None:
    @app.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        if readers is not None and (token := token_of(request.scope)):
            await readers.leave(token)
        response = Response(status_code=204)
        forget(response)
        return response


def _add_streams(
    app: FastAPI, views: OfficerViews, pages: Pages, now: Callable[[], datetime], readers: Readers | None
) -> None:
    def closing() -> bool:
        return bool(app.state.closing)

    async def over(request: Request) -> bool:
        """Whether the sign-in that began a stream has ended."""
        if readers is None or reader_of(request.state) is NOBODY:
            return False
        return await readers.reader(token_of(request.scope)) is None

    async def draw_desk() -> Drawn:
        view = await views.lanes()
        return view.people, pages.lanes_picture(view, now())

    async def draw_lane(lane: str) -> Drawn | None:
        view = await views.lane(lane)
        return None if view is None else (view.people, pages.lane_picture(view, now()))

    desk, lanes = Shared(draw_desk), dict[str, Shared[Drawn | None]]()

    async def shown(request: Request, drawing: Drawn | None, what: str) -> live.Picture | None:
        if drawing is None:
            return None
        people, picture = drawing
        await views.consulted(reader_of(request.state), people, what)
        return picture

    @app.get("/events")
    async def lanes_events(request: Request) -> Response:
        async def draw() -> live.Picture | None:
            return await shown(request, None if await over(request) else await desk.drawn(), "release desk")

        return _event_stream(live.stream(views.subscribe(None), draw, now, closing))

    @app.get("/lanes/{lane}/events")
    async def lane_events(request: Request, lane: str) -> Response:
        with suppress(ElsewhereError):  # the stream itself says where to
            if await views.lane(lane) is None:
                raise HTTPException(404, "There is no lane of that name.")
        one = lanes.setdefault(lane, Shared(partial(draw_lane, lane)))

        async def draw() -> live.Picture | None:
            return await shown(request, None if await over(request) else await one.drawn(), f"page of {lane}")

        return _event_stream(live.stream(views.subscribe(lane), draw, now, closing))


def _event_stream(content: AsyncIterator[bytes]) -> StreamingResponse:
    return StreamingResponse(content, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _add_problems(app: FastAPI, pages: Pages) -> None:
    @app.exception_handler(HTTPException)
    async def refused(_request: Request, error: HTTPException) -> Response:
        known = error.status_code == 404
        heading = "Page not found" if known else "That cannot be done"
        detail = error.detail if error.detail != "Not Found" else "Go back to the list of lanes."
        return HTMLResponse(pages.problem_page(heading, detail), error.status_code)

    @app.exception_handler(ElsewhereError)
    async def elsewhere(request: Request, error: ElsewhereError) -> Response:
        if error.address:
            return RedirectResponse(f"{error.address}{request.url.path}", 307)
        return HTMLResponse(pages.problem_page("Nobody keeps this lane", str(error)), 503)

    @app.exception_handler(RoadError)
    async def broken(_request: Request, error: RoadError) -> Response:
        return HTMLResponse(pages.problem_page("The gateway cannot show this now", str(error)), 503)
