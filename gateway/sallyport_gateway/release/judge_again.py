"""The last look, between the interlock's nonce and the grant, in the transaction that grants.

Steps 3, 4, the decision's age, presence, and checks 13 to 25 run again (design §4): an event that arrives at any
instant before the grant holds the door. One nonce gets one durable decision, grant or refusal (S11).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from sallyport_gateway.acts.manual import check_officers
from sallyport_gateway.acts.officer_acts import refuse_officer
from sallyport_gateway.admission.admit import check_certificate
from sallyport_gateway.audit import log as audit
from sallyport_gateway.book import Book
from sallyport_gateway.ledger import boards, freezes, life, nonces, sessions
from sallyport_gateway.ledger.sessions import SessionState
from sallyport_gateway.ledger.words import Door, Refused, Shown
from sallyport_gateway.ports import Office, Question
from sallyport_gateway.release.check import Check, refuse_opening
from sallyport_gateway.release.mint import BoardKeys
from sallyport_protocol.acts import ActKind
from sallyport_protocol.checks import CheckNumber, CheckOutcome, CheckResult
from sallyport_protocol.decision import Decision, Verdict
from sallyport_protocol.identity import Role
from sallyport_protocol.subject import Guard

MARGIN_MS: Final = 200
"""Taken from a grant's life for the road, so that the board's count of it never outlives the authorisation (S2)."""


@dataclass(frozen=True, slots=True)
class Granted:
    """A durable grant, once the transaction has committed."""

    lifetime_ms: int
    index: int
    revision: int
    """Of the authorisation's records when it was granted."""


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Why there is no grant for this nonce, ever; with the new decision where one was made."""

    sentence: str
    decision: Decision | None
    index: int


def judge_again(
    conn: Connection, office: Office, check: Check, keys: BoardKeys, shown: Shown, now: int
) -> Granted | HeldBack:
    """Grants or refuses this nonce. Runs inside one transaction of the store."""
    policy, moment = office.book().policy, office.clock.now()
    door = Door(check.prison, keys.lane, keys.board)
    held = life.find(conn, check.authorisation, lock=True)
    why = refuse_opening(check, office.clock.monotonic_ms(), moment, policy)
    why = why or _refuse_place(conn, office, check, keys)
    decision, lifetime = None, 0
    if why is None and check.manual is None:
        doubt = freezes.models_held(conn, check.prison, share=True)
        why = None if doubt is None else f"The models are held here: {doubt}"
    if why is None:
        decision = _decide(conn, office, check)
        why = _objection(decision)
    if why is None:
        case = office.authority.case(conn, check.authorisation)
        left = int((case.closes - moment).total_seconds() * 1_000) if case else 0
        lifetime = min(policy.grant_life_s * 1_000, left) - MARGIN_MS
        why = None if lifetime > 0 else "The authorisation's time is over."
    if why is None:
        revision = held.revision if held else -1
        answer = life.grant(conn, check.authorisation, check.session, door, shown, revision, now)
        why = answer.advice if isinstance(answer, Refused) else None
    if why is None:
        index = _record(conn, office, "GRANT", check, door, {"nonce": shown.nonce, "lifetime_ms": lifetime}, now)
        return Granted(lifetime, index, held.revision if held else -1)
    nonces.refuse(conn, door.board, shown, check.authorisation, check.session, now)
    checks = [each.to_map() for each in decision.refused] if decision else []
    cause = decision.cause.value if decision is not None and decision.cause is not None else ""
    more = {"nonce": shown.nonce, "why": why, "cause": cause, "checks": checks}
    return HeldBack(why, decision, _record(conn, office, "GRANT_REFUSED", check, door, more, now))


def _refuse_place(conn: Connection, office: Office, check: Check, keys: BoardKeys) -> str | None:
    """Step 6 again: this session still open; officer, kiosk and board still vouched for, the devices at this lane."""
    held, registry = sessions.find(conn, check.session), office.book().registry
    if held is None or held.state is not SessionState.DECIDED:
        return "This check has ended. Start a new one."
    if (why := refuse_people(office, check)) is not None:
        return why
    kiosk, board = (registry.serving(check.lane, role) for role in (Role.KIOSK, Role.INTERLOCK))
    if check.offer is not None and (kiosk is None or kiosk.name != check.offer.kiosk):
        return f"{check.offer.kiosk} no longer serves {check.lane}."
    if board is None or (board.name, board.fingerprint) != (keys.board, keys.fingerprint):
        return f"{keys.board} is not the interlock of {check.lane} any more, or has other keys."
    return None


def refuse_people(office: Office, check: Check) -> str | None:
    """Whether the officers of this check may still do what they did: who confirmed and, by hand, who identified."""
    book, moment = office.book(), office.clock.now()
    officer = book.registry.named(check.confirmed_by or "")
    if officer is None or refuse_officer(officer, ActKind.CONFIRM, book, moment) is not None:
        return "The officer who confirmed may not confirm any more."
    for name in check.manual.officers if check.manual is not None else ():
        entry = book.registry.named(name)
        if entry is None or refuse_officer(entry, ActKind.MANUAL, book, moment) is not None:
            return f"{name}, who identified the person, may not do so any more."
    return None


def stopped_since(conn: Connection, office: Office, check: Check, keys: BoardKeys, granted: Granted) -> str | None:
    """What stopped this opening after its grant was durable and before it leaves; None for nothing."""
    held = life.find(conn, check.authorisation)
    same = held is not None and held.stopped_at is None and held.revision == granted.revision
    doubted = check.manual is None and freezes.models_held(conn, check.prison) is not None
    if not same or doubted or freezes.over(conn, check.prison, keys.lane) or boards.is_revoked(conn, keys.board):
        return "It was stopped in the last moment."
    book, now, moment = office.book(), office.clock.monotonic_ms(), office.clock.now()
    for each in _check_signers(check, book, moment):
        if each.outcome is not CheckOutcome.PASS:
            return each.sentence
    return refuse_opening(check, now, moment, book.policy) or _refuse_place(conn, office, check, keys)


def decide_again(conn: Connection, office: Office, check: Check, officer: str) -> Decision:
    """The decision as it would be now: checks 3, 4 and 13 to 25 made again, the others as they were found."""
    return _decide(conn, office, replace(check, confirmed_by=officer))


def _objection(decision: Decision) -> str | None:
    if decision.verdict is Verdict.RELEASE:
        return None
    return decision.telling.sentence if decision.telling else "It is no longer a release."


def _decide(conn: Connection, office: Office, check: Check) -> Decision:
    assert check.decision is not None
    book, moment = office.book(), office.clock.now()
    again = {each.number: each for each in _check_signers(check, book, moment)}
    first = (each for each in check.decision.checks if each.number <= CheckNumber.MATCH)
    question = Question(
        check.authorisation,
        check.prison,
        check.lane,
        check.lane_kind,
        check.session,
        tuple(again.get(each.number, each) for each in first),
        moment,
        check.confirmed_by or check.officer,
        check.manual.identified if check.manual is not None else None,
        check.offer.guard if check.offer is not None else Guard.NONE,
    )
    return office.authority.decide(conn, question)


def _check_signers(check: Check, book: Book, moment: datetime) -> Iterable[CheckResult]:
    """Checks 3 and 4 again, on whoever signed who the person is: the kiosk, or the two officers."""
    if check.manual is not None:
        return check_officers(check.manual, book, moment)
    kiosk = book.registry.named(check.offer.kiosk) if check.offer is not None else None
    return check_certificate(kiosk, Role.KIOSK, book, moment)


def _record(
    conn: Connection, office: Office, kind: str, check: Check, door: Door, more: dict[str, Any], now: int
) -> int:
    content = {
        "prison": door.prison,
        "lane": door.lane,
        "board": door.board,
        "session": check.session,
        "authorisation": check.authorisation,
        "officer": check.confirmed_by or "",
        **more,
    }
    return audit.append(conn, office.name, kind, content, now).index
