"""Telling other systems of releases: written with the release itself, said on MQTT until it has been said often enough.

No acknowledgement of a broker proves that anybody heard (design §8), and those who listen may be away. So each event is
said again after a minute, ten, an hour, six and a day; its number shows whoever listens what they missed, and what they
missed is said again on demand. Whoever says it first claims the turn, so several gateways do not all speak at once.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection, and_, insert, or_, select, text, update

from sallyport_gateway.authority.records import Authorisation
from sallyport_gateway.drivers.authority_access import millis
from sallyport_gateway.drivers.authority_tables import release_events, tokens
from sallyport_gateway.store import Store
from sallyport_protocol import canonical, envelope
from sallyport_protocol.envelope import Signer
from sallyport_protocol.errors import SallyportError
from sallyport_protocol.releases import ReleaseEvent, release_topic
from sallyport_protocol.topics import Topic

log = logging.getLogger(__name__)

AGAIN: Final = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
"""Since the last time it was said. Source: from a broker's restart to a night's outage of whoever listens."""

EVERY_S: Final = 1.0
MOST: Final = 100
"""Events said in one turn."""

EXPIRY_S: Final = 60.0
"""How long the broker may hold one back: then the next repeat comes anyway."""

_LIMIT: Final = 4_096


@dataclass(frozen=True, slots=True)
class Due:
    """An event whose turn it is."""

    prison: str
    sequence: int
    said: int
    content: dict[str, object]


def note(conn: Connection, given: Authorisation, now: datetime) -> int | None:
    """Writes the event of a release, with the release. Its number; None when it was written before."""
    known = select(release_events.c.sequence).where(release_events.c.authorisation == given.id)
    if conn.execute(known).first() is not None:
        return None
    sequence = _next(conn, given.prison_id)
    content = {
        "prison": given.prison_id,
        "sequence": sequence,
        "authorisation": given.id,
        "prisoner": given.prisoner_number,
        "movement": given.movement_type.value,
        "reason": given.movement_reason.value,
        "released_at": millis(now),
    }
    row = {"prison_id": given.prison_id, "sequence": sequence, "authorisation": given.id, "made_at": millis(now)}
    conn.execute(insert(release_events), {**row, "message": canonical.encode(content), "said": 0})
    return sequence


def due(conn: Connection, prisons: list[str], now: datetime) -> list[Due]:
    """Events whose turn it is, oldest first."""
    waited = [
        and_(release_events.c.said == count + 1, release_events.c.said_at <= millis(now - pause))
        for count, pause in enumerate(AGAIN)
    ]
    query = (
        select(release_events)
        .where(release_events.c.prison_id.in_(prisons), or_(release_events.c.said == 0, *waited))
        .order_by(release_events.c.prison_id, release_events.c.sequence)
        .limit(MOST)
    )
    return [
        Due(row.prison_id, row.sequence, row.said, canonical.decode(row.message, limit=_LIMIT))
        for row in conn.execute(query)
    ]


def claim(conn: Connection, each: Due, now: datetime) -> bool:
    """Takes the turn of saying it; False when another gateway has."""
    here = (
        release_events.c.prison_id == each.prison,
        release_events.c.sequence == each.sequence,
        release_events.c.said == each.said,
    )
    turn = {"said": each.said + 1, "said_at": millis(now)}
    return conn.execute(update(release_events).where(*here).values(turn)).rowcount == 1


def say_again(conn: Connection, prison: str, after: int) -> int:
    """Whoever missed events hears them again, with all the repeats. How many there are."""
    here = (release_events.c.prison_id == prison, release_events.c.sequence > after)
    return conn.execute(update(release_events).where(*here).values(said=0, said_at=None)).rowcount


def told(conn: Connection, prison: str, after: int) -> list[dict[str, object]]:
    """A prison's releases after a number, as they are said."""
    query = (
        select(release_events)
        .where(release_events.c.prison_id == prison, release_events.c.sequence > after)
        .order_by(release_events.c.sequence)
    )
    return [
        {**canonical.decode(row.message, limit=_LIMIT), "said": row.said, "said_at": row.said_at}
        for row in conn.execute(query)
    ]


class Announcer:
    """Says what is due, for ever. `connected`: whether anything said now would leave."""

    def __init__(
        self,
        store: Store,
        name: str,
        prisons: list[str],
        signer: Signer,
        now: Callable[[], datetime],
        send: Callable[[Topic, bytes, float], None],
        connected: Callable[[], bool],
    ) -> None:
        self._store, self._name, self._prisons, self._signer = store, name, prisons, signer
        self._now, self._send, self._connected = now, send, connected

    async def keep(self) -> None:
        """A look every second."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.once()
            except SallyportError as error:
                log.warning("releases could not be told: %s", error)
            except Exception:
                log.exception("releases could not be told; the next turn tries again")

    async def once(self) -> int:
        """Says what is due now. How many events."""
        if not self._connected():
            return 0
        found = await self._store.read(partial(due, prisons=self._prisons, now=self._now()))
        said = 0
        for each in found:
            if await self._store.write(partial(claim, each=each, now=self._now())):
                event = ReleaseEvent.parse({**each.content, "v": 1, "gateway": self._name, "repeat": each.said})
                topic = release_topic(each.prison)
                self._send(topic, envelope.sign(event.to_map(), self._signer, str(topic)), EXPIRY_S)
                said += 1
        return said


def _next(conn: Connection, prison: str) -> int:
    """The prison's next number. The row stays locked until the transaction ends, so no two releases get one."""
    name = {"name": f"release {prison}"}
    conn.execute(text("INSERT INTO authority_token (name, token) VALUES (:name, '0') ON CONFLICT DO NOTHING"), name)
    here = tokens.c.name == name["name"]
    held = conn.execute(select(tokens.c.token).where(here).with_for_update()).scalar_one()
    number = int(held) + 1
    conn.execute(update(tokens).where(here).values(token=str(number)))
    return number
