"""The page on which an officer finds a person by name, alias or number, for a purpose that is kept.

It is a plain form: it works without a script, and nothing that was typed is in an address, a history or a log of
requests. Who reads is the officer who signed in.
"""

from collections.abc import Callable
from dataclasses import fields
from time import monotonic
from typing import Final, Protocol
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from sallyport_gateway.allowance import Allowance
from sallyport_gateway.web.gate import reader_of
from sallyport_gateway.web.pages import Pages
from sallyport_gateway.web.ports import Reader
from sallyport_gateway.web.search_view import Asked, FoundView, SearchView
from sallyport_protocol.errors import MalformedError

MAX_FORM: Final = 8_192
"""Largest form taken, bytes: 900 characters of any script, percent-encoded."""
SEARCHES_PER_S: Final = 0.25
SEARCHES_AT_ONCE: Final = 30.0
"""Searches of one reader: more than a person types, and too few to copy the roll."""


class SearchViews(Protocol):
    """What this page needs."""

    async def search(self, asked: Asked, reader: Reader) -> FoundView:
        """Finds, logs, and only then answers. Raises RoadError where it cannot log, and nothing is shown."""


def router(views: SearchViews, seconds: Callable[[], float] = monotonic) -> APIRouter:
    """`GET /search` and `POST /search`."""
    routes, pages, allowance = APIRouter(), Pages(), Allowance(SEARCHES_PER_S, SEARCHES_AT_ONCE)

    @routes.get("/search", response_class=HTMLResponse)
    async def form(request: Request) -> str:
        return pages.search_page(SearchView(reader=reader_of(request.state).who))

    @routes.post("/search", response_class=HTMLResponse)
    async def search(request: Request) -> HTMLResponse:
        reader = reader_of(request.state)
        try:
            asked = _asked(await _form(request))
        except MalformedError as error:
            return HTMLResponse(pages.problem_page("This search cannot be read", str(error)), 400)
        if problems := asked.problems:
            return HTMLResponse(pages.search_page(SearchView(asked, problems, reader=reader.who)), 400)
        if not allowance.take(reader.key or reader.who, seconds()):
            sentence = "You have searched very often. Wait a few seconds, then search again."
            return HTMLResponse(pages.problem_page("Wait before you search again", sentence), 429)
        found = await views.search(asked, reader)
        return HTMLResponse(pages.search_page(SearchView(asked, found=found, reader=reader.who)))

    return routes


async def _form(request: Request) -> bytes:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise MalformedError("Use the form of the search page.")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM:
            raise MalformedError("What was typed is too long. Go back and search for less.")
    return body


def _asked(body: bytes) -> Asked:
    """Every field at most once, and no other."""
    known = {each.name for each in fields(Asked)}
    try:
        sent = parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=len(known))
    except (UnicodeDecodeError, ValueError) as error:
        raise MalformedError("The form holds something that is no text. Go back and type it again.") from error
    if not sent.keys() <= known or any(len(values) > 1 for values in sent.values()):
        raise MalformedError("Use the form of the search page.")
    return Asked(**{name: values[0] for name, values in sent.items()})
