"""Keeps looking after a release: notes who left, asks again and again, raises each alarm once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, insert, select, update

from sallyport_gateway.authority.evidence import ReleaseRequest
from sallyport_gateway.authority.policy import ReleasePolicy
from sallyport_gateway.authority.sweep import Alarm, sweep
from sallyport_gateway.drivers.authority_access import Action, By, log_access, millis
from sallyport_gateway.drivers.authority_compose import compose
from sallyport_gateway.drivers.authority_tables import alarms, releases
from sallyport_protocol.checks import DEFAULTS

WATCH: Final = timedelta(days=28)
"""How long a release is watched. Source: in the reported cases the error was found within weeks [?]."""


@dataclass(frozen=True, slots=True)
class Raised:
    """A new alarm about one release."""

    authorisation: str
    prisoner_number: str
    prison: str
    alarm: Alarm


def note_release(conn: Connection, request: ReleaseRequest, now: datetime) -> None:
    """Begins to watch a release; the same authorisation twice is one release."""
    if conn.execute(select(releases.c.authorisation).where(_of(request.authorisation_id))).first() is None:
        row = {"authorisation": request.authorisation_id, "prisoner_number": request.prisoner_number}
        times = {"released_at": millis(now), "watched_until": millis(now + WATCH)}
        conn.execute(insert(releases), {**row, "prison_id": request.prison_id, "request": request.to_json(), **times})


def sweep_releases(conn: Connection, policy: ReleasePolicy, now: datetime) -> list[Raised]:
    """Looks at every watched release. Run twice a minute: an alarm is then at most a minute old."""
    raised: list[Raised] = []
    rows = conn.execute(select(releases).where(releases.c.watched_until > millis(now)).order_by(releases.c.released_at))
    for row in rows.all():
        evidence = compose(conn, row.prisoner_number)
        raised_before = select(alarms.c.reason, alarms.c.records).where(alarms.c.authorisation == row.authorisation)
        known = {(each.reason, each.records) for each in conn.execute(raised_before)}
        for alarm in sweep(ReleaseRequest.parse(row.request), evidence, policy, now):
            records = ",".join(alarm.finding.records)[:400]
            if (alarm.finding.reason, records) not in known:
                known.add((alarm.finding.reason, records))
                _raise(conn, row.authorisation, alarm, records, now)
                raised.append(Raised(row.authorisation, row.prisoner_number, row.prison_id, alarm))
    return raised


def answer_alarm(conn: Connection, authorisation: str, reason: str, by: By, now: datetime, *, was_error: bool) -> bool:
    """An officer says whether the release was an error. False when there is no such open alarm."""
    here = (alarms.c.authorisation == authorisation, alarms.c.reason == reason, alarms.c.answered_at.is_(None))
    over = {"answered_by": by.who, "answered_at": millis(now), "was_error": was_error}
    count = conn.execute(update(alarms).where(*here).values(over)).rowcount
    if count:
        number = conn.execute(select(releases.c.prisoner_number).where(_of(authorisation))).scalar()
        log_access(conn, Action.ALTERED, number, f"alarm {reason} answered", by, now)
    return bool(count)


def _raise(conn: Connection, authorisation: str, alarm: Alarm, records: str, now: datetime) -> None:
    finding = alarm.finding
    conn.execute(
        insert(alarms),
        {
            "authorisation": authorisation,
            "reason": finding.reason,
            "records": records,
            "sentence": finding.sentence[:500],
            "cause": (finding.cause or DEFAULTS[finding.number][0]).value,
            "tell": ",".join(alarm.tell),
            "raised_at": millis(now),
        },
    )


def _of(authorisation: str) -> ColumnElement[bool]:
    return releases.c.authorisation == authorisation
