"""For machines: the same views as JSON (`GET /api/lanes`, `GET /api/lanes/{lane}`), and whole signed acts.

`POST /api/acts` takes one act as COSE_Sign1 bytes; the signature is all the authority that it needs. A program reads
after such an act of the kind SIGN_IN, with the cookie that answers it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import date, datetime
from enum import Enum
from typing import Any, Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse

from sallyport_gateway.web.acts import told
from sallyport_gateway.web.gate import reader_of
from sallyport_gateway.web.ports import ActOutcome, ElsewhereError, OfficerViews
from sallyport_protocol.errors import MalformedError, RoadError

MAX_ACT: Final = 131_072
"""Largest act accepted, bytes."""


def router(views: OfficerViews, do: Callable[[bytes], Awaitable[ActOutcome]]) -> APIRouter:
    """The routes over these views; `do` takes a whole signed act."""
    routes = APIRouter(prefix="/api")

    @routes.get("/lanes")
    async def lanes(request: Request) -> JSONResponse:
        view = await views.lanes()
        await views.consulted(reader_of(request.state), view.people, "release desk, as data")
        return JSONResponse(_plain(asdict(view)))

    @routes.get("/lanes/{lane}")
    async def one(request: Request, lane: str) -> JSONResponse:
        found = await views.lane(lane)
        if found is None:
            raise HTTPException(404, "There is no lane of that name.")
        await views.consulted(reader_of(request.state), found.people, f"{lane}, as data")
        return JSONResponse(_plain(asdict(found)))

    @routes.post("/acts")
    async def act(request: Request) -> JSONResponse:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_ACT:
                return JSONResponse({"accepted": False, "sentences": [f"An act is at most {MAX_ACT} bytes long."]}, 413)
        try:
            outcome = await do(body)
        except ElsewhereError:
            raise  # the application sends the caller to the other gateway, act and all
        except MalformedError as error:
            return JSONResponse({"accepted": False, "sentences": [str(error)]}, 400)
        except RoadError as error:
            return JSONResponse({"accepted": False, "sentences": [str(error)]}, 503)
        return told(outcome, request)

    return routes


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case Enum():
            return value.value
        case datetime() | date():
            return value.isoformat()
    return value
