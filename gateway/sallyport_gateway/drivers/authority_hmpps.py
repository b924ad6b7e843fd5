"""HMPPS's sources, read for one person and kept in the store, each with the time that it speaks for.

`fetch` is the road: it asks every route at once and never raises for one that fails; that source is then simply not
heard. `keep` runs in the store's transaction. The decision composes from the store (`authority_compose`), so the age
of what was read is bounded by check 24 whatever happens to the road.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from urllib.parse import quote

from sqlalchemy import Connection, select

from sallyport_gateway.authority.hmpps import ROUTES, VOIDING_EVENTS, Route, find_conflicts, keep_reviews, stated_time
from sallyport_gateway.authority.identifiers import is_prisoner_number
from sallyport_gateway.authority.json_form import Record
from sallyport_gateway.authority.records import Conflict, Identity, PrisonerRecord, Warrant
from sallyport_gateway.authority.words import Source
from sallyport_gateway.drivers.authority_access import By, millis
from sallyport_gateway.drivers.authority_records import SHAPES, Kind, Put, hear, heard_about, put, retire, unhear, void
from sallyport_gateway.drivers.authority_tables import records
from sallyport_gateway.drivers.hmpps_client import NoSuchThingError
from sallyport_protocol.errors import MalformedError, SallyportError

BY: Final = By("hmpps", "refresh before a release")
_KIND_OF: Final = {shape.model: kind for kind, shape in SHAPES.items()}
_KINDS: Final[dict[Source, tuple[Kind, ...]]] = {
    Source.PRISONER: (Kind.PRISONER,),
    Source.IDENTITY: (Kind.IDENTITY,),
    Source.ALERTS: (Kind.ALERT,),
    Source.CALCULATION: (Kind.CALCULATION, Kind.ADJUSTMENT),
    Source.WARRANTS: (Kind.WARRANT, Kind.PAPER),
    Source.CROWN_COURT: (Kind.COURT_CASE,),
    Source.IMMIGRATION: (Kind.IMMIGRATION,),
    Source.RECALL: (Kind.RECALL,),
    Source.LICENCE: (Kind.LICENCE,),
}
"""What each source owns: a record of these that it no longer tells is gone."""

_MAY_BE_NOTHING: Final = frozenset({Source.PRISONER, Source.CALCULATION, Source.LICENCE})
"""Sources whose 404 is an answer: there is none."""


class Client(Protocol):
    async def get(self, source: str, path: str) -> dict[str, Any]:
        """One JSON object; raises SallyportError."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What the sources said of one person. A source in `troubles` said nothing that can be relied on; one in
    `unreadable` spoke, but in a way that we do not understand."""

    prisoner_number: str
    records: tuple[tuple[Source, Record], ...]
    as_of: dict[Source, datetime]
    troubles: dict[Source, str]
    unreadable: frozenset[Source] = frozenset()


@dataclass(frozen=True, slots=True)
class _Trouble:
    sentence: str
    unreadable: bool = False


async def fetch(
    client: Client,
    prisoner_number: str,
    now: datetime,
    *,
    sources: Collection[Source] = tuple(Source),
    within: float | None = None,
) -> Fetched:
    """Asks every route of `sources` at once, and waits for each at most `within` seconds.

    `now` is the time of asking; a source that names an earlier `asOf` is as old as that.
    """
    if not is_prisoner_number(prisoner_number):
        raise MalformedError(f"{prisoner_number!r} is not a prisoner number; nothing is asked about it.")
    routes = [route for route in ROUTES if route.source in sources]
    answers = await asyncio.gather(*(_ask(client, route, prisoner_number, now, within) for route in routes))
    troubles = {route.source: each for route, each in zip(routes, answers, strict=True) if isinstance(each, _Trouble)}
    found: list[tuple[Source, Record]] = []
    as_of: dict[Source, datetime] = {}
    for route, answer in zip(routes, answers, strict=True):
        if isinstance(answer, _Trouble) or route.source in troubles:
            continue
        at, told = answer
        found += [(route.source, each) for each in told]
        as_of[route.source] = min(at, as_of.get(route.source, at))
    unreadable = frozenset(source for source, each in troubles.items() if each.unreadable)
    said = {source: each.sentence for source, each in troubles.items()}
    return Fetched(prisoner_number, tuple(found), as_of, said, unreadable)


async def _ask(
    client: Client, route: Route, number: str, now: datetime, within: float | None
) -> tuple[datetime, list[Record]] | _Trouble:
    """The route's records and their time, or why there are none to rely on."""
    try:
        async with asyncio.timeout(within):
            answer = await client.get(route.source, route.path.format(number=quote(number, safe="")))
        at = stated_time(answer) or now
        told = route.read(answer)
        _check_about(told, number)
    except NoSuchThingError as error:
        return (now, []) if route.source in _MAY_BE_NOTHING else _Trouble(str(error))
    except TimeoutError:
        return _Trouble(f"{route.source} did not answer within {within:g} s.")
    except MalformedError as error:
        return _Trouble(str(error), unreadable=True)
    except SallyportError as error:
        return _Trouble(str(error))
    return at, told


def _check_about(told: list[Record], number: str) -> None:
    for each in told:
        about = each.prisoner_number if isinstance(each, PrisonerRecord | Warrant) else None
        if about is not None and about != number:
            raise MalformedError(f"The answer is about {about}, but {number} was asked.")


def keep(conn: Connection, fetched: Fetched, now: datetime) -> Put:
    """Stores what was fetched: new and changed records put, missing ones retired, the sources heard.

    An answer that is older than what is known changes nothing. A source that cannot be understood any more is not
    heard at all: what it said before may be what it now takes back.
    """
    number, known = fetched.prisoner_number, heard_about(conn, [fetched.prisoner_number])
    as_of = {source: at for source, at in fetched.as_of.items() if not _older(at, known.get(source))}
    done: list[Put] = []
    kept: dict[Kind, set[str]] = {kind: set() for source in as_of for kind in _KINDS[source]}
    for source, answer in fetched.records:
        if source not in as_of:
            continue
        record = keep_reviews(_identity(conn, number), answer) if isinstance(answer, Identity) else answer
        kind = _KIND_OF[type(record)]
        shape = SHAPES[kind]
        kept[kind].add(number if shape.key is None else str(getattr(record, shape.key)))
        stray = isinstance(record, Warrant) and source is Source.WARRANTS and record.prisoner_number is None
        done.append(put(conn, kind, None if stray else number, record, BY, now))
    done += _retire_missing(conn, number, kept, now)
    done += _note_conflicts(conn, number, find_conflicts(_stored(conn, number)), now)
    for source, at in as_of.items():
        hear(conn, source, at, number)
    for source in fetched.unreadable:
        unhear(conn, source, number)
    return Put(
        any(each.changed for each in done),
        tuple(dict.fromkeys(name for each in done for name in each.touched)),
        tuple(dict.fromkeys(name for each in done for name in each.paused)),
    )


def _older(at: datetime, known: datetime | None) -> bool:
    return known is not None and millis(at) < millis(known)


def _retire_missing(conn: Connection, number: str, kept: dict[Kind, set[str]], now: datetime) -> list[Put]:
    query = select(records.c.kind, records.c.key).where(records.c.prisoner_number == number)
    stored = [(Kind(row.kind), row.key) for row in conn.execute(query)]
    if Kind.WARRANT in kept:
        stray = select(records.c.key).where(records.c.prisoner_number.is_(None))
        stored += [(Kind.WARRANT, key) for key in conn.execute(stray).scalars()]
    return [retire(conn, kind, key, BY, now) for kind, key in stored if kind in kept and key not in kept[kind]]


def _stored(conn: Connection, number: str) -> list[Record]:
    """What may contradict one another, as it is now known: a source that was not asked this time included."""
    kinds = (Kind.PRISONER, Kind.COURT_CASE)
    query = select(records.c.kind, records.c.document).where(
        records.c.prisoner_number == number, records.c.kind.in_([kind.value for kind in kinds])
    )
    return [SHAPES[Kind(row.kind)].model.parse(row.document) for row in conn.execute(query)]


def _note_conflicts(conn: Connection, number: str, said: tuple[str, ...], now: datetime) -> list[Put]:
    wanted = {f"{number}-{index}": what for index, what in enumerate(said)}
    query = select(records.c.key).where(records.c.kind == Kind.CONFLICT.value, records.c.prisoner_number == number)
    gone = [key for key in conn.execute(query).scalars() if key not in wanted]
    return [retire(conn, Kind.CONFLICT, key, BY, now) for key in gone] + [
        put(conn, Kind.CONFLICT, number, Conflict(conflict_id=key, what=what), BY, now) for key, what in wanted.items()
    ]


def _identity(conn: Connection, number: str) -> Identity | None:
    document = conn.execute(
        select(records.c.document).where(records.c.kind == Kind.IDENTITY.value, records.c.key == number)
    ).scalar()
    return None if document is None else Identity.parse(document)


def take_event(conn: Connection, event: dict[str, Any], now: datetime) -> Put:
    """One event of the feed, {"eventType", "prisonerNumber"}: what it voids is paused in this transaction.

    An event of a kind that does not void is left aside. Raises MalformedError for one without kind, or that voids
    but does not say whom: the caller then freezes what it cannot tell.
    """
    kind, number = event.get("eventType"), event.get("prisonerNumber")
    if not isinstance(kind, str):
        raise MalformedError("An event without eventType.")
    if kind not in VOIDING_EVENTS:
        return Put(changed=False)
    if not isinstance(number, str) or not is_prisoner_number(number):
        raise MalformedError(f"An event {kind} does not say whom it is about.")
    return void(conn, number, kind, now)
