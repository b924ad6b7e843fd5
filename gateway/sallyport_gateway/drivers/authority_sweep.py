"""Keeps looking after a release: notes who left, asks again and again, raises each alarm once.

Looking reads; only what is found is written. So thousands of watched releases hold up no decision at a door.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, insert, select, update

from sallyport_gateway.authority.calendar import from_millis
from sallyport_gateway.authority.evidence import ReleaseRequest
from sallyport_gateway.authority.policy import ReleasePolicy
from sallyport_gateway.authority.sweep import Alarm, sweep
from sallyport_gateway.drivers.authority_access import Action, By, log_access, millis
from sallyport_gateway.drivers.authority_compose import compose
from sallyport_gateway.drivers.authority_records import linked_numbers
from sallyport_gateway.drivers.authority_tables import alarms, records, releases
from sallyport_gateway.drivers.authority_unmatched import UnmatchedWarrants
from sallyport_protocol.causes import CauseCode
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

    @property
    def cause(self) -> CauseCode:
        """HMPPS's cause of what was found."""
        return self.alarm.finding.cause or DEFAULTS[self.alarm.finding.number][0]


@dataclass(frozen=True, slots=True)
class OpenAlarm:
    """An alarm about a release that nobody has answered."""

    authorisation: str
    reason: str
    prisoner_number: str
    prison: str
    sentence: str
    cause: CauseCode
    tell: tuple[str, ...]
    raised_at: datetime
    key: str


def note_release(conn: Connection, request: ReleaseRequest, now: datetime) -> None:
    """Begins to watch a release; the same authorisation twice is one release."""
    if conn.execute(select(releases.c.authorisation).where(_of(request.authorisation_id))).first() is None:
        row = {"authorisation": request.authorisation_id, "prisoner_number": request.prisoner_number}
        times = {"released_at": millis(now), "watched_until": millis(now + WATCH)}
        conn.execute(insert(releases), {**row, "prison_id": request.prison_id, "request": request.to_json(), **times})


def to_look_at(conn: Connection, now: datetime, since: datetime | None) -> list[str]:
    """The watched releases about whose people anything changed after `since`; with None all of them. Reads only.

    Paper that is linked to nobody concerns everybody.
    """
    watched = conn.execute(
        select(releases.c.authorisation, releases.c.prisoner_number)
        .where(releases.c.watched_until > millis(now))
        .order_by(releases.c.released_at)
    ).all()
    if since is None or not watched:
        return [row.authorisation for row in watched]
    news = select(records.c.prisoner_number).where(records.c.changed_at >= millis(since)).distinct()
    changed = set(conn.execute(news).scalars())
    if None in changed:
        return [row.authorisation for row in watched]
    concerned = changed | linked_numbers(conn, {number for number in changed if number is not None})
    return [row.authorisation for row in watched if row.prisoner_number in concerned]


def look(
    conn: Connection,
    policy: ReleasePolicy,
    authorisations: Sequence[str],
    now: datetime,
    unmatched: UnmatchedWarrants | None = None,
) -> list[Raised]:
    """What is known against these releases and was not told before. Reads only."""
    found: list[Raised] = []
    rows = conn.execute(select(releases).where(releases.c.authorisation.in_(authorisations)))
    for row in rows.all():
        evidence = compose(conn, row.prisoner_number, unmatched, policy.measures.name_similarity.value)
        raised_before = select(alarms.c.reason, alarms.c.records).where(alarms.c.authorisation == row.authorisation)
        known = {(each.reason, each.records) for each in conn.execute(raised_before)}
        for alarm in sweep(ReleaseRequest.parse(row.request), evidence, policy, now):
            named = (alarm.finding.reason, _records(alarm))
            if named not in known:
                known.add(named)
                found.append(Raised(row.authorisation, row.prisoner_number, row.prison_id, alarm))
    return found


def raise_alarms(conn: Connection, found: Iterable[Raised], now: datetime) -> list[Raised]:
    """Records what was found, each thing once; which of it was new."""
    new: list[Raised] = []
    for each in found:
        here = (
            alarms.c.authorisation == each.authorisation,
            alarms.c.reason == each.alarm.finding.reason,
            alarms.c.records == _records(each.alarm),
        )
        if conn.execute(select(alarms.c.raised_at).where(*here)).first() is None:
            _raise(conn, each, now)
            new.append(each)
    return new


def sweep_releases(conn: Connection, policy: ReleasePolicy, now: datetime) -> list[Raised]:
    """Looks at every watched release at once, in the caller's transaction."""
    return raise_alarms(conn, look(conn, policy, to_look_at(conn, now, None), now), now)


def watched_people(conn: Connection, now: datetime) -> list[str]:
    """Who is watched, each once."""
    query = select(releases.c.prisoner_number).where(releases.c.watched_until > millis(now)).distinct()
    return sorted(conn.execute(query).scalars())


def open_alarms(conn: Connection, prison: str | None = None) -> list[OpenAlarm]:
    """Alarms of a prison (None: of the estate) that nobody has answered, newest first."""
    query = (
        select(alarms, releases.c.prisoner_number, releases.c.prison_id)
        .join(releases, releases.c.authorisation == alarms.c.authorisation)
        .where(alarms.c.answered_at.is_(None))
        .order_by(alarms.c.raised_at.desc(), alarms.c.authorisation, alarms.c.reason)
    )
    if prison is not None:
        query = query.where(releases.c.prison_id == prison)
    return [
        OpenAlarm(
            row.authorisation,
            row.reason,
            row.prisoner_number,
            row.prison_id,
            row.sentence,
            CauseCode(row.cause),
            tuple(row.tell.split(",")),
            from_millis(row.raised_at),
            f"{row.authorisation} {row.reason} {row.records}",
        )
        for row in conn.execute(query)
    ]


def answer_alarm(conn: Connection, authorisation: str, reason: str, by: By, now: datetime, *, was_error: bool) -> bool:
    """An officer says whether the release was an error. False when there is no such open alarm."""
    here = (alarms.c.authorisation == authorisation, alarms.c.reason == reason, alarms.c.answered_at.is_(None))
    over = {"answered_by": by.who, "answered_at": millis(now), "was_error": was_error}
    count = conn.execute(update(alarms).where(*here).values(over)).rowcount
    if count:
        number = conn.execute(select(releases.c.prisoner_number).where(_of(authorisation))).scalar()
        log_access(conn, Action.ALTERED, number, f"alarm {reason} answered", by, now)
    return bool(count)


def _records(alarm: Alarm) -> str:
    return ",".join(alarm.finding.records)[:400]


def _raise(conn: Connection, raised: Raised, now: datetime) -> None:
    finding = raised.alarm.finding
    conn.execute(
        insert(alarms),
        {
            "authorisation": raised.authorisation,
            "reason": finding.reason,
            "records": _records(raised.alarm),
            "sentence": finding.sentence[:500],
            "cause": raised.cause.value,
            "tell": ",".join(raised.alarm.tell),
            "raised_at": millis(now),
        },
    )


def _of(authorisation: str) -> ColumnElement[bool]:
    return releases.c.authorisation == authorisation
