"""Who else could be mistaken for this person, and so what the check at the kiosk must ask for. Pure.

A relation that an officer recorded counts until an officer ended it, wherever the other person is: Winchester 2009 was
a twin who came to visit. A similar name counts while both are on the roll of one prison: Durham 2008, Hewell 2014.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sallyport_gateway.authority.evidence import AuthorityEvidence
from sallyport_gateway.authority.records import Named, Namesake, Relation
from sallyport_gateway.authority.similar import name_similarity, plain, same_birthday
from sallyport_gateway.authority.words import RelationKind
from sallyport_protocol.subject import Guard

WEIGHT: Final = {Guard.NONE: 0, Guard.ALIKE: 1, Guard.TWIN: 2}
"""Which asks for more."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """The guard and whom it is there for, as an officer reads it."""

    guard: Guard
    because: str
    records: tuple[str, ...]


def guard_of(evidence: AuthorityEvidence, now: datetime) -> Guarded:
    """What these records ask for."""
    return guard_by(evidence.relations, evidence.namesakes, now)


def guard_by(relations: Iterable[Relation], namesakes: Sequence[Namesake], now: datetime) -> Guarded:
    """What relations and namesakes ask for: the most of all."""
    standing = [each for each in relations if each.ended_at is None or each.ended_by is None or each.ended_at > now]
    twins = [each for each in standing if each.kind is RelationKind.TWIN]
    if twins:
        return Guarded(Guard.TWIN, f"{_who(twins[0])} is a twin", tuple(each.relation_id for each in twins))
    if standing:
        return Guarded(Guard.ALIKE, f"{_who(standing[0])} is a relative", tuple(each.relation_id for each in standing))
    if namesakes:
        numbers = tuple(each.prisoner_number for each in namesakes)
        return Guarded(Guard.ALIKE, f"{numbers[0]} has a similar name", numbers)
    return Guarded(Guard.NONE, "", ())


def is_alike(one: Named, other: Named, least: float) -> bool:
    """Could the two be taken for each other by name? Similar names, or one surname and one birthday."""
    if name_similarity(one, other) >= least:
        return True
    surnames = plain(one.surname), plain(other.surname)
    return bool(surnames[0]) and surnames[0] == surnames[1] and same_birthday(one.date_of_birth, other.date_of_birth)


def _who(relation: Relation) -> str:
    return relation.other_number or relation.other or "Somebody"
