"""Composes the evidence that a decision rests on from the embedded authority's records."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from sallyport_gateway.authority.evidence import AuthorityEvidence
from sallyport_gateway.authority.guard import Guarded, guard_by
from sallyport_gateway.authority.records import Identity, Named, Namesake, PrisonerRecord, Relation
from sallyport_gateway.drivers.authority_access import Action, By, log_access
from sallyport_gateway.drivers.authority_embedded import of_people
from sallyport_gateway.drivers.authority_records import SHAPES, Kind, heard_about, records_about
from sallyport_gateway.drivers.authority_roll import Roll
from sallyport_gateway.drivers.authority_unmatched import UnmatchedWarrants


def compose(
    conn: Connection,
    prisoner_number: str,
    unmatched: UnmatchedWarrants | None = None,
    least: float = 0.0,
    roll: Roll | None = None,
) -> AuthorityEvidence:
    """Everything known about one number and the numbers linked to it, as of this transaction. Reads only.

    With `unmatched`, of the warrants linked to nobody only those that are like the person by `least`; else all. With
    `roll`, who else of the person's prison has a name as alike; else nobody.

    The ledger's part (lives, freezes, its own completeness) is added by the caller: `AuthorityEvidence.with_ledger`.
    The decision's own audit entry is the log of this consultation.
    """
    numbers = [prisoner_number]
    evidence = _evidence(conn, numbers)
    if linked := _linked_numbers(evidence):
        numbers += linked
        evidence = _evidence(conn, numbers)
    stray = UnmatchedWarrants().all(conn) if unmatched is None else unmatched.alike(conn, _names(evidence), least)
    return evidence.model_copy(
        update={
            "namesakes": namesakes(conn, roll, evidence.prisoner, _names(evidence), least),
            "as_of": heard_about(conn, numbers),
            "authorisations": of_people(conn, numbers),
            "unmatched_warrants": stray,
        }
    )


def namesakes(
    conn: Connection, roll: Roll | None, prisoner: PrisonerRecord | None, people: tuple[Named, ...], least: float
) -> tuple[Namesake, ...]:
    """Who else of the person's prison has a name like one of `people`."""
    if roll is None or prisoner is None:
        return ()
    return roll.alike(conn, prisoner.prisoner_number, prisoner.prison_id, people, least)


def guard(conn: Connection, prisoner_number: str, roll: Roll, least: float, now: datetime) -> Guarded:
    """What a check at the kiosk must allow for, as these records stand now."""
    rows = records_about(conn, [prisoner_number])
    found = [SHAPES[Kind(row.kind)].model.parse(row.document) for row in rows if row.kind in _GUARDING]
    prisoner = next((each for each in found if isinstance(each, PrisonerRecord)), None)
    people: list[Named] = [prisoner, *prisoner.aliases] if prisoner else []
    people += [alias for each in found if isinstance(each, Identity) for alias in each.aliases]
    relations = [each for each in found if isinstance(each, Relation)]
    return guard_by(relations, namesakes(conn, roll, prisoner, tuple(people), least), now)


_GUARDING: Final = (Kind.PRISONER, Kind.IDENTITY, Kind.RELATION)


def consult(conn: Connection, prisoner_number: str, by: By, now: datetime) -> AuthorityEvidence:
    """`compose` for a person's eyes: logged."""
    log_access(conn, Action.CONSULTED, prisoner_number, "all evidence", by, now)
    return compose(conn, prisoner_number)


def _names(evidence: AuthorityEvidence) -> tuple[Named, ...]:
    own = (evidence.prisoner, *evidence.prisoner.aliases) if evidence.prisoner else ()
    return (*own, *(evidence.identity.aliases if evidence.identity else ()))


def _evidence(conn: Connection, numbers: list[str]) -> AuthorityEvidence:
    """What the records say: about the first of these numbers alone, and about all of them together."""
    own = numbers[0]
    fields = [f'"prisonerNumber":{json.dumps(own)}', '"asOf":{}', *_documents(records_about(conn, numbers), own)]
    return AuthorityEvidence.parse("{" + ",".join(fields) + "}")


def _linked_numbers(evidence: AuthorityEvidence) -> list[str]:
    known = evidence.identity.numbers if evidence.identity else ()
    return sorted({each.prisoner_number for each in known} - {evidence.prisoner_number})


def _documents(rows: Iterable[Any], prisoner_number: str) -> list[str]:
    """The evidence's JSON fields: single records of this number, lists of this and the linked numbers."""
    many: dict[str, list[str]] = {}
    single: list[str] = []
    for row in rows:
        shape = SHAPES[Kind(row.kind)]
        if not shape.many:
            if row.key == prisoner_number:
                single.append(f'"{shape.field}":{row.document}')
        elif row.kind == Kind.CONFLICT:
            many.setdefault(shape.field, []).append(json.dumps(json.loads(row.document)["what"]))
        else:
            many.setdefault(shape.field, []).append(row.document)
    return [*single, *(f'"{field}":[{",".join(each)}]' for field, each in many.items())]
