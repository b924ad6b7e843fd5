"""What the authority does by itself, three times a minute: windows run out, holds escalate."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from sallyport_gateway.drivers import authority_embedded as embedded
from sallyport_gateway.drivers.authority_access import millis
from sallyport_gateway.drivers.authority_holds import Escalation, escalate
from sallyport_gateway.ledger import life


@dataclass(frozen=True, slots=True)
class Rounds:
    """What one round found; the caller tells the officers."""

    expired: tuple[str, ...]
    escalations: tuple[Escalation, ...]


def go_round(conn: Connection, now: datetime) -> Rounds:
    """One round, in one transaction. The life of an authorisation whose window is over is stopped with it.

    Its holds go on: the person is still here, and past the day on which release fell due over-detained.
    """
    expired = embedded.expire(conn, now)
    for authorisation in expired:
        if life.find(conn, authorisation) is not None:
            life.stop(conn, authorisation, "the window is over", millis(now))
    return Rounds(expired, tuple(escalate(conn, now)))
