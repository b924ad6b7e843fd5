"""Server-sent events: a page is told of every change, and hears a beat at least every `BEAT_S` seconds.

Each beat re-reads the state, so a beat proves that the gateway can still read it: a lost tick costs one beat, and a
gateway that hangs falls silent, which the page shows as lost contact.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sallyport_gateway.web.ports import ElsewhereError
from sallyport_protocol.errors import SallyportError

BEAT_S: Final = 0.4
"""Longest silence on a healthy stream, seconds. The page takes one second for lost contact (`static/live.js`)."""
RETRY_MS: Final = 500
"""How soon a page that lost contact tries again, milliseconds."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Picture:
    """What a page shows at one moment: the HTML of each region, the tab's title, a sentence to read out."""

    regions: dict[str, str]
    title: str
    announcement: str
    session: str = ""
    """What was told of an act in one session is not left standing in the next."""


async def beats(ticks: AsyncIterator[None], every_s: float) -> AsyncIterator[None]:
    """Yields at once, after each tick, and within `every_s` seconds of the last yield; ends with the ticks."""

    async def following() -> None:
        await anext(ticks)

    waiting: asyncio.Task[None] | None = None
    try:
        while True:
            yield
            waiting = waiting or asyncio.create_task(following())
            done, _ = await asyncio.wait({waiting}, timeout=every_s)
            if done:
                try:
                    waiting.result()
                except StopAsyncIteration:
                    return
                waiting = None
    finally:
        if waiting is not None:
            waiting.cancel()
            with suppress(asyncio.CancelledError, StopAsyncIteration):
                await waiting
        if (aclose := getattr(ticks, "aclose", None)) is not None:
            await aclose()


async def stream(
    ticks: AsyncIterator[None],
    draw: Callable[[], Awaitable[Picture | None]],
    now: Callable[[], datetime],
    closing: Callable[[], bool],
) -> AsyncIterator[bytes]:
    """The bytes of an event stream: regions that changed, else the bare beat. Ends when there is nothing to draw, and
    with the other gateway's address when that one keeps the lane now."""
    yield f"retry: {RETRY_MS}\n\n".encode()
    shown: dict[str, str] = {}
    try:
        async for _ in beats(ticks, BEAT_S):
            if closing():
                return
            picture = await draw()
            if picture is None:
                return
            message: dict[str, Any] = {"now": int(now().timestamp() * 1000)}
            changed = {name: html for name, html in picture.regions.items() if shown.get(name) != html}
            if changed:
                shown = picture.regions
                message |= {"regions": changed, "session": picture.session}
                message |= {"title": picture.title, "announcement": picture.announcement}
            yield f"data: {json.dumps(message)}\n\n".encode()
    except ElsewhereError as error:
        if error.address:
            yield f"data: {json.dumps({'moved': error.address})}\n\n".encode()
    except SallyportError as error:
        _log.warning("A page lost its stream: %s", error)
