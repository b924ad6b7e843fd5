"""The page of holds, of releases that turned out to be errors, and of who is due soon."""

from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime
from typing import Protocol

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from sallyport_gateway.web import live
from sallyport_gateway.web.ahead_view import AheadView
from sallyport_gateway.web.gate import reader_of, token_of
from sallyport_gateway.web.pages import Pages
from sallyport_gateway.web.ports import NOBODY, Reader, Readers

WHAT = "holds and who is due"
"""What the log of consultations calls this page."""


class AheadViews(Protocol):
    """What this page needs."""

    async def ahead(self) -> AheadView:
        """Everything on it now."""

    async def consulted(self, reader: Reader, people: Iterable[str], what: str) -> None:
        """Logs that somebody reads about these prisoner numbers, before they do."""

    def subscribe(self, lane: str | None) -> AsyncIterator[None]:
        """A tick after every change."""


def router(
    views: AheadViews,
    now: Callable[[], datetime],
    closing: Callable[[], bool],
    readers: Readers | None = None,
) -> APIRouter:
    """The page and its stream. Without `readers` nobody signs in to read."""
    routes, pages = APIRouter(), Pages()

    async def read(request: Request) -> AheadView:
        view = await views.ahead()
        await views.consulted(reader_of(request.state), view.people, WHAT)
        return view

    async def signed_in(request: Request) -> bool:
        """Whether the sign-in that began a stream still holds."""
        if readers is None or reader_of(request.state) is NOBODY:
            return True
        return await readers.reader(token_of(request.scope)) is not None

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
