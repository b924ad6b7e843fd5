"""The watch's door: reads what is new in the audit logs, holds the models of a prison whose test stopped, tells it.

Nothing of the watch is stored: it is read again from the logs at a start, and again comes to the same.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from sqlalchemy import Connection, bindparam, func, select

from sallyport_gateway.audit import log as audit
from sallyport_gateway.audit.log import Entry
from sallyport_gateway.ledger import freezes
from sallyport_gateway.ledger.freezes import Scope
from sallyport_gateway.notice import Notice
from sallyport_gateway.store.tables import audit as entries
from sallyport_gateway.watch.fold import TAKEN, Alarm, Watch
from sallyport_gateway.watch.policy import WatchPolicy, watch_policy

PORTION: Final = 200
"""Entries of one log that are read at once: some 10 ms of work, so that who decides meanwhile hardly waits."""

_NEXT_LOG: Final = select(func.min(entries.c.log)).where(entries.c.log > bindparam("after"))
"""Logs one by one: for all of them at once a database reads every entry."""
_NEXT: Final = (
    select(entries)
    .where(entries.c.log == bindparam("l"), entries.c.index >= bindparam("low"), entries.c.kind.in_(TAKEN))
    .order_by(entries.c.index)
    .limit(bindparam("n"))
)


@dataclass
class Lookout:
    """The watch and how far each log was read. One for each gateway: several come to the same."""

    policy: WatchPolicy = field(default_factory=watch_policy)
    portion: int = PORTION
    watch: Watch = field(init=False)
    _read: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.watch = Watch(self.policy)

    def look(self, conn: Connection, now: datetime) -> list[Alarm]:
        """Takes everything that is new; the alarms of prisons that are stopped now. Reads only."""
        while self.take(conn, now):
            pass
        return self.alarms

    @property
    def alarms(self) -> list[Alarm]:
        """Of the prisons that are stopped, by what was taken so far."""
        return list(self.watch.stopped.values())

    def take(self, conn: Connection, now: datetime) -> bool:
        """Takes the next of what is new in the logs, oldest first; True while there is more. Reads only.

        A log that has more than a portion to tell bounds how far the others are read: so their entries are taken in
        the order of their times whatever the portions are.
        """
        found = [
            [Entry(*row) for row in conn.execute(_NEXT, {"l": name, "low": self._read.get(name, 0), "n": self.portion})]
            for name in _logs(conn)
        ]
        more = [each for each in found if len(each) == self.portion]
        horizon = min((max(entry.at for entry in each) for each in more), default=None)
        since = int((now - timedelta(days=self.policy.looked_back_days)).timestamp() * 1_000)
        new: list[Entry] = []
        for each in found:
            for entry in takewhile(lambda entry: horizon is None or entry.at <= horizon, each):
                self._read[entry.log] = entry.index + 1
                new.append(entry)
        for entry in sorted(new, key=lambda each: (each.at, each.log, each.index)):
            if entry.at >= since:
                self.watch.take(entry)
        return bool(more)


def _logs(conn: Connection) -> Iterator[str]:
    name = conn.execute(_NEXT_LOG, {"after": ""}).scalar()
    while name is not None:
        yield name
        name = conn.execute(_NEXT_LOG, {"after": name}).scalar()


def hold_models(conn: Connection, log_name: str, alarms: Iterable[Alarm], now: datetime) -> list[Notice]:
    """Holds the models of each prison whose test stopped, once; what officers must be told of it."""
    notices, at = [], int(now.timestamp() * 1_000)
    for alarm in alarms:
        if freezes.freeze(conn, Scope.MODELS, alarm.key.prison, log_name, alarm.sentence[:200], at):
            audit.append(conn, log_name, "MODELS_HELD", _record(alarm), at)
            notices.append(Notice("MODELS_HELD", f"{alarm.sentence} The models are held.", alarm.key.prison))
    return notices


def _record(alarm: Alarm) -> dict[str, object]:
    key = alarm.key
    return {
        "prison": key.prison,
        "model_set": key.model_set,
        "measure": key.measure,
        "modality": key.part,
        "group": key.group,
        "sessions": alarm.sessions,
        "events": alarm.events,
        "why": alarm.sentence,
    }
