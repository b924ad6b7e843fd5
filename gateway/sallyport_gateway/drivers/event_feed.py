"""Listens to HMPPS's feed of changes for ever: asks, takes what came in one transaction, asks on from there.

The position is in the store, so nothing is lost or done twice over a restart. While the feed does not answer, decisions
see when it was last heard and hold (check 24); nothing here has to notice.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any, Final, Protocol

from sallyport_gateway.authority.feed import read_batch
from sallyport_gateway.drivers.authority_feed import Taken, distrust, forget_old, position, take
from sallyport_gateway.store import Store
from sallyport_protocol.errors import MalformedError, SallyportError

log = logging.getLogger(__name__)

SOURCE: Final = "EVENTS"
WAIT_S: Final = 20
"""How long the feed may keep a question that has no news. Source: SQS's longest poll."""

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 15.0
"""Between failures, doubled from the first to the longest and spread over 50 to 150 %."""

SAID_AFTER: Final = 3
"""Failures in a row after which officers are told."""

_RANDOM: Final = random.SystemRandom()


class Client(Protocol):
    async def get(self, source: str, path: str) -> dict[str, Any]:
        """One JSON object; raises SallyportError."""


class EventFeed:
    """One listener. `heard` is told of everything that was taken; `tell` of what officers must know."""

    def __init__(
        self,
        client: Client,
        path: str,
        store: Store,
        log_name: str,
        now: Callable[[], datetime],
        heard: Callable[[Taken], Awaitable[None]],
        tell: Callable[[str, str], None],
    ) -> None:
        self._client, self._path, self._store, self._log_name, self._now = client, path, store, log_name, now
        self._heard, self._tell = heard, tell
        self._failures = 0

    async def listen(self) -> None:
        """For ever. Whatever the feed answers, the next question follows."""
        while True:
            try:
                await self.once()
                self._failures = 0
            except MalformedError as error:
                await self._distrust(str(error))
                await self._failed(str(error))
            except SallyportError as error:
                await self._failed(str(error))
            except Exception as error:
                log.exception("the feed of changes could not be taken; it is asked again")
                await self._failed(f"{type(error).__name__}: {error}")

    async def once(self) -> Taken:
        """One question and its answer."""
        before = await self._store.read(position)
        sign = "&" if "?" in self._path else "?"
        after = "" if before is None else f"&after={before}"
        answer = await self._client.get(SOURCE, f"{self._path}{sign}wait={WAIT_S}{after}")
        batch, now = read_batch(answer), self._now()
        taken = await self._store.write(partial(_take, log=self._log_name, batch=batch, before=before, now=now))
        for code, sentence in taken.alarms:
            self._tell(code, sentence)
        await self._heard(taken)
        return taken

    async def _distrust(self, why: str) -> None:
        """It speaks, and nobody knows what it says: as good as silent, at once."""
        try:
            await self._store.write(distrust)
        except SallyportError as error:
            log.warning("%s; and it could not be noted that %s", error, why)

    async def _failed(self, why: str) -> None:
        self._failures += 1
        log.warning("the feed of changes: %s", why)
        if self._failures == SAID_AFTER:
            self._tell("FEED_SILENT", f"HMPPS's feed of changes cannot be heard; releases will be held. {why}")
        pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(self._failures - 1, 10))
        await asyncio.sleep(pause * (0.5 + _RANDOM.random()))


def _take(conn: Any, log: str, batch: Any, before: int | None, now: datetime) -> Taken:
    taken = take(conn, log, batch, before, now)
    forget_old(conn, now)
    return taken
