"""The page of holds, of releases that turned out to be errors, and of who is due soon."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any, Protocol

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from sallyport_gateway.web import live
from sallyport_gateway.web.ahead_view import AheadView
from sallyport_gateway.web.pages import Pages

WHAT = "holds and who is due"
"""What the log of consultations calls this page."""


class AheadViews(Protocol):
    """What this page needs."""

    async def ahead(self) -> AheadView:
        """Everything on it now."""

    async def consulted(self, reader: Any, people: Iterable[str], what: str) -> None:
        """Logs that somebody reads about these prisoner numbers, before they do."""

    def subscribe(self, lane: str | None) -> AsyncIterator[None]:
        """A tick after every change."""


async def always(request: Request) -> bool:
    """Where nobody signs in to read."""
    return True


def router(
    views: AheadViews,
    now: Callable[[], datetime],
    closing: Callable[[], bool],
    signed_in: Callable[[Request], Awaitable[bool]] = always,
) -> APIRouter:
    """The page and its stream. `signed_in`: whether the sign-in that began a stream still holds."""
    routes, pages = APIRouter(), Pages()

    async def read(request: Request) -> AheadView:
        view = await views.ahead()
        reader = getattr(request.state, "reader", None)
        if reader is not None:
            await views.consulted(reader, view.people, WHAT)
        return view

    @routes.get("/ahead", response_class=HTMLResponse)
    async def ahead(request: Request) -> str:
        return pages.ahead_page(await read(request), now())

    @routes.get("/ahead/events")
    async def events(request: Request) -> Response:
        async def draw() -> live.Picture | None:
            return pages.ahead_picture(await read(request), now()) if await signed_in(request) else None

        stream = live.stream(views.subscribe(None), draw, now, closing)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    return routes
