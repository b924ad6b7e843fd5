"""An embedded store with one person in it, in order to leave today."""

import sys
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection

from sallyport_gateway.authority.words import Source
from sallyport_gateway.casebook.files import LIBRARY, read_case
from sallyport_gateway.casebook.words import Case
from sallyport_gateway.drivers.authority_access import By
from sallyport_gateway.drivers.authority_records import Kind, hear, put

sys.path.insert(0, str(Path(__file__).parent))
"""For `naive_oracle` and `case_maker`."""

CLERK = By("omu.clerk", "release due")


@pytest.fixture(scope="session")
def base() -> Case:
    return read_case(LIBRARY / "base-cr.json")


@pytest.fixture
def now(base: Case) -> datetime:
    return base.now


@pytest.fixture
def settled(conn: Connection, base: Case) -> Connection:
    """The records of the base case; no authorisation yet."""
    fill(conn, base)
    return conn


def fill(conn: Connection, case: Case) -> None:
    evidence, number = case.evidence, case.evidence.prisoner_number
    single = {
        Kind.PRISONER: evidence.prisoner,
        Kind.IDENTITY: evidence.identity,
        Kind.CALCULATION: evidence.calculation,
    }
    for kind, record in single.items():
        assert record is not None
        put(conn, kind, number, record, CLERK, case.now)
    for alert in evidence.alerts:
        put(conn, Kind.ALERT, number, alert, CLERK, case.now)
    for warrant in evidence.warrants:
        put(conn, Kind.WARRANT, number, warrant, CLERK, case.now)
    for court_case in evidence.court_cases:
        put(conn, Kind.COURT_CASE, number, court_case, CLERK, case.now)
    for licence in evidence.licences:
        put(conn, Kind.LICENCE, number, licence, CLERK, case.now)
    for source, at in evidence.as_of.items():
        hear(conn, Source(source), at, number)
