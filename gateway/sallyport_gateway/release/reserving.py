"""Reserving: the officer's word at the door, the records looked at again, the paper held. One transaction (S6, S7)."""

from dataclasses import dataclass

from sqlalchemy import Connection

from sallyport_gateway.audit import log as audit
from sallyport_gateway.ledger import boards, life
from sallyport_gateway.ledger.words import Refused
from sallyport_gateway.ports import Office
from sallyport_gateway.release import outcomes
from sallyport_gateway.release.check import Check
from sallyport_gateway.release.judge_again import HeldBack, decide_again
from sallyport_gateway.release.outcomes import Place
from sallyport_protocol.decision import Verdict
from sallyport_protocol.identity import same_person


@dataclass(frozen=True, slots=True)
class Reserved:
    """The authorisation is this session's; the open request may leave under this number."""

    index: int
    request: int


def reserve(
    conn: Connection, office: Office, check: Check, officer: str, place: Place, now: int
) -> Reserved | HeldBack | str:
    """AVAILABLE -> RESERVED. HeldBack when it is no release any more; a sentence when nothing was done."""
    case = office.authority.case(conn, check.authorisation)
    if case is None or any(same_person(officer, each) for each in case.approvers):
        return "An officer who approved this release may not be the one at the door."
    if outcomes.unsettled_here(conn, place):
        return "The last opening at this door is not settled yet. Wait for the interlock's word."
    again = decide_again(conn, office, check, officer)
    if again.verdict is not Verdict.RELEASE:
        why = again.telling.sentence if again.telling else "It is no longer a release."
        place_of = {"prison": check.prison, "lane": check.lane}
        content = {**place_of, "session": check.session, "officer": officer, **again.to_map()}
        return HeldBack(why, again, audit.append(conn, office.name, "CONFIRM_REFUSED", content, now).index)
    answer = life.reserve(conn, check.authorisation, check.session, office.name, now)
    content = {"session": check.session, "authorisation": check.authorisation, "officer": officer}
    content["answer"] = outcomes.said(answer)
    entry = audit.append(conn, office.name, "CONFIRMED", content, now)
    if isinstance(answer, Refused):
        return answer.advice
    return Reserved(entry.index, boards.next_request(conn, place.board, now))
