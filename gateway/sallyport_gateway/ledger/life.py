"""The life of an authorisation, durable. Every function runs on the writer's connection and answers with a value.

Each locks the authorisation's row, asks the table in `states`, and moves it by one UPDATE that names the state and the
session it came from; so among any number of gateways, processes and threads exactly one wins (S6). A nonce has one
durable decision (S11). A reservation returns only on the interlock's authenticated statement, whose digest is kept
(S12): `evidence` is the SHA-256 of that statement, 32 bytes.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update

from sallyport_gateway.ledger import boards, freezes, nonces
from sallyport_gateway.ledger.nonces import Decision, Outcome
from sallyport_gateway.ledger.states import UNSETTLED, Event, State, after
from sallyport_gateway.ledger.words import Answer, Door, Life, Moved, Reason, Refused, Shown
from sallyport_gateway.store.prepared import Prepared
from sallyport_gateway.store.tables import lives

_HERE = lives.c.authorisation == bindparam("a")
_FIND: Final = Prepared(select(lives).where(_HERE))
_LOCK: Final = Prepared(select(lives).where(_HERE).with_for_update())
_OF_SESSION: Final = Prepared(select(lives.c.authorisation).where(lives.c.session == bindparam("s")))
_MOVING: Final = ("state", "session", "board", "nonce", "holder", "changed_at")
_FREE: Final[dict[str, Any]] = {"session": None, "board": None, "nonce": None, "holder": None}
_MOVE: Final = Prepared(
    update(lives)
    .where(_HERE, lives.c.state == bindparam("was"), lives.c.session.is_not_distinct_from(bindparam("held")))
    .values({name: bindparam(f"to_{name}") for name in _MOVING})
)
_REVISE: Final = update(lives).where(_HERE).values(revision=lives.c.revision + 1)
_STOP: Final = (
    update(lives)
    .where(_HERE)
    .values(stopped_at=bindparam("now"), stopped_why=bindparam("why"), revision=lives.c.revision + 1)
)


def create(conn: Connection, authorisation: str, now: int, cites: str | None = None) -> Answer:
    """Enters a new authorisation as AVAILABLE. One that replaces a settled one cites it."""
    if find(conn, authorisation) is not None:
        return Refused(authorisation, Reason.EXISTS_ALREADY)
    cited = None if cites is None else find(conn, cites)
    if cites is not None and cited is None:
        return Refused(cites, Reason.NO_SUCH_AUTHORISATION)
    if cited is not None and cited.state is not State.SETTLED:
        return Refused(cited.authorisation, Reason.WRONG_STATE, cited.state)
    row = {"authorisation": authorisation, "state": State.AVAILABLE, "revision": 0, "cites": cites, "changed_at": now}
    conn.execute(insert(lives), row)
    return Moved(authorisation, State.AVAILABLE)


def find(conn: Connection, authorisation: str, *, lock: bool = False) -> Life | None:
    """The authorisation as it is; with `lock`, nobody else moves it before this transaction ends."""
    row = (_LOCK if lock else _FIND).first(conn, a=authorisation)
    return None if row is None else _life(row)


def reserve(conn: Connection, authorisation: str, session: bytes, holder: str, now: int) -> Answer:
    """AVAILABLE -> RESERVED for `session` by the gateway `holder`. Durable before the open request leaves."""
    life = _may(conn, authorisation, Event.RESERVE)
    if isinstance(life, Refused):
        return life
    if life.stopped_at is not None:
        return Refused(authorisation, Reason.STOPPED, life.state)
    if _OF_SESSION.first(conn, s=session) is not None:
        return Refused(authorisation, Reason.SESSION_HOLDS_ANOTHER, life.state)
    return _move(conn, life, Event.RESERVE, now, session=session, holder=holder)


def grant(
    conn: Connection, authorisation: str, session: bytes, door: Door, shown: Shown, revision: int, now: int
) -> Answer:
    """RESERVED -> GRANTED for the nonce that `door`'s board has shown. Durable before the grant leaves (S7).

    `revision` is the authorisation's revision as read *before* the last re-check of the records: if any record changed
    since, at whatever gateway, the grant is refused. So is every second grant for a nonce, for good.
    """
    life = _may(conn, authorisation, Event.GRANT, session)
    if isinstance(life, Refused):
        return life
    if life.stopped_at is not None:
        return Refused(authorisation, Reason.STOPPED, life.state)
    if life.revision != revision:
        return Refused(authorisation, Reason.RECORDS_CHANGED, life.state)
    if freezes.over(conn, door.prison, door.lane, share=True):
        return Refused(authorisation, Reason.FROZEN, life.state)
    if boards.is_revoked(conn, door.board):
        return Refused(authorisation, Reason.BOARD_REVOKED, life.state)
    if not nonces.decide(conn, door.board, shown, Decision.GRANT, authorisation, session, now):
        return Refused(authorisation, Reason.NONCE_DECIDED, life.state)
    return _move(conn, life, Event.GRANT, now, board=door.board, nonce=shown.nonce)


def opened(conn: Connection, authorisation: str, board: str, nonce: bytes, evidence: bytes, now: int) -> Answer:
    """GRANTED or UNKNOWN -> CONSUMED: the board reports its opening for this nonce.

    An opening that the ledger cannot account for consumes the authorisation all the same and is answered with
    OPENED_AGAINST_THE_LEDGER, which is an alarm.
    """
    _whole(evidence)
    life = find(conn, authorisation, lock=True)
    if life is None:
        return Refused(authorisation, Reason.NO_SUCH_AUTHORISATION)
    ours = (life.board, life.nonce) == (board, nonce)
    nonces.conclude(conn, board, nonce, Outcome.OPENED, evidence, now)
    if life.state is State.CONSUMED and ours:
        return Moved(authorisation, State.CONSUMED, again=True)
    if ours and after(life.state, Event.OPENED) is not None:
        return _move(conn, life, Event.OPENED, now)
    if life.state is not State.CONSUMED:
        _write(conn, life, replace(life, state=State.CONSUMED, changed_at=now))
    return Refused(authorisation, Reason.OPENED_AGAINST_THE_LEDGER, State.CONSUMED)


def not_opened(conn: Connection, authorisation: str, board: str, nonce: bytes, evidence: bytes, now: int) -> Answer:
    """GRANTED or UNKNOWN -> AVAILABLE: the board states that this nonce did not open and never will (S12)."""
    _whole(evidence)
    life = _may(conn, authorisation, Event.NOT_OPENED)
    if isinstance(life, Refused):
        return life
    if (life.board, life.nonce) != (board, nonce):
        return Refused(authorisation, Reason.WRONG_NONCE, life.state)
    nonces.conclude(conn, board, nonce, Outcome.NOT_OPENED, evidence, now)
    return _move(conn, life, Event.NOT_OPENED, now, **_FREE)


def voided(conn: Connection, authorisation: str, session: bytes, evidence: bytes, now: int) -> Answer:
    """RESERVED -> AVAILABLE: no grant was ever made and the board answered VOID with "not opened" (S12)."""
    _whole(evidence)
    life = _may(conn, authorisation, Event.VOIDED, session)
    return life if isinstance(life, Refused) else _move(conn, life, Event.VOIDED, now, **_FREE)


def lost(conn: Connection, authorisation: str, session: bytes, now: int) -> Answer:
    """GRANTED -> UNKNOWN: nothing tells how the opening ended. Only the board or two officers end this."""
    life = _may(conn, authorisation, Event.LOST, session)
    return life if isinstance(life, Refused) else _move(conn, life, Event.LOST, now)


def orphan(conn: Connection, board: str, epoch: int, now: int) -> int:
    """What was granted to a board whose keys are replaced becomes UNKNOWN and stays the old board's: another one under
    its name has no spend record of it, and its "not opened" would free what may have opened (S6). How many."""
    here = (lives.c.board == board, lives.c.state.in_((State.GRANTED, State.UNKNOWN)))
    rows = conn.execute(select(lives).where(*here).with_for_update()).all()
    kept = boards.retire(conn, board, epoch, now) if rows else board
    for life in map(_life, rows):
        _write(conn, life, replace(life, state=State.UNKNOWN, board=kept, changed_at=now))
    return len(rows)


def take_over(conn: Connection, authorisation: str, ended: bytes, session: bytes, now: int) -> Answer:
    """A reservation passes from a session that has ended to one of the manual path. It does not return (S12): it stays
    RESERVED, and the first session gets no grant any more."""
    life = find(conn, authorisation, lock=True)
    if life is None:
        return Refused(authorisation, Reason.NO_SUCH_AUTHORISATION)
    if life.state is not State.RESERVED or life.session != ended:
        return Refused(authorisation, Reason.WRONG_SESSION, life.state)
    return _write(conn, life, replace(life, session=session, changed_at=now))


def released_manually(conn: Connection, authorisation: str, session: bytes, now: int) -> Answer:
    """RESERVED -> CONSUMED by the manual path, which has reserved it under its own session first."""
    life = _may(conn, authorisation, Event.RELEASED_MANUALLY, session)
    if not isinstance(life, Refused) and life.stopped_at is not None:
        return Refused(authorisation, Reason.STOPPED, life.state)
    return life if isinstance(life, Refused) else _move(conn, life, Event.RELEASED_MANUALLY, now)


def distrust_all(conn: Connection, now: int) -> int:
    """Makes every living authorisation UNKNOWN: this store was restored and may not know what happened since."""
    rows = conn.execute(select(lives).where(lives.c.state.in_(_LIVING)).with_for_update()).all()
    for life in map(_life, rows):
        _move(conn, life, Event.DISTRUST, now)
    return len(rows)


def distrust(conn: Connection, authorisations: Iterable[str], since: int, now: int) -> int:
    """Makes those of these lives UNKNOWN that were there before `since` (ms since 1970 UTC); how many."""
    names = sorted(set(authorisations))
    here = (lives.c.authorisation.in_(names), lives.c.state.in_(_LIVING), lives.c.changed_at <= since)
    rows = conn.execute(select(lives).where(*here).with_for_update()).all()
    for life in map(_life, rows):
        _move(conn, life, Event.DISTRUST, now)
    return len(rows)


def settle(conn: Connection, authorisation: str, now: int) -> Answer:
    """UNKNOWN -> SETTLED. Callers go through `settlement`, which wants two officers and a revoked board."""
    life = _may(conn, authorisation, Event.SETTLE)
    return life if isinstance(life, Refused) else _move(conn, life, Event.SETTLE, now)


def stop(conn: Connection, authorisation: str, why: str, now: int) -> bool:
    """Withdraws an authorisation for good, whatever its state: from now on nothing is reserved or granted on it.

    What was granted before stays as it is: the board may have opened. False when there is no such authorisation.
    """
    return conn.execute(_STOP, {"a": authorisation, "why": why, "now": now}).rowcount == 1


def revise(conn: Connection, authorisations: Iterable[str]) -> int:
    """Says that a record behind these authorisations changed (hold, alert, date, warrant, event): a decision made
    before cannot be granted after. Goes into the same job as the change. Returns how many lives it touched."""
    return sum(conn.execute(_REVISE, {"a": one}).rowcount for one in sorted(set(authorisations)))


def pending(conn: Connection, holder: str | None = None) -> list[Life]:
    """RESERVED, GRANTED and UNKNOWN, oldest first: what a starting gateway (`holder`) must settle with the boards."""
    query = select(lives).where(lives.c.state.in_(list(UNSETTLED))).order_by(lives.c.changed_at)
    if holder is not None:
        query = query.where(lives.c.holder == holder)
    return [_life(row) for row in conn.execute(query)]


_LIVING: Final = [State.AVAILABLE, State.RESERVED, State.GRANTED]
_WHY_NOT: Final = {
    State.CONSUMED: Reason.CONSUMED,
    State.UNKNOWN: Reason.OUTCOME_UNKNOWN,
    State.SETTLED: Reason.SETTLED,
}


def _may(conn: Connection, authorisation: str, event: Event, session: bytes | None = None) -> Life | Refused:
    """The locked life, if the table lets `event` happen to it (by the session that holds it)."""
    life = find(conn, authorisation, lock=True)
    if life is None:
        return Refused(authorisation, Reason.NO_SUCH_AUTHORISATION)
    if after(life.state, event) is None:
        busy = event is Event.RESERVE and life.state in (State.RESERVED, State.GRANTED)
        reason = Reason.RESERVED_ALREADY if busy else _WHY_NOT.get(life.state, Reason.WRONG_STATE)
        return Refused(authorisation, reason, life.state)
    if session is not None and life.session != session:
        return Refused(authorisation, Reason.WRONG_SESSION, life.state)
    return life


def _move(conn: Connection, life: Life, event: Event, now: int, **changes: Any) -> Moved:
    new = after(life.state, event)
    assert new is not None, f"{event} has no place in {life.state}"
    return _write(conn, life, replace(life, state=new, changed_at=now, **changes))


def _write(conn: Connection, was: Life, new: Life) -> Moved:
    moving = {f"to_{name}": getattr(new, name) for name in _MOVING}
    moved = _MOVE.run(conn, a=was.authorisation, was=was.state, held=was.session, **moving)
    assert moved == 1, f"{was.authorisation} moved under its lock"
    return Moved(new.authorisation, new.state)


def _whole(evidence: bytes) -> None:
    assert len(evidence) == 32, "evidence is the SHA-256 of the interlock's statement"


def _life(row: Any) -> Life:
    values = row._asdict()
    return Life(**{**values, "state": State(values["state"])})
