"""HMPPS's answers as our records. Pure: JSON in, records out.

Fields that we do not know are left aside: upstream adds some every month. A field that we need and do not find, or of
another type, raises MalformedError: that source is then unknown. A *code* that we do not know becomes UNKNOWN where the
list has that word, and so holds; elsewhere it raises. Shapes and routes marked [?] are to be confirmed with HMPPS.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sallyport_gateway.authority.json_form import Record
from sallyport_gateway.authority.records import (
    Adjustment,
    Alert,
    Calculation,
    CourtCase,
    Identity,
    ImmigrationRecord,
    Licence,
    LinkedNumber,
    Paper,
    PrisonerRecord,
    Recall,
    ReviewedAlias,
    Warrant,
)
from sallyport_gateway.authority.words import (
    CustodialStatus,
    ImmigrationKind,
    LegalStatus,
    LicenceStatus,
    RecallStatus,
    Source,
    WarrantStatus,
)
from sallyport_protocol.errors import MalformedError

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Route:
    """Where one part of a source is read, and how. `path` holds `{number}`."""

    source: Source
    path: str
    read: Callable[[Answer], list[Record]]


def stated_time(answer: Answer) -> datetime | None:
    """The time that an answer speaks for; None when it does not say. Raises MalformedError for no time with a zone."""
    stated = answer.get("asOf")
    if stated is None:
        return None
    try:
        at = datetime.fromisoformat(stated)
    except (TypeError, ValueError):
        raise MalformedError(f"asOf is {str(stated)[:40]!r}, not a time.") from None
    if at.tzinfo is None:
        raise MalformedError("asOf has no time zone.")
    return at


def read_prisoner(answer: Answer) -> list[Record]:
    """The prisoner search record; its `alerts` are not read here, they have a route of their own."""
    names = {"surname": "lastName", "forenames": "firstName", "dateOfBirth": "dateOfBirth"}
    kept = _take(answer, "prisonerNumber status inOutStatus prisonId recall identifiers currentFacialImageId")
    kept |= {"restrictedPatient": bool(answer.get("restrictedPatient", False))}
    kept |= {"legalStatus": _code(LegalStatus, answer.get("legalStatus"))}
    kept |= {ours: answer.get(theirs) for ours, theirs in names.items()}
    kept["aliases"] = [{ours: each.get(theirs) for ours, theirs in names.items()} for each in _list(answer, "aliases")]
    if isinstance(kept.get("identifiers"), list):
        kept["identifiers"] = [_take(each, "type value") for each in kept["identifiers"]]
    return [_parse(PrisonerRecord, kept)]


def read_identity(answer: Answer) -> list[Record]:
    """The core person record: `cprUUID`, or `cprUUIDs` where the number leads to several people."""
    one = answer.get("cprUUID")
    identifiers = answer.get("identifiers", {})
    aliases = [
        {
            "surname": each.get("lastName"),
            "forenames": each.get("firstName", ""),
            "dateOfBirth": each.get("dateOfBirth"),
        }
        for each in _list(answer, "aliases")
    ]
    numbers = identifiers.get("prisonNumbers", []) if isinstance(identifiers, dict) else None
    people = answer.get("cprUUIDs", [one])
    return [
        _parse(
            Identity,
            {
                "cprUuids": people,
                "numbers": [{"prisonerNumber": each} for each in numbers] if isinstance(numbers, list) else None,
                "aliases": aliases,
            },
        )
    ]


def read_alerts(answer: Answer) -> list[Record]:
    return _each(answer, "alerts", Alert, "alertId alertType alertCode active")


def read_calculation(answer: Answer) -> list[Record]:
    """`/calculation/{id}/latest?checkForChange=true`; `inputsChanged` is what it says of the inputs."""
    wanted = "calculationReference calculatedByUsername calculatedAt checkedByUsername checkedAt inputsChanged dates"
    kept = _take(answer, wanted + " adjustmentsIncluded warrantsIncluded offences")
    return [_parse(Calculation, {**kept, "status": answer.get("calculationStatus")})]


def read_adjustments(answer: Answer) -> list[Record]:
    return _each(answer, "adjustments", Adjustment, "adjustmentId days active")


def read_warrants(answer: Answer) -> list[Record]:
    """Warrants linked to the person, and paper that nobody has read."""
    return [*_warrants(answer), *_each(answer, "papers", Paper, "paperId kind warrantKind receivedAt")]


def read_unmatched(answer: Answer) -> list[Record]:
    """Warrants linked to nobody. One that names a number is not of this list."""
    found = _warrants(answer)
    if any(isinstance(each, Warrant) and each.prisoner_number is not None for each in found):
        raise MalformedError("A warrant among the unmatched ones names a prisoner.")
    return found


def _warrants(answer: Answer) -> list[Record]:
    wanted = "warrantId kind prisonerNumber court surname forenames dateOfBirth"
    return [
        _parse(Warrant, {**_take(each, wanted), "status": _code(WarrantStatus, each.get("status"))})
        for each in _list(answer, "warrants")
    ]


def read_court(answer: Answer) -> list[Record]:
    return [
        _parse(
            CourtCase,
            {**_take(each, "caseId warrantId"), "custodialStatus": _code(CustodialStatus, each.get("custodialStatus"))},
        )
        for each in _list(answer, "cases")
    ]


def read_immigration(answer: Answer) -> list[Record]:
    return [
        _parse(ImmigrationRecord, {**_take(each, "recordId current"), "kind": _code(ImmigrationKind, each.get("kind"))})
        for each in _list(answer, "records")
    ]


def read_recalls(answer: Answer) -> list[Record]:
    return [
        _parse(Recall, {**_take(each, "recallId recallType"), "status": _code(RecallStatus, each.get("status"))})
        for each in _list(answer, "recalls")
    ]


def read_licences(answer: Answer) -> list[Record]:
    return [
        _parse(Licence, {**_take(each, "licenceId kind"), "status": _code(LicenceStatus, each.get("status"))})
        for each in _list(answer, "licences")
    ]


ROUTES: Final = (
    Route(Source.PRISONER, "/v1/persons/{number}", read_prisoner),
    Route(Source.IDENTITY, "/person/prison/{number}", read_identity),
    Route(Source.ALERTS, "/v1/persons/{number}/active-alerts", read_alerts),
    Route(Source.CALCULATION, "/calculation/{number}/latest?checkForChange=true", read_calculation),
    Route(
        Source.CALCULATION,
        "/v1/persons/{number}/sentences/latest-key-dates-and-adjustments",
        read_adjustments,
    ),
    Route(Source.WARRANTS, "/v1/persons/{number}/warrants", read_warrants),
    Route(Source.WARRANTS, "/v1/warrants/unmatched", read_unmatched),
    Route(Source.CROWN_COURT, "/v1/persons/{number}/custodial-status", read_court),
    Route(Source.IMMIGRATION, "/v1/persons/{number}/status-information", read_immigration),
    Route(Source.RECALL, "/v1/persons/{number}/recalls", read_recalls),
    Route(Source.LICENCE, "/v1/persons/{number}/licences/conditions", read_licences),
)
"""A source is heard only when all its routes answered."""

VOIDING_EVENTS: Final = frozenset(
    {
        "calculate-release-dates.prisoner.changed",
        *(f"person.alert.{what}" for what in ("created", "updated", "inactive", "deleted")),
        *(f"recall.{what}" for what in ("inserted", "updated", "deleted")),
        "court-warrant.file.received",
        *(
            f"prisoner-offender-search.prisoner.{what}"
            for what in ("received", "released", "alerts-updated", "convicted-status-changed")
        ),
    }
)
"""Events that void an authorisation at once."""


def find_conflicts(records: list[Record]) -> tuple[str, ...]:
    """Where two sources say different things of the same fact."""
    person = next((each for each in records if isinstance(each, PrisonerRecord)), None)
    cases = [each for each in records if isinstance(each, CourtCase)]
    if person is None:
        return ()
    said: list[str] = []
    if person.legal_status is LegalStatus.SENTENCED and cases:
        free = (CustodialStatus.ACQUITTED, CustodialStatus.DISCONTINUED, CustodialStatus.NON_CUSTODIAL)
        if all(each.custodial_status in free for each in cases):
            said.append("the prison says SENTENCED, the court knows no custodial sentence")
    if person.legal_status is LegalStatus.REMAND and any(
        each.custodial_status is CustodialStatus.CUSTODIAL_SENTENCE for each in cases
    ):
        said.append("the prison says REMAND, the court has passed a custodial sentence")
    if person.recall != (person.legal_status is LegalStatus.RECALL) and person.legal_status is LegalStatus.RECALL:
        said.append("the legal status is RECALL, the recall mark is not set")
    return tuple(said)


def keep_reviews(old: Identity | None, new: Identity) -> Identity:
    """Upstream knows no reviews: those that our officers made stay with the same number or alias."""
    if old is None:
        return new
    numbers = {each.prisoner_number: each for each in old.numbers}
    aliases = {(each.surname, each.forenames, each.date_of_birth): each for each in old.aliases}
    return new.model_copy(
        update={
            "numbers": tuple(
                numbers.get(each.prisoner_number, LinkedNumber(prisoner_number=each.prisoner_number))
                for each in new.numbers
            ),
            "aliases": tuple(
                aliases.get((each.surname, each.forenames, each.date_of_birth), _unreviewed(each))
                for each in new.aliases
            ),
        }
    )


def _unreviewed(alias: ReviewedAlias) -> ReviewedAlias:
    return alias.model_copy(update={"reviewed_by": None, "reviewed_at": None})


def _parse(model: type[Record], content: dict[str, Any]) -> Record:
    try:
        return model.parse(json.dumps(content))
    except (TypeError, ValueError) as error:
        raise MalformedError(f"{model.__name__} cannot be read: {error}") from None


def _take(each: Any, names: str) -> dict[str, Any]:
    if not isinstance(each, dict):
        raise MalformedError(f"An object was expected, not {type(each).__name__}.")
    return {name: each[name] for name in names.split() if name in each}


def _each(answer: Answer, field: str, model: type[Record], names: str) -> list[Record]:
    return [_parse(model, _take(each, names)) for each in _list(answer, field)]


def _list(answer: Answer, field: str) -> list[dict[str, Any]]:
    """A list that must be there: one that is missing is not an empty one."""
    found = answer.get(field)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise MalformedError(f"The list {field} is missing or holds something else than objects.")
    return found


def _code(codes: type[StrEnum], value: Any) -> str:
    return str(value) if value in set(codes) else "UNKNOWN"
