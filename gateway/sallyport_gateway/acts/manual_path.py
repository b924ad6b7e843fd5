"""The manual path at one lane: a first statement, a second, then the door as ever, or a key where it cannot open.

Works on the lane under the lane's own lock, so it and a check at the kiosk exclude each other.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from sallyport_gateway import parameters
from sallyport_gateway.acts.identifying import Devices, Stated, release_by_key, settle_statements, state
from sallyport_gateway.acts.manual import Statement, refuse_second
from sallyport_gateway.release.check import Check, Stage
from sallyport_gateway.release.judge_again import HeldBack
from sallyport_gateway.release.settling import Decided

if TYPE_CHECKING:
    from sallyport_gateway.release.lane import Lane


async def identify(lane: "Lane", first: Statement) -> str | None:
    """The first officer's statement. A sentence when there is no manual path now."""
    async with lane.lock:
        running = lane.check
        if running is not None and not running.over and running.stage is not Stage.DECIDED:
            return "A check is running in this lane. End it first."
        office, entry = lane.office, lane.entry
        devices = Devices(lane.kiosk, lane.contact.serves, lane.board_silent)
        stated = await office.store.write(lambda conn: state(conn, office, entry, devices, first))
        if not isinstance(stated, Stated):
            return stated
        if running is not None and not running.over:
            await lane.abort("The manual path was taken.")
        now = office.clock.monotonic_ms()
        lane.check = Check(
            first.authorisation,
            first.prisoner,
            entry.prison,
            entry.name,
            str(entry.kind),
            None,
            now,
            first.at,
            first.officer,
            stage=Stage.STATED,
            stage_since=now,
            manual=stated.manual,
        )
        lane.voice.note("Manual path", f"{first.officer}: {first.reason.wording}", stated.index)
        return None


async def second(lane: "Lane", session: bytes, challenge: bytes, statement: Statement) -> str | None:
    """The second officer's statement, and the decision on both. A sentence when it is not taken."""
    async with lane.lock:
        check = lane.check
        if check is None or check.session != session or check.stage is not Stage.STATED or check.manual is None:
            gone = check.void if check is not None and check.session == session else None
            return gone or "No statement of a first officer waits here."
        if (why := refuse_second(check.manual, statement, challenge)) is not None:
            return why
        manual, office = replace(check.manual, second=statement), lane.office
        settled = await office.store.write(lambda conn: settle_statements(conn, office, check, manual))
        if not isinstance(settled, Decided):
            return settled
        decided = office.clock.monotonic_ms()
        lane.check = replace(
            check,
            stage=Stage.DECIDED,
            stage_since=decided,
            decided=decided,
            manual=manual,
            decision=settled.decision,
            audit_index=settled.index,
        )
        telling = settled.decision.telling
        words = telling.sentence if telling else f"Identified by {' and '.join(manual.officers)}."
        lane.voice.note(f"Verdict: {settled.decision.verdict}", words, settled.index)
        return None


async def by_key(lane: "Lane", session: bytes, officer: str) -> str | None:
    """Everything looked at again, the authorisation used up, then the key. A sentence when nobody may leave."""
    async with lane.lock:
        check, office = lane.check, lane.office
        if check is None or check.session != session or check.stage is not Stage.DECIDED or check.manual is None:
            return "A key is for a manual verdict that waits for its confirmation."
        if officer not in check.manual.officers:
            return NOT_ONE_OF_THEM
        if (why := lane.refusal(check)) is not None:
            return why
        if not await office.cover(check.audit_index or 0):
            return "The audit witness cannot be reached, or knows more than this gateway. Nobody may leave on it now."
        now, place = int(office.clock.now().timestamp() * 1_000), lane.opening.place
        turned = replace(check, confirmed_by=officer)
        outcome = await office.store.write(lambda conn: release_by_key(conn, office, turned, place, now))
        if isinstance(outcome, str):
            return outcome
        if isinstance(outcome, HeldBack):
            lane.voice.note("Held at the door", outcome.sentence, outcome.index)
            lane.check = replace(turned, decision=outcome.decision)
            await lane.abort(outcome.sentence)
            return outcome.sentence
        await office.cover(outcome)
        lane.voice.alarm("KEY_RELEASE", f"Somebody is let out by key. {check.prison} grants nothing until reconciled.")
        lane.voice.note("Authorisation consumed", check.authorisation, outcome)
        lane.check = replace(turned, stage=Stage.ENDED, opened=True, granted_at=office.clock.now())
        return None


def waited_too_long(check: Check, now: int) -> bool:
    """Whether the second officer has not come in time. `now` in gateway monotonic ms."""
    return check.stage is Stage.STATED and now - check.stage_since > parameters.STATEMENT_LIFE_MS


NOT_ONE_OF_THEM = "Only the two officers who identified the person may let them out."
