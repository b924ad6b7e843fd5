"""From the store to the search page. Reads in a thread of its own; logs; and only then shows."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection

from sallyport_gateway.authority.question import day, written
from sallyport_gateway.authority.records import Authorisation, Named, PrisonerRecord
from sallyport_gateway.authority.words import InOutStatus, RelationKind
from sallyport_gateway.drivers.authority_access import By
from sallyport_gateway.drivers.authority_people import Person, people
from sallyport_gateway.drivers.authority_roll import Roll
from sallyport_gateway.drivers.authority_search import MOST, find, log_search, numbers_beside
from sallyport_gateway.service import Service
from sallyport_gateway.views import picturing
from sallyport_gateway.web.ports import Reader
from sallyport_gateway.web.search_view import Asked, FoundView, PaperSeen, PersonSeen

SHOWN_BACK: Final = timedelta(days=1)
"""How long after its window an authorisation is shown."""

_KIN: Final = {
    RelationKind.TWIN: "a twin of this person",
    RelationKind.SIBLING: "a brother or sister of this person",
    RelationKind.PARENT_OR_CHILD: "a parent or child of this person",
    RelationKind.OTHER: "somebody who may be mistaken for this person",
}


class Search:
    """Implements `SearchViews` over a running service."""

    def __init__(self, service: Service) -> None:
        self._service, self._roll = service, Roll()

    async def search(self, asked: Asked, reader: Reader) -> FoundView:
        """What this reader may see of whom they asked for."""
        now = self._service.clock.now()
        found, shown = await self._service.store.read(partial(self._find, asked=asked, reader=reader, now=now))
        by = By(reader.who, asked.why.strip())
        await self._service.store.write(lambda conn: log_search(conn, shown, by, now))
        return found

    def _find(self, conn: Connection, asked: Asked, reader: Reader, now: datetime) -> tuple[FoundView, set[str]]:
        """What to show, and every number that stands in it."""
        hits = find(conn, asked.text, asked.born)
        least = self._service.authority.policy.measures.name_similarity.value
        numbers = dict.fromkeys(hit.prisoner_number for hit in hits)
        beside = dict.fromkeys(hit.prisoner_number for hit in numbers_beside(conn, asked.text))
        since = now - SHOWN_BACK
        known = people(conn, [*numbers, *(each for each in beside if each not in numbers)], self._roll, least, since)
        seen = {each.record.prisoner_number: self._seen(conn, each, reader) for each in known}
        shown = {other for each in known for other in _named_in(each)}
        view = FoundView(
            tuple(seen[each] for each in numbers if each in seen),
            tuple(seen[each] for each in beside if each in seen and each not in numbers),
            len(hits) == MOST,
        )
        return view, shown

    def _seen(self, conn: Connection, person: Person, reader: Reader) -> PersonSeen:
        record = person.record
        prisons = {record.prison_id, *(each.prison_id for each in person.papers)}
        ours = reader.prison is None or reader.prison in prisons
        return PersonSeen(
            number=record.prisoner_number,
            name=written(record),
            born=_born(record, ours) if record.date_of_birth else "Not known",
            place=_place(record),
            aliases=tuple(_alias(each, ours) for each in record.aliases),
            warnings=tuple(_warnings(person)),
            papers=tuple(self._paper(conn, each) for each in person.papers) if ours else None,
        )

    def _paper(self, conn: Connection, paper: Authorisation) -> PaperSeen:
        case = self._service.authority.case(conn, paper.id)
        assert case is not None  # it was read from the same store
        state = picturing.state(conn, case)
        return PaperSeen(paper.id, f"{case.purpose} ({case.reason})", (case.opens, case.closes), state)


def _named_in(person: Person) -> Iterable[str]:
    yield person.record.prisoner_number
    yield from person.namesakes
    yield from person.doubles
    yield from (each.prisoner_number for each in person.other_numbers)
    yield from (each.other_number for each in person.relations if each.other_number)


def _warnings(person: Person) -> Iterable[str]:
    """Who else may be meant, a sentence each."""
    if person.people_under_it > 1:
        yield f"{person.people_under_it} people are recorded under this number."
    for other in person.other_numbers:
        looked = f"reviewed by {other.reviewed_by}" if other.reviewed_by else "not reviewed yet"
        yield f"The same person is also known under {other.prisoner_number} ({looked})."
    for double in person.doubles:
        yield f"{double} has the same name and date of birth: one person under two numbers, or two people."
    for relation in person.relations:
        name = f"\u2068{relation.other}\u2069" if relation.other else ""  # its own direction, whatever the script
        who = " ".join(part for part in (name, relation.other_number) if part) or "Somebody"
        yield f"{who} is recorded as {_KIN[relation.kind]}."
    for namesake in person.namesakes:
        yield f"{namesake} has a similar name in the same prison."


def _alias(alias: Named, ours: bool) -> tuple[str, str]:
    return written(alias), "" if alias.date_of_birth is None else _born(alias, ours)


def _born(name: Named, ours: bool) -> str:
    born = name.date_of_birth
    return day(born) if ours or born is None else f"in {born.year}"


def _place(record: PrisonerRecord) -> str:
    away = {InOutStatus.OUT: "out", InOutStatus.TRN: "in transit"}
    return f"{record.prison_id}, {away[record.in_out_status]}" if record.in_out_status in away else record.prison_id
