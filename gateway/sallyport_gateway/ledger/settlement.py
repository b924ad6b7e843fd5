"""The end of an authorisation whose interlock will never answer: its key is revoked and two officers record what they
saw. Only then may a new authorisation cite the old one."""

from sqlalchemy import Connection, insert, select

from sallyport_gateway.ledger import boards, life
from sallyport_gateway.ledger.states import State
from sallyport_gateway.ledger.words import Answer, Moved, Reason, Refused
from sallyport_gateway.store.tables import seen_by
from sallyport_protocol.identity import same_person


def record(conn: Connection, authorisation: str, officer: str, opened: bool, why: str, now: int) -> Answer:
    """One officer's record of what they saw. Moved(UNKNOWN) after the first, Moved(SETTLED) after a second who agrees.

    Where they disagree it stays UNKNOWN and a third officer's record decides with either of them.
    """
    held = life.find(conn, authorisation, lock=True)
    if held is None:
        return Refused(authorisation, Reason.NO_SUCH_AUTHORISATION)
    if held.state is not State.UNKNOWN:
        return Refused(authorisation, Reason.SETTLED if held.state is State.SETTLED else Reason.WRONG_STATE, held.state)
    if held.board is not None and not boards.is_revoked(conn, held.board):
        return Refused(authorisation, Reason.BOARD_NOT_REVOKED, held.state)
    before = conn.execute(select(seen_by).where(seen_by.c.authorisation == authorisation)).all()
    if any(same_person(row.officer, officer) for row in before):
        return Refused(authorisation, Reason.SAME_OFFICER, held.state)
    row = {"authorisation": authorisation, "officer": officer, "opened": int(opened), "why": why, "at": now}
    conn.execute(insert(seen_by), row)
    if any(bool(row.opened) is opened for row in before):
        return life.settle(conn, authorisation, now)
    if before:
        return Refused(authorisation, Reason.OFFICERS_DISAGREE, held.state)
    return Moved(authorisation, State.UNKNOWN)
