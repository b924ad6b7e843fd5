"""The watch's door: reads what is new in the audit logs, holds the models of a prison whose test stopped, tells it.

Nothing of the watch is stored: it is read again from the logs at a start, and again comes to the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from sallyport_gateway.audit import log as audit
from sallyport_gateway.ledger import freezes
from sallyport_gateway.ledger.freezes import Scope
from sallyport_gateway.notice import Notice
from sallyport_gateway.store.tables import audit as entries
from sallyport_gateway.watch.fold import Alarm, Watch
from sallyport_gateway.watch.policy import WatchPolicy, watch_policy

_LOGS: Final = select(entries.c.log).distinct()


@dataclass
class Lookout:
    """The watch and how far each log was read. One for each gateway: several come to the same."""

    policy: WatchPolicy = field(default_factory=watch_policy)
    watch: Watch = field(init=False)
    _read: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.watch = Watch(self.policy)

    def look(self, conn: Connection, now: datetime) -> list[Alarm]:
        """Takes what is new in every log, oldest first; the alarms of prisons that are stopped now. Reads only."""
        since = int((now - timedelta(days=self.policy.looked_back_days)).timestamp() * 1_000)
        found = []
        for name in conn.execute(_LOGS).scalars().all():
            for entry in audit.entries(conn, name, self._read.get(name, 0)):
                self._read[name] = entry.index + 1
                if entry.at >= since:
                    found.append(entry)
        for entry in sorted(found, key=lambda each: (each.at, each.log, each.index)):
            self.watch.take(entry)
        return list(self.watch.stopped.values())


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
