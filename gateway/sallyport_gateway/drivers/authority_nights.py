"""Each night's look ahead in the store: claimed once for each prison and night, written when it is done, read by pages.

Whoever enters the night's row does it, so of several gateways one does. One that began and never ended (a crash, a
power cut) is begun again by whoever comes after `PATIENCE`.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from sallyport_gateway.authority.calendar import from_millis, london_day
from sallyport_gateway.authority.policy import Basis, ReleasePolicy
from sallyport_gateway.authority.preflight import BANDS, Line
from sallyport_gateway.authority.records import Calculation
from sallyport_gateway.authority.words import CalculationStatus
from sallyport_gateway.drivers import authority_embedded as embedded
from sallyport_gateway.drivers.authority_access import millis
from sallyport_gateway.drivers.authority_preflight import calculations_of
from sallyport_gateway.drivers.authority_tables import preflights
from sallyport_protocol.checks import DEFAULTS, CheckResult

PATIENCE: Final = timedelta(minutes=15)
"""How long a night may take. Source: 200 people at most, read one after another at below two seconds each, twice."""

KEPT: Final = timedelta(days=31)
"""How long a night's list is kept: it names people, and the next night's replaces it."""


@dataclass(frozen=True, slots=True)
class Look:
    """One night's list of one prison: JSON rows as `as_row` makes them."""

    prison: str
    day: date
    ended_at: datetime
    rows: tuple[dict[str, Any], ...]


def claim(conn: Connection, prison: str, day: date, who: str, now: datetime) -> bool:
    """Whether the caller does this night's look ahead of this prison."""
    here = (preflights.c.prison_id == prison, preflights.c.day == day.isoformat())
    known = conn.execute(select(preflights).where(*here)).first()
    mine = {"begun_at": millis(now), "begun_by": who}
    if known is None:
        conn.execute(insert(preflights), {"prison_id": prison, "day": day.isoformat(), **mine})
        return True
    if known.ended_at is not None or known.begun_at > millis(now - PATIENCE):
        return False
    still = (*here, preflights.c.begun_at == known.begun_at, preflights.c.ended_at.is_(None))
    return conn.execute(update(preflights).where(*still).values(mine)).rowcount == 1


def finish(conn: Connection, prison: str, day: date, lines: Iterable[Line], now: datetime) -> Look:
    """Writes the night's list; lists older than `KEPT` go."""
    rows = tuple(as_row(line) for line in lines)
    here = (preflights.c.prison_id == prison, preflights.c.day == day.isoformat())
    values = {"ended_at": millis(now), "document": json.dumps(rows, ensure_ascii=False)}
    conn.execute(update(preflights).where(*here).values(values))
    conn.execute(delete(preflights).where(preflights.c.day < (day - KEPT).isoformat()))
    return Look(prison, day, now, rows)


def latest(conn: Connection, prison: str) -> Look | None:
    """The newest list that is done; None before the first night."""
    row = conn.execute(
        select(preflights)
        .where(preflights.c.prison_id == prison, preflights.c.ended_at.is_not(None))
        .order_by(preflights.c.day.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    return Look(prison, date.fromisoformat(row.day), from_millis(row.ended_at), tuple(json.loads(row.document)))


def people_due(conn: Connection, prison: str, policy: ReleasePolicy, now: datetime) -> list[str]:
    """Who must be read from the sources before the look ahead: authorised, or with a date within its days."""
    last = london_day(now) + timedelta(days=max(BANDS))
    found = {
        each.prisoner_number for each in embedded.of_prison(conn, prison, now) if london_day(each.window_opens) <= last
    }
    dated = {kind for each in policy.purposes if each.basis is Basis.CALCULATION for kind in each.date_types}
    for row in conn.execute(calculations_of(prison)):
        made = Calculation.parse(row.document)
        days = [day for kind, day in made.dates.items() if kind in dated]
        if made.status is CalculationStatus.CONFIRMED and any(day <= last for day in days):
            found.add(row.key)
    return sorted(found)


def as_row(line: Line) -> dict[str, Any]:
    """One person of the list as JSON."""
    return {
        "day": line.day.isoformat(),
        "withinDays": line.band,
        "prisonerNumber": line.prisoner_number,
        "name": line.name,
        "authorisation": line.authorisation,
        "ready": line.ready,
        "settle": [_settle(each) for each in line.findings],
        "references": list(line.references),
    }


def _settle(finding: CheckResult) -> dict[str, Any]:
    _, owner, step = DEFAULTS[finding.number]
    return {
        "check": int(finding.number),
        "reason": finding.reason,
        "sentence": finding.sentence,
        "owner": (finding.owner or owner).value,
        "nextStep": (finding.next_step or step).value,
    }
