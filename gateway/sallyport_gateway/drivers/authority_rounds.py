"""What the authority does by itself, twice a minute: windows run out, holds escalate, releases are looked at again."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from sallyport_gateway.authority.policy import ReleasePolicy
from sallyport_gateway.drivers import authority_embedded as embedded
from sallyport_gateway.drivers.authority_access import millis
from sallyport_gateway.drivers.authority_holds import Escalation, escalate
from sallyport_gateway.drivers.authority_sweep import Raised, sweep_releases
from sallyport_gateway.ledger import life


@dataclass(frozen=True, slots=True)
class Rounds:
    """What one round found; the caller tells the officers."""

    expired: tuple[str, ...]
    escalations: tuple[Escalation, ...]
    alarms: tuple[Raised, ...]


def go_round(conn: Connection, policy: ReleasePolicy, now: datetime) -> Rounds:
    """One round, in one transaction. The life of an authorisation whose window is over is stopped with it.

    Its holds go on: the person is still here, and past the day on which release fell due over-detained.
    """
    expired = embedded.expire(conn, now)
    for authorisation in expired:
        if life.find(conn, authorisation) is not None:
            life.stop(conn, authorisation, "the window is over", millis(now))
    return Rounds(expired, tuple(escalate(conn, now)), tuple(sweep_releases(conn, policy, now)))
