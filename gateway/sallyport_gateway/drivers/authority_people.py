"""What is known of people whom a search found, and who else may be meant. Reads only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from sallyport_gateway.authority.records import Authorisation, Identity, LinkedNumber, PrisonerRecord, Relation
from sallyport_gateway.authority.similar import plain
from sallyport_gateway.drivers.authority_compose import namesakes
from sallyport_gateway.drivers.authority_embedded import of_people
from sallyport_gateway.drivers.authority_records import SHAPES, Kind, records_about
from sallyport_gateway.drivers.authority_roll import Roll
from sallyport_gateway.drivers.authority_tables import names


@dataclass(frozen=True, slots=True)
class Person:
    """One prisoner number: the record, its authorisations whose window is not over, and who else may be meant."""

    record: PrisonerRecord
    papers: tuple[Authorisation, ...]
    people_under_it: int
    """How many people the core record found under this number; 1 is right, 0 is not known."""
    other_numbers: tuple[LinkedNumber, ...]
    relations: tuple[Relation, ...]
    """Recorded twins and relatives who still count."""
    namesakes: tuple[str, ...]
    """Numbers on the roll of the same prison under a similar name."""
    doubles: tuple[str, ...]
    """Other numbers with exactly this name and date of birth, of which the core record does not know."""


def people(conn: Connection, numbers: Sequence[str], roll: Roll, least: float, since: datetime) -> list[Person]:
    """In the order asked for; who has no record is left out. `least`: how alike names are (Jaro-Winkler, 0 to 1);
    `since`: authorisations whose window closed before are left out."""
    doubles = _doubles(conn, numbers)
    found = (_person(conn, number, roll, least, since, doubles) for number in dict.fromkeys(numbers))
    return [each for each in found if each is not None]


def _person(
    conn: Connection, number: str, roll: Roll, least: float, since: datetime, doubles: dict[str, set[str]]
) -> Person | None:
    rows = [row for row in records_about(conn, [number]) if row.kind in (Kind.PRISONER, Kind.IDENTITY, Kind.RELATION)]
    parsed = [SHAPES[Kind(row.kind)].model.parse(row.document) for row in rows]
    record = next((each for each in parsed if isinstance(each, PrisonerRecord)), None)
    identity = next((each for each in parsed if isinstance(each, Identity)), None)
    if record is None:
        return None
    others = tuple(each for each in (identity.numbers if identity else ()) if each.prisoner_number != number)
    known = {each.prisoner_number for each in others}
    known |= (twice := doubles.get(number, set()) - known)
    alike = namesakes(conn, roll, record, (record, *record.aliases), least)
    return Person(
        record,
        tuple(each for each in of_people(conn, [number]) if each.window_closes > since),
        len(set(identity.cpr_uuids)) if identity else 0,
        others,
        tuple(each for each in parsed if isinstance(each, Relation) and each.ended_at is None),
        tuple(each.prisoner_number for each in alike if each.prisoner_number not in known),
        tuple(sorted(twice)),
    )


def _doubles(conn: Connection, numbers: Iterable[str]) -> dict[str, set[str]]:
    """Other numbers that bear a name and date of birth of these, by number."""
    wanted = list(dict.fromkeys(numbers))
    own = conn.execute(select(names).where(names.c.prisoner_number.in_(wanted), names.c.date_of_birth.is_not(None)))
    bearers: dict[tuple[str, str], set[str]] = {}
    for row in own:
        bearers.setdefault((plain(row.plain), row.date_of_birth), set()).add(row.prisoner_number)
    births = sorted({born for _, born in bearers})
    found: dict[str, set[str]] = {}
    for row in conn.execute(select(names).where(names.c.date_of_birth.in_(births))) if births else ():
        for number in bearers.get((row.plain, row.date_of_birth), set()) - {row.prisoner_number}:
            found.setdefault(number, set()).add(row.prisoner_number)
    return found
