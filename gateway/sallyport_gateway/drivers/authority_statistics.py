"""What happened, for statistics: prevented and real errors and holds, by cause, prison and month. Names nobody."""

import csv
import io
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from sallyport_gateway.authority.calendar import from_millis, london
from sallyport_gateway.authority.holding import Ending
from sallyport_gateway.drivers.authority_access import millis
from sallyport_gateway.drivers.authority_tables import alarms, holds, releases
from sallyport_protocol.causes import CauseCode

COLUMNS = ("month", "prison", "cause", "published_cause", "holds", "prevented_errors", "real_errors", "over_detentions")


@dataclass(frozen=True, slots=True, order=True)
class Figures:
    """The counts of one month, prison and cause. `month` as 2026-06, by London's calendar."""

    month: str
    prison: str
    cause: CauseCode
    holds: int
    prevented_errors: int
    real_errors: int
    over_detentions: int


def figures(conn: Connection, since: datetime, until: datetime) -> list[Figures]:
    """Counts of what began (holds) or became known (errors) in [since, until)."""
    counts: dict[tuple[str, str, str], Counter[str]] = {}

    def count(at: int, prison: str, cause: str, what: str) -> None:
        counts.setdefault((f"{london(from_millis(at)):%Y-%m}", prison, cause), Counter())[what] += 1

    low, high = millis(since), millis(until)
    for row in conn.execute(select(holds).where(holds.c.opened_at >= low, holds.c.opened_at < high)):
        count(row.opened_at, row.prison_id, row.cause, "holds")
        if row.ending == Ending.ERROR_PREVENTED:
            count(row.opened_at, row.prison_id, row.cause, "prevented")
        if row.over_detained_at is not None:
            count(row.opened_at, row.prison_id, row.cause, "over")
    wrong = (
        select(alarms.c.raised_at, alarms.c.cause, releases.c.prison_id, alarms.c.authorisation)
        .join(releases, releases.c.authorisation == alarms.c.authorisation)
        .where(alarms.c.was_error, alarms.c.raised_at >= low, alarms.c.raised_at < high)
        .order_by(alarms.c.raised_at)
    )
    seen: set[str] = set()
    for row in conn.execute(wrong):
        if row.authorisation not in seen:
            seen.add(row.authorisation)
            count(row.raised_at, row.prison_id, row.cause, "real")
    return sorted(
        Figures(month, prison, CauseCode(cause), each["holds"], each["prevented"], each["real"], each["over"])
        for (month, prison, cause), each in counts.items()
    )


def write_csv(rows: list[Figures]) -> str:
    """The figures as CSV with a header."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        counts = (row.holds, row.prevented_errors, row.real_errors, row.over_detentions)
        writer.writerow((row.month, row.prison, row.cause.value, row.cause.wording, *counts))
    return out.getvalue()
