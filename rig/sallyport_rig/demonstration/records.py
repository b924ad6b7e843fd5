"""The demonstration's records: one sentenced person whose conditional release is due today, by source. Pure."""

import json
from datetime import datetime, timedelta
from typing import Any, Final

PRISONER: Final = "A1234BC"
CALCULATION: Final = "1f0c3a52-7d0e-4b67-9f6e-0a4b5c6d7e8f"
NAME: Final = {"surname": "A", "forenames": "Subject", "dateOfBirth": "1991-04-17"}
SOURCES: Final = (
    "PRISONER",
    "IDENTITY",
    "ALERTS",
    "CALCULATION",
    "WARRANTS",
    "CROWN_COURT",
    "IMMIGRATION",
    "RECALL",
    "LICENCE",
)


def person(in_out: str = "IN") -> dict[str, Any]:
    """The prison's record."""
    return {
        **NAME,
        "prisonerNumber": PRISONER,
        "status": "ACTIVE IN",
        "inOutStatus": in_out,
        "prisonId": "MDI",
        "legalStatus": "SENTENCED",
        "recall": False,
        "identifiers": [{"type": "PNC", "value": "2012/0394773H"}],
    }


def standing(now: datetime) -> list[tuple[str, dict[str, Any]]]:
    """(kind, record) of everything that must be in order, as of `now`."""
    before, today = now - timedelta(days=14), now.date()
    stamp = before.strftime("%Y-%m-%dT%H:%M:%SZ")
    later = (before + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [
        ("PRISONER", person()),
        (
            "IDENTITY",
            {
                "cprUuids": ["6d0a2a4e-4a52-4d0f-9d9e-3a3c0f0d1c11"],
                "numbers": [{"prisonerNumber": PRISONER}],
                "aliases": [],
            },
        ),
        (
            "CALCULATION",
            {
                "calculationReference": CALCULATION,
                "status": "CONFIRMED",
                "calculatedByUsername": "e.fenn",
                "calculatedAt": stamp,
                "checkedByUsername": "g.hart",
                "checkedAt": later,
                "inputsChanged": False,
                "dates": {"CRD": today.isoformat(), "SED": (today + timedelta(days=365)).isoformat()},
                "warrantsIncluded": ["W-100"],
                "offences": [{"code": "TH68010", "committedOn": "2025-05-01", "inForceFrom": "1969-01-01"}],
            },
        ),
        ("WARRANT", warrant("W-100", "SENTENCING", "APPLIED")),
        ("COURT_CASE", {"caseId": "T20250001", "custodialStatus": "CUSTODIAL_SENTENCE", "warrantId": "W-100"}),
        ("LICENCE", {"licenceId": "L-1", "kind": "CRD", "status": "APPROVED"}),
    ]


def warrant(number: str, kind: str, status: str) -> dict[str, Any]:
    """A warrant in the person's name."""
    return {
        **NAME,
        "warrantId": number,
        "kind": kind,
        "status": status,
        "prisonerNumber": PRISONER,
        "court": "Sheffield Crown Court",
    }


def authorisation(number: str, now: datetime) -> dict[str, Any]:
    """A request to release the person today."""
    return {
        **NAME,
        "id": number,
        "prisonerNumber": PRISONER,
        "prisonId": "MDI",
        "movementType": "REL",
        "movementReason": "CR",
        "dateType": "CRD",
        "laneKind": "pedestrian",
        "windowOpens": (now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "windowCloses": (now + timedelta(hours=4)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "state": "PENDING",
        "createdBy": "nobody",
        "createdAt": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "calculationReference": CALCULATION,
    }


def text(record: dict[str, Any]) -> str:
    """A record as it is sent."""
    return json.dumps(record, separators=(",", ":"))
