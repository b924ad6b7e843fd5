"""Composes the evidence that a decision rests on from the embedded authority's records."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from sallyport_gateway.authority.evidence import AuthorityEvidence
from sallyport_gateway.authority.records import Identity, Named
from sallyport_gateway.drivers.authority_access import Action, By, log_access
from sallyport_gateway.drivers.authority_embedded import of_people
from sallyport_gateway.drivers.authority_records import SHAPES, Kind, heard_about, records_about
from sallyport_gateway.drivers.authority_unmatched import UnmatchedWarrants


def compose(
    conn: Connection, prisoner_number: str, unmatched: UnmatchedWarrants | None = None, least: float = 0.0
) -> AuthorityEvidence:
    """Everything known about one number and the numbers linked to it, as of this transaction. Reads only.

    With `unmatched`, of the warrants linked to nobody only those that are like the person by `least`; else all.

    The ledger's part (lives, freezes, its own completeness) is added by the caller: `AuthorityEvidence.with_ledger`.
    The decision's own audit entry is the log of this consultation.
    """
    rows = records_about(conn, [prisoner_number])
    linked = _linked_numbers(rows, prisoner_number)
    numbers = [prisoner_number, *linked]
    if linked:
        rows = records_about(conn, numbers)
    fields = ",".join(
        [f'"prisonerNumber":{json.dumps(prisoner_number)}', '"asOf":{}', *_documents(rows, prisoner_number)]
    )
    evidence = AuthorityEvidence.parse("{" + fields + "}")
    stray = UnmatchedWarrants().all(conn) if unmatched is None else unmatched.alike(conn, _names(evidence), least)
    return evidence.model_copy(
        update={
            "as_of": heard_about(conn, numbers),
            "authorisations": of_people(conn, numbers),
            "unmatched_warrants": stray,
        }
    )


def consult(conn: Connection, prisoner_number: str, by: By, now: datetime) -> AuthorityEvidence:
    """`compose` for a person's eyes: logged."""
    log_access(conn, Action.CONSULTED, prisoner_number, "all evidence", by, now)
    return compose(conn, prisoner_number)


def _names(evidence: AuthorityEvidence) -> tuple[Named, ...]:
    own = (evidence.prisoner, *evidence.prisoner.aliases) if evidence.prisoner else ()
    return (*own, *(evidence.identity.aliases if evidence.identity else ()))


def _linked_numbers(rows: Iterable[Any], prisoner_number: str) -> list[str]:
    for row in rows:
        if row.kind == Kind.IDENTITY and row.key == prisoner_number:
            return sorted({each.prisoner_number for each in Identity.parse(row.document).numbers} - {prisoner_number})
    return []


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
