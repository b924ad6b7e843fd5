"""What a gateway does with nobody at a door: the clocks of holds, the watch after releases, papers that ran out."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection

from sallyport_gateway.audit import log as audit
from sallyport_gateway.authority.policy import ReleasePolicy
from sallyport_gateway.drivers.authority_holds import Escalation
from sallyport_gateway.drivers.authority_rounds import go_round
from sallyport_gateway.drivers.authority_sweep import Raised
from sallyport_gateway.notice import Notice
from sallyport_gateway.store import Store
from sallyport_protocol.errors import RoadError

log = logging.getLogger(__name__)

EVERY_S: Final = 20.0
"""An alarm about a release that has happened is then well below a minute old."""


async def keep_watch(
    store: Store, log_name: str, policy: ReleasePolicy, now: Callable[[], datetime], tell: Callable[[Notice], None]
) -> None:
    """Does the duties for ever. A round that fails is told, and the next one tries again."""
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            notices = await store.write(partial(one_round, log_name=log_name, policy=policy, now=now()))
        except RoadError as error:
            notices = [Notice("STORE_FAILED", str(error))]
        except Exception:
            log.exception("a round of the duties failed; the next one tries again")
            continue
        for notice in notices:
            tell(notice)


def one_round(conn: Connection, log_name: str, policy: ReleasePolicy, now: datetime) -> list[Notice]:
    """One round in one transaction: escalations, releases that turn out to be errors, windows that are over."""
    rounds = go_round(conn, policy, now)
    notices = [_escalated(each) for each in rounds.escalations]
    for raised in rounds.alarms:
        audit.append(conn, log_name, "RELEASED_IN_ERROR", _record(raised), int(now.timestamp() * 1_000))
        notices.append(_released_in_error(raised))
    return notices


def _escalated(each: Escalation) -> Notice:
    held, minutes = each.hold.held, round(each.hold.clock.running.total_seconds() / 60)
    owner, level = _words(held.owner.value), _words(each.hold.clock.level.value)
    if each.over_detention:
        return Notice(
            "OVER_DETENTION",
            f"{held.prisoner_number} should have been free since midnight. Held for {minutes} min; {owner} owns it.",
            held.prison,
        )
    return Notice(
        "HOLD_ESCALATED",
        f"{held.prisoner_number} is held for {minutes} min, owned by {owner}. Tell the {level}.",
        held.prison,
    )


def _released_in_error(raised: Raised) -> Notice:
    whom = ", ".join(_words(each.value) for each in raised.alarm.tell)
    return Notice(
        "RELEASED_IN_ERROR",
        f"{raised.prisoner_number} has been released, and now: {raised.alarm.finding.sentence} Tell: {whom}.",
        raised.prison,
    )


def _record(raised: Raised) -> dict[str, object]:
    return {
        "authorisation": raised.authorisation,
        "prisoner_number": raised.prisoner_number,
        "prison": raised.prison,
        "check": raised.alarm.finding.to_map(),
        "tell": [each.value for each in raised.alarm.tell],
    }


def _words(code: str) -> str:
    return code.replace("_", " ").lower()
