"""What the sources say, kept as documents: put a record, hear a source, read everything about one person.

A changed record that events must void (see `VOIDING`) pauses the person's approved authorisations in the same
transaction: they need two fresh approvals. Every function runs on the caller's connection.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, delete, insert, or_, select, update

from sallyport_gateway.authority.calendar import from_millis
from sallyport_gateway.authority.json_form import Record
from sallyport_gateway.authority.records import (
    Adjustment,
    Alert,
    Calculation,
    Conflict,
    CourtCase,
    CourtOrder,
    Hold,
    Identity,
    ImmigrationRecord,
    Licence,
    Named,
    Paper,
    PrisonerRecord,
    Recall,
    Relation,
    Warrant,
)
from sallyport_gateway.authority.similar import plain
from sallyport_gateway.authority.words import AuthorisationState, InOutStatus, Source
from sallyport_gateway.drivers.authority_access import Action, By, log_access, millis
from sallyport_gateway.drivers.authority_roll import renew_roll
from sallyport_gateway.drivers.authority_tables import authorisations, heard, names, records
from sallyport_gateway.drivers.authority_unmatched import renew
from sallyport_gateway.store.prepared import Prepared
from sallyport_protocol.errors import MalformedError

EVERYBODY: Final = "*"
"""The scope of a source that was heard about everybody at once."""


class Kind(StrEnum):
    """Kinds of records."""

    PRISONER = "PRISONER"
    IDENTITY = "IDENTITY"
    CALCULATION = "CALCULATION"
    ADJUSTMENT = "ADJUSTMENT"
    HOLD = "HOLD"
    ALERT = "ALERT"
    WARRANT = "WARRANT"
    PAPER = "PAPER"
    COURT_CASE = "COURT_CASE"
    COURT_ORDER = "COURT_ORDER"
    IMMIGRATION = "IMMIGRATION"
    RECALL = "RECALL"
    LICENCE = "LICENCE"
    RELATION = "RELATION"
    CONFLICT = "CONFLICT"


@dataclass(frozen=True, slots=True)
class Shape:
    """How a kind is read, which field names a record, and the field of the evidence that holds it."""

    model: type[Record]
    key: str | None
    field: str
    many: bool = True


SHAPES: Final[dict[Kind, Shape]] = {
    Kind.PRISONER: Shape(PrisonerRecord, None, "prisoner", many=False),
    Kind.IDENTITY: Shape(Identity, None, "identity", many=False),
    Kind.CALCULATION: Shape(Calculation, None, "calculation", many=False),
    Kind.ADJUSTMENT: Shape(Adjustment, "adjustment_id", "adjustments"),
    Kind.HOLD: Shape(Hold, "hold_id", "holds"),
    Kind.ALERT: Shape(Alert, "alert_id", "alerts"),
    Kind.WARRANT: Shape(Warrant, "warrant_id", "warrants"),
    Kind.PAPER: Shape(Paper, "paper_id", "papers"),
    Kind.COURT_CASE: Shape(CourtCase, "case_id", "courtCases"),
    Kind.COURT_ORDER: Shape(CourtOrder, "order_id", "courtOrders"),
    Kind.IMMIGRATION: Shape(ImmigrationRecord, "record_id", "immigration"),
    Kind.RECALL: Shape(Recall, "recall_id", "recalls"),
    Kind.LICENCE: Shape(Licence, "licence_id", "licences"),
    Kind.RELATION: Shape(Relation, "relation_id", "relations"),
    Kind.CONFLICT: Shape(Conflict, "conflict_id", "conflicts"),
}
"""Kinds with key None have one record for each prisoner number."""

VOIDING: Final = frozenset({*Kind} - {Kind.LICENCE, Kind.COURT_ORDER})
"""A change in one of these voids an approval at once. A licence or an order can only be missing or wrong, which the
checks see; all else may be news that the approvers did not have."""


@dataclass(frozen=True, slots=True)
class Put:
    """What a change did: authorisations that it concerns (their life must be revised), and those that it paused."""

    changed: bool
    touched: tuple[str, ...] = ()
    paused: tuple[str, ...] = ()


def put(conn: Connection, kind: Kind, prisoner_number: str | None, record: Record, by: By, now: datetime) -> Put:
    """Stores a record of `kind` about a person (None: a warrant linked to nobody). The same again changes nothing.

    Raises MalformedError for a record of another kind or a number that is needed and missing.
    """
    shape = SHAPES[kind]
    if type(record) is not shape.model:
        raise MalformedError(f"A {kind} record is a {shape.model.__name__}, not a {type(record).__name__}.")
    if prisoner_number is None and kind is not Kind.WARRANT:
        raise MalformedError(f"A {kind} record needs a prisoner number.")
    if isinstance(record, PrisonerRecord) and record.prisoner_number != prisoner_number:
        raise MalformedError(f"The record of {record.prisoner_number} cannot be stored under {prisoner_number}.")
    key = prisoner_number if shape.key is None else str(getattr(record, shape.key))
    here = and_(records.c.kind == kind.value, records.c.key == key)
    old = conn.execute(select(records.c.document, records.c.prisoner_number).where(here)).first()
    document = record.to_json()
    if old is not None and (old.document, old.prisoner_number) == (document, prisoner_number):
        return Put(changed=False)
    row = {"prisoner_number": prisoner_number, "document": document, "changed_at": millis(now)}
    if old is None:
        conn.execute(insert(records), {"kind": kind.value, "key": key, **row})
    else:
        conn.execute(update(records).where(here), row)
    if prisoner_number is None or (old is not None and old.prisoner_number is None):
        renew(conn)
    if isinstance(record, PrisonerRecord):
        _index_names(conn, record)
    if isinstance(record, Relation):
        _put_mirror(conn, prisoner_number, record, by, now)
    log_access(conn, Action.COLLECTED if old is None else Action.ALTERED, prisoner_number, f"{kind} {key}", by, now)
    people = {number for number in (prisoner_number, old.prisoner_number if old else None) if number}
    return _touch(conn, kind, people, f"{kind.lower()} {key} changed", now)


def retire(conn: Connection, kind: Kind, key: str, by: By, now: datetime) -> Put:
    """Removes a record that its source no longer has."""
    here = and_(records.c.kind == kind.value, records.c.key == key)
    old = conn.execute(select(records.c.prisoner_number).where(here)).first()
    if old is None:
        return Put(changed=False)
    conn.execute(delete(records).where(here))
    if old.prisoner_number is None:
        renew(conn)
    log_access(conn, Action.ERASED, old.prisoner_number, f"{kind} {key}", by, now)
    people = {old.prisoner_number} if old.prisoner_number else set[str]()
    return _touch(conn, kind, people, f"{kind.lower()} {key} is gone", now)


def hear(conn: Connection, source: Source, at: datetime, prisoner_number: str | None = None) -> None:
    """Notes that `source` answered for this moment; an older moment than the one known changes nothing."""
    here = and_(heard.c.source == source.value, heard.c.scope == (prisoner_number or EVERYBODY))
    known = conn.execute(select(heard.c.as_of).where(here)).scalar()
    if known is None:
        scope = prisoner_number or EVERYBODY
        conn.execute(insert(heard), {"source": source.value, "scope": scope, "as_of": millis(at)})
    elif known < millis(at):
        conn.execute(update(heard).where(here).values(as_of=millis(at)))


def unhear(conn: Connection, source: Source | None = None, prisoner_number: str | None = None) -> None:
    """What was read before counts no more: of one source about one person, or of every source about everybody."""
    wanted = [] if source is None else [heard.c.source == source.value]
    wanted += [] if prisoner_number is None else [heard.c.scope == prisoner_number]
    conn.execute(delete(heard).where(*wanted))


def void(conn: Connection, prisoner_number: str, why: str, now: datetime) -> Put:
    """Pauses every approved authorisation of a person: an event said that something changed."""
    return _touch(conn, None, {prisoner_number}, why, now)


def _touch(conn: Connection, kind: Kind | None, people: set[str], why: str, now: datetime) -> Put:
    """Finds the living authorisations of `people` and everybody linked to them; pauses the approved ones."""
    everybody = people | linked_numbers(conn, people)
    living = [
        state.value for state in (AuthorisationState.PENDING, AuthorisationState.APPROVED, AuthorisationState.PAUSED)
    ]
    rows = conn.execute(
        select(authorisations.c.id, authorisations.c.state).where(
            authorisations.c.prisoner_number.in_(everybody), authorisations.c.state.in_(living)
        )
    ).all()
    touched = tuple(row.id for row in rows)
    if kind is not None and kind not in VOIDING:
        return Put(changed=True, touched=touched)
    paused = tuple(row.id for row in rows if row.state == AuthorisationState.APPROVED)
    if paused:
        conn.execute(
            update(authorisations)
            .where(authorisations.c.id.in_(paused))
            .values(state=AuthorisationState.PAUSED.value, why=why[:500], changed_at=millis(now))
        )
    return Put(changed=True, touched=touched, paused=paused)


def linked_numbers(conn: Connection, people: Iterable[str]) -> set[str]:
    """Every number that these people's identities name, their own included."""
    rows = conn.execute(
        select(records.c.document).where(records.c.kind == Kind.IDENTITY.value, records.c.key.in_(list(people)))
    )
    return {other.prisoner_number for row in rows for other in Identity.parse(row.document).numbers}


def _put_mirror(conn: Connection, number: str | None, relation: Relation, by: By, now: datetime) -> None:
    """The same relation as the other sees it: whoever of the two stands at the door, it is found."""
    other = relation.other_number
    if other is None or number is None or relation.relation_id.endswith(_MIRROR):
        return
    if other == number:
        raise MalformedError(f"{number} is not a relation of {number}.")
    seen = {"relation_id": f"{relation.relation_id}{_MIRROR}", "other": "", "other_number": number}
    put(conn, Kind.RELATION, other, relation.model_copy(update=seen), by, now)


_MIRROR: Final = "~"
"""Ends the key of a relation that was entered under the other's number."""


def _index_names(conn: Connection, person: PrisonerRecord) -> None:
    """Writes the person's names anew where one changed, and says so to the rolls that it concerns."""
    number, prison = person.prisoner_number, person.prison_id if person.in_out_status is InOutStatus.IN else None
    known: list[Named] = [person, *person.aliases]
    wanted = [_name_row(number, each, prison, alias=index > 0) for index, each in enumerate(known)]
    here = names.c.prisoner_number == number
    before = [dict(row._mapping) for row in conn.execute(select(names).where(here))]
    if before == wanted:
        return
    conn.execute(delete(names).where(here))
    conn.execute(insert(names), wanted)
    renew_roll(conn, {row["prison_id"] for row in [*before, *wanted]} - {None})


def _name_row(number: str, name: Named, prison: str | None, *, alias: bool) -> dict[str, Any]:
    return {
        "prisoner_number": number,
        "plain": plain(f"{name.surname} {name.forenames}")[:400],
        "shown": f"{name.surname}, {name.forenames}"[:401],
        "date_of_birth": name.date_of_birth.isoformat() if name.date_of_birth else None,
        "alias": alias,
        "prison_id": prison,
    }


_ABOUT: Final = Prepared(
    select(records.c.kind, records.c.key, records.c.document).where(records.c.prisoner_number == bindparam("number"))
)
_HEARD: Final = Prepared(select(heard).where(or_(heard.c.scope == bindparam("number"), heard.c.scope == EVERYBODY)))


def records_about(conn: Connection, numbers: list[str]) -> list[Any]:
    """Rows (kind, key, document) about these numbers; most people have one."""
    return [row for number in numbers for row in _ABOUT.all(conn, number=number)]


def heard_about(conn: Connection, numbers: list[str]) -> dict[Source, datetime]:
    """When each source was last heard about *all* these numbers."""
    rows = [row for number in numbers for row in _HEARD.all(conn, number=number)]
    known: dict[tuple[str, str], int] = {(row.source, row.scope): row.as_of for row in rows}
    told: dict[Source, datetime] = {}
    for source in Source:
        everybody = known.get((source, EVERYBODY), -1)
        oldest = min([max(known.get((source, number), -1), everybody) for number in numbers])
        if oldest >= 0:
            told[source] = from_millis(oldest)
    return told
