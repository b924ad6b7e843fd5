"""The embedded authority's authorisations: asked for, approved by two, withdrawn, paused.

    PENDING --second approval--> APPROVED --an event or a changed record--> PAUSED --resume--> PENDING
    PENDING --> DENIED;   PENDING, APPROVED, PAUSED --> CANCELLED | EXPIRED

Every function runs synchronously on the caller's connection, inside the caller's transaction, and answers with a
value. Whether an authorisation has been used is the ledger's: the caller creates its life when `Changed.approved`
says so, and stops or revises lives as `Changed` and `Put` say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from sallyport_gateway.authority.calendar import from_millis
from sallyport_gateway.authority.identifiers import is_prison_code, is_prisoner_number
from sallyport_gateway.authority.records import Approval, Authorisation, Calculation, PrisonerRecord
from sallyport_gateway.authority.similar import same_person
from sallyport_gateway.authority.words import NOT_DISCHARGES, AuthorisationState, MovementType
from sallyport_gateway.drivers.authority_access import Action, By, log_access, millis
from sallyport_gateway.drivers.authority_records import Kind
from sallyport_gateway.drivers.authority_tables import approvals, authorisations, records, releases
from sallyport_gateway.store.prepared import Prepared
from sallyport_protocol.identity import person_key

_State = AuthorisationState
LIVING: Final = (_State.PENDING.value, _State.APPROVED.value, _State.PAUSED.value)
APPROVERS: Final = 2


@dataclass(frozen=True, slots=True)
class Changed:
    """What happened to an authorisation. `approved`: it has just become APPROVED, so its life may begin."""

    id: str
    state: AuthorisationState
    approved: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing happened, for the officer to read."""

    code: str
    sentence: str


def create(conn: Connection, wanted: Authorisation, by: By, now: datetime) -> Changed | Refused:
    """Enters an authorisation as PENDING, without approvals; whatever state `wanted` carries."""
    terms = wanted.model_copy(
        update={"state": _State.PENDING, "approvals": (), "created_by": by.who, "created_at": now}
    )
    refusal = _refuse_terms(terms, now) or _refuse_person(conn, terms)
    if refusal is not None:
        return refusal
    if _find(conn, terms.id) is not None:
        return Refused("EXISTS", f"Authorisation {terms.id} exists already; give this one another id.")
    living = select(authorisations.c.id).where(
        authorisations.c.prisoner_number == terms.prisoner_number,
        authorisations.c.state.in_(LIVING),
        authorisations.c.window_closes > millis(now),
    )
    if (other := conn.execute(living).scalar()) is not None and other != terms.cites:
        return Refused("DUPLICATE", f"{terms.prisoner_number} has authorisation {other}; withdraw it first.")
    conn.execute(
        insert(authorisations),
        {
            "id": terms.id,
            "prisoner_number": terms.prisoner_number,
            "prison_id": terms.prison_id,
            "state": _State.PENDING.value,
            "why": by.why,
            "window_opens": millis(terms.window_opens),
            "window_closes": millis(terms.window_closes),
            "document": terms.to_json(),
            "changed_at": millis(now),
        },
    )
    log_access(conn, Action.COLLECTED, terms.prisoner_number, f"authorisation {terms.id}", by, now)
    return Changed(terms.id, _State.PENDING)


def _refuse_terms(terms: Authorisation, now: datetime) -> Refused | None:
    if not is_prisoner_number(terms.prisoner_number):
        return Refused("NUMBER", f"{terms.prisoner_number!r} is not a prisoner number, such as A1234BC.")
    if not is_prison_code(terms.prison_id):
        return Refused("PRISON", f"{terms.prison_id!r} is not a prison's code, such as MDI.")
    if terms.movement_type is not MovementType.REL or terms.movement_reason in NOT_DISCHARGES:
        return Refused("MOVEMENT", f"{terms.movement_type} {terms.movement_reason} lets nobody out of a door.")
    if not terms.surname.strip() or terms.date_of_birth is None:
        return Refused("PERSON", "Give surname and date of birth: they catch a mistyped number.")
    if not terms.window_opens < terms.window_closes or terms.window_closes <= now:
        return Refused("WINDOW", "The release window must open before it closes, and close in the future.")
    return None


def _refuse_person(conn: Connection, terms: Authorisation) -> Refused | None:
    """The number alone proves nothing: one wrong letter is another real person."""
    row = conn.execute(
        select(records.c.document).where(records.c.kind == Kind.PRISONER.value, records.c.key == terms.prisoner_number)
    ).scalar()
    if row is None:
        return Refused("UNKNOWN_PRISONER", f"Nobody is held under {terms.prisoner_number}.")
    person = PrisonerRecord.parse(row)
    if not same_person(terms, (person, *person.aliases)):
        return Refused(
            "OTHER_PERSON", f"{terms.prisoner_number} is held under another name or date of birth. Is it mistyped?"
        )
    return None


def approve(
    conn: Connection, authorisation: str, by: By, now: datetime, *, duty_governor: bool = False
) -> Changed | Refused:
    """One officer approves. The second different one makes it APPROVED; the calculator is never one of them."""
    found = _find(conn, authorisation, lock=True)
    if found is None or found.state != _State.PENDING:
        return _not_in(found, authorisation, "approved")
    if found.window_closes <= millis(now):
        return Refused("EXPIRED", f"The release window of {authorisation} is over; make a new authorisation.")
    if not person_key(by.who):
        return Refused("UNCLEAR", f"{by.who} is written with letters that belong into no user name.")
    if person_key(by.who) == _calculator(conn, found.prisoner_number):
        return Refused("CALCULATOR", f"{by.who} calculated this sentence; two other officers must approve.")
    given = {person_key(row.officer) for row in _approvals_of(conn, [authorisation])}
    if person_key(by.who) in given:
        return Refused("TWICE", f"{by.who} has approved already; a second, different officer must.")
    conn.execute(
        insert(approvals),
        {
            "authorisation": authorisation,
            "officer_key": person_key(by.who),
            "officer": by.who,
            "duty_governor": duty_governor,
            "at": millis(now),
        },
    )
    log_access(conn, Action.ALTERED, found.prisoner_number, f"approval of {authorisation}", by, now)
    if len(given) + 1 < APPROVERS:
        return Changed(authorisation, _State.PENDING)
    _move(conn, authorisation, _State.APPROVED, by.why, now)
    return Changed(authorisation, _State.APPROVED, approved=True)


def withdraw(conn: Connection, authorisation: str, by: By, now: datetime) -> Changed | Refused:
    """Ends an authorisation for good, at any moment before its use. The caller also stops its life."""
    return _end(conn, authorisation, LIVING, _State.CANCELLED, by, now)


def deny(conn: Connection, authorisation: str, by: By, now: datetime) -> Changed | Refused:
    """An approver refuses: nobody can approve it any more."""
    return _end(conn, authorisation, (_State.PENDING,), _State.DENIED, by, now)


def pause(conn: Connection, authorisation: str, by: By, now: datetime) -> Changed | Refused:
    """Takes an approval back until somebody has looked again."""
    return _end(conn, authorisation, (_State.APPROVED,), _State.PAUSED, by, now)


def resume(conn: Connection, authorisation: str, by: By, now: datetime) -> Changed | Refused:
    """PAUSED -> PENDING. The old approvals are gone: two officers must look at what changed."""
    changed = _end(conn, authorisation, (_State.PAUSED,), _State.PENDING, by, now)
    if isinstance(changed, Changed):
        conn.execute(delete(approvals).where(approvals.c.authorisation == authorisation))
    return changed


def expire(conn: Connection, now: datetime) -> tuple[str, ...]:
    """Ends every authorisation whose window is over. Returns their ids; the caller stops their lives."""
    over = (authorisations.c.state.in_(LIVING), authorisations.c.window_closes <= millis(now))
    ids = tuple(conn.execute(select(authorisations.c.id).where(*over)).scalars())
    if ids:
        conn.execute(
            update(authorisations)
            .where(*over)
            .values(state=_State.EXPIRED.value, why="the window is over", changed_at=millis(now))
        )
    return ids


def find(conn: Connection, authorisation: str) -> Authorisation | None:
    """One authorisation with its approvals."""
    found = _find(conn, authorisation)
    return None if found is None else _whole([found], _APPROVALS_OF.all(conn, id=authorisation))[0]


def number_of(conn: Connection, authorisation: str) -> str | None:
    """The prisoner number that an authorisation is for."""
    return cast("str | None", _NUMBER_OF.scalar(conn, id=authorisation))


def concerns(conn: Connection, prisoner_number: str) -> bool:
    """Whether somebody waits to let this person out, or watches over a release of theirs."""
    living = select(authorisations.c.id).where(
        authorisations.c.prisoner_number == prisoner_number, authorisations.c.state.in_(LIVING)
    )
    watched = select(releases.c.authorisation).where(releases.c.prisoner_number == prisoner_number)
    return any(conn.execute(query.limit(1)).first() is not None for query in (living, watched))


def of_prison(conn: Connection, prison_id: str, closes_after: datetime) -> tuple[Authorisation, ...]:
    """The living authorisations of a prison whose window closes after a time, by opening: the officer's list."""
    rows = conn.execute(
        select(authorisations)
        .where(
            authorisations.c.prison_id == prison_id,
            authorisations.c.state.in_(LIVING),
            authorisations.c.window_closes > millis(closes_after),
        )
        .order_by(authorisations.c.window_opens, authorisations.c.id)
    ).all()
    return _whole(rows, _approvals_of(conn, [row.id for row in rows]))


def of_people(conn: Connection, numbers: Sequence[str]) -> tuple[Authorisation, ...]:
    """Every authorisation ever made for these numbers, with its approvals."""
    rows = [row for number in numbers for row in _OF_PERSON.all(conn, number=number)]
    given = [row for number in numbers for row in _APPROVALS_OF_PERSON.all(conn, number=number)]
    return _whole(rows, given)


_OF_PERSON: Final = Prepared(select(authorisations).where(authorisations.c.prisoner_number == bindparam("number")))
_APPROVALS_OF_PERSON: Final = Prepared(
    select(approvals)
    .join(authorisations, approvals.c.authorisation == authorisations.c.id)
    .where(authorisations.c.prisoner_number == bindparam("number"))
    .order_by(approvals.c.at, approvals.c.officer_key)
)
_OF_ID = select(authorisations).where(authorisations.c.id == bindparam("id"))
_FIND: Final = Prepared(_OF_ID)
_LOCK: Final = Prepared(_OF_ID.with_for_update())
_NUMBER_OF: Final = Prepared(select(authorisations.c.prisoner_number).where(authorisations.c.id == bindparam("id")))
_APPROVALS_OF: Final = Prepared(
    select(approvals)
    .where(approvals.c.authorisation == bindparam("id"))
    .order_by(approvals.c.at, approvals.c.officer_key)
)
_OF_IDS: Final = (
    select(approvals)
    .where(approvals.c.authorisation.in_(bindparam("ids", expanding=True)))
    .order_by(approvals.c.at, approvals.c.officer_key)
)


def _end(
    conn: Connection, authorisation: str, start: Sequence[str], to: _State, by: By, now: datetime
) -> Changed | Refused:
    found = _find(conn, authorisation, lock=True)
    if found is None or found.state not in start:
        return _not_in(found, authorisation, to.lower())
    _move(conn, authorisation, to, by.why, now)
    log_access(conn, Action.ALTERED, found.prisoner_number, f"authorisation {authorisation} {to.lower()}", by, now)
    return Changed(authorisation, to)


def _move(conn: Connection, authorisation: str, to: _State, why: str, now: datetime) -> None:
    conn.execute(
        update(authorisations)
        .where(authorisations.c.id == authorisation)
        .values(state=to.value, why=why[:500], changed_at=millis(now))
    )


def _not_in(found: Any, authorisation: str, what: str) -> Refused:
    if found is None:
        return Refused("NOT_FOUND", f"There is no authorisation {authorisation}.")
    return Refused("STATE", f"Authorisation {authorisation} is {found.state} and cannot be {what}.")


def _find(conn: Connection, authorisation: str, *, lock: bool = False) -> Any:
    return (_LOCK if lock else _FIND).first(conn, id=authorisation)


def _approvals_of(conn: Connection, ids: Sequence[str]) -> Sequence[Any]:
    return conn.execute(_OF_IDS, {"ids": list(ids)}).all() if ids else ()


def _whole(rows: Sequence[Any], given: Sequence[Any]) -> tuple[Authorisation, ...]:
    """Authorisations from their terms, their state and their approvals."""
    of: dict[str, list[Approval]] = {}
    for row in given:
        made = Approval(officer=row.officer, duty_governor=row.duty_governor, at=from_millis(row.at))
        of.setdefault(row.authorisation, []).append(made)
    return tuple(
        Authorisation.parse(row.document).model_copy(
            update={"state": _State(row.state), "approvals": tuple(of.get(row.id, ()))}
        )
        for row in rows
    )


def _calculator(conn: Connection, prisoner_number: str) -> str | None:
    row = conn.execute(
        select(records.c.document).where(records.c.kind == Kind.CALCULATION.value, records.c.key == prisoner_number)
    ).scalar()
    return None if row is None else person_key(Calculation.parse(row).calculated_by_username)
