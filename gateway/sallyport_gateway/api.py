"""The same views as JSON, for machines: `GET /api/lanes`, `GET /api/lanes/{lane}`. Reading only."""

from dataclasses import asdict
from datetime import date, datetime
from enum import Enum
from typing import Any

from fastapi import APIRouter, HTTPException
from fastapi.responses import JSONResponse

from sallyport_gateway.web.ports import OfficerViews


def router(views: OfficerViews) -> APIRouter:
    """The routes over these views."""
    routes = APIRouter(prefix="/api")

    @routes.get("/lanes")
    async def lanes() -> JSONResponse:
        return JSONResponse(_plain(asdict(await views.lanes())))

    @routes.get("/lanes/{lane}")
    async def one(lane: str) -> JSONResponse:
        found = await views.lane(lane)
        if found is None:
            raise HTTPException(404, "There is no lane of that name.")
        return JSONResponse(_plain(asdict(found)))

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
