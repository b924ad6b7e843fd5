"""S6, S11, S12 under everything that can go wrong: lost, late and repeated messages, crashes before and after each
commit, several gateways with stale knowledge, freezes and withdrawals, stores restored from backups.

The board of this model is honest and dumb: it opens for a grant of its outstanding nonce, once. Officers are honest.
Each person must be let out at most once, whatever the ledger is made to do.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Connection, Engine, StaticPool, create_engine, event

from sallyport_gateway.audit import generations, log
from sallyport_gateway.audit.checkpoint import Checkpoint
from sallyport_gateway.audit.generations import Reconciliation
from sallyport_gateway.audit.heads import Standing, stand
from sallyport_gateway.ledger import boards, freezes, life, settlement
from sallyport_gateway.ledger.freezes import Scope
from sallyport_gateway.ledger.states import State
from sallyport_gateway.ledger.words import Door, Moved, Shown
from sallyport_gateway.store.migrate import migrate

T = TypeVar("T")
DOOR = Door("MDI", "MDI-LANE-1", "MDI-L01")
GATEWAY = "gateway-1"
EVIDENCE = b"e" * 32
CRASH = st.sampled_from([False, False, False, True])
_EMPTY: list[bytes] = []
"""A migrated, empty database, made once."""


@dataclass
class Board:
    """The truth at the door."""

    outstanding: bytes | None = None
    shown: int = 0
    spent: list[bytes] = field(default_factory=list)

    def show(self) -> Shown:
        self.shown += 1
        self.outstanding = self.shown.to_bytes(16, "big")
        return Shown(self.outstanding, self.shown)

    def hear_grant(self, nonce: bytes) -> bool:
        """True: the door opens."""
        if nonce != self.outstanding:
            return False
        self.outstanding = None
        self.spent.append(nonce)
        return True

    def hear_void(self, nonce: bytes) -> bool:
        """Whether it had opened; if not, it never will."""
        if nonce == self.outstanding:
            self.outstanding = None
        return nonce in self.spent


def _engine() -> Engine:
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _connect(raw: object, _: object) -> None:
        raw.isolation_level = None  # type: ignore[attr-defined]

    @event.listens_for(engine, "begin")
    def _begin(conn: Connection) -> None:
        conn.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


class Release(RuleBasedStateMachine):
    """One door, a few persons, several gateways on one store, a witness outside."""

    @initialize()
    def start(self) -> None:
        self.engine = _engine()
        self.conn = self.engine.connect()
        if not _EMPTY:
            migrate(self.engine)
            _EMPTY.append(self._bytes())
        self._put(_EMPTY[0])
        self.board, self.now, self.backup = Board(), 0, _EMPTY[0]
        self.person: dict[str, str] = {}
        """Authorisation -> the person it lets out; one that cites another is for the same person."""
        self.let_out: dict[str, int] = {}
        self.sessions: list[tuple[str, bytes]] = []
        self.shown: list[Shown] = []
        self.grants: list[tuple[str, bytes]] = []
        """On the road to the board: (authorisation, nonce); never taken away, so each may come late and again."""
        self.witnessed: dict[str, Checkpoint] = {}

    def teardown(self) -> None:
        self.conn.close()
        self.engine.dispose()

    # -- what the gateways do ------------------------------------------------------------------------------------

    @rule()
    @precondition(lambda self: len(self.person) < 3)
    def approve(self) -> None:
        name = f"A{self.now}"
        self._do(lambda: life.create(self.conn, name, self.now))
        self.person[name] = name

    @rule(data=st.data(), holder=st.sampled_from(["gateway-1", "gateway-2", "gateway-3"]), crash=CRASH)
    @precondition(lambda self: self.person)
    def reserve(self, data: st.DataObject, holder: str, crash: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.person)))
        session = len(self.sessions).to_bytes(16, "big")
        self.sessions.append((name, session))
        self._do(lambda: life.reserve(self.conn, name, session, holder, self.now), crash)

    @rule(data=st.data(), fresh=st.booleans(), crash=CRASH, leaves=st.booleans())
    @precondition(lambda self: self.sessions)
    def grant(self, data: st.DataObject, fresh: bool, crash: bool, leaves: bool) -> None:
        """With any recent session, and a new nonce or any seen lately: a gateway may be confused or late."""
        name, session = data.draw(st.sampled_from(self.sessions[-4:]))
        if fresh or not self.shown:
            self.shown.append(self.board.show())
        shown = self.shown[-1] if fresh else data.draw(st.sampled_from(self.shown[-3:]))
        self._grant(name, session, shown, crash, leaves)

    @rule(data=st.data(), tells=st.booleans())
    @precondition(lambda self: self.person)
    def go_the_straight_way(self, data: st.DataObject, tells: bool) -> None:
        """From wherever an authorisation is to an opening, if it can be had."""
        name = data.draw(st.sampled_from(sorted(self.person)))
        session = len(self.sessions).to_bytes(16, "big")
        self.sessions.append((name, session))
        self._do(lambda: life.reserve(self.conn, name, session, GATEWAY, self.now))
        held = life.find(self.conn, name)
        self.shown.append(self.board.show())
        if held is None or not self._grant(name, held.session or b"", self.shown[-1], crash=False, leaves=True):
            return
        self._deliver(name, self.shown[-1].nonce)
        if tells:
            nonce = self.shown[-1].nonce
            self._do(lambda: life.opened(self.conn, name, DOOR.board, nonce, EVIDENCE, self.now))

    def _grant(self, name: str, session: bytes, shown: Shown, crash: bool, leaves: bool) -> bool:
        held = life.find(self.conn, name)
        revision = held.revision if held else 0
        answer = self._do(lambda: life.grant(self.conn, name, session, DOOR, shown, revision, self.now), crash)
        if isinstance(answer, Moved) and leaves:
            self._witness()
            self.grants.append((name, shown.nonce))
        return isinstance(answer, Moved)

    @rule(data=st.data())
    @precondition(lambda self: self.sessions)
    def lose_contact(self, data: st.DataObject) -> None:
        name, session = data.draw(st.sampled_from(self.sessions))
        self._do(lambda: life.lost(self.conn, name, session, self.now))

    @rule(data=st.data(), crash=CRASH)
    @precondition(lambda self: self.person)
    def void(self, data: st.DataObject, crash: bool) -> None:
        """What a gateway does for an authorisation that hangs: the board's own word, whatever it is."""
        name = data.draw(st.sampled_from(sorted(self.person)))
        held = life.find(self.conn, name)
        if held is None or held.session is None:
            return
        if held.nonce is None:
            self._do(lambda: life.voided(self.conn, name, held.session or b"", EVIDENCE, self.now), crash)
        else:
            opened = self.board.hear_void(held.nonce)
            end = life.opened if opened else life.not_opened
            self._do(lambda: end(self.conn, name, DOOR.board, held.nonce or b"", EVIDENCE, self.now), crash)

    @rule(data=st.data())
    @precondition(lambda self: self.sessions)
    def void_what_is_not_reserved(self, data: st.DataObject) -> None:
        """A confused gateway takes the board's word about another reservation for this one."""
        name, session = data.draw(st.sampled_from(self.sessions[-4:]))
        held = life.find(self.conn, name)
        if held is not None and held.state is not State.RESERVED:
            self._do(lambda: life.voided(self.conn, name, session, EVIDENCE, self.now))

    @rule(data=st.data(), crash=CRASH)
    @precondition(lambda self: self.grants)
    def tell_the_opening(self, data: st.DataObject, crash: bool) -> None:
        name, nonce = data.draw(st.sampled_from(self.grants))
        if nonce in self.board.spent and name in self.person:
            self._do(lambda: life.opened(self.conn, name, DOOR.board, nonce, EVIDENCE, self.now), crash)

    @rule(data=st.data(), what=st.sampled_from(["revise", "revise", "freeze", "stop"]))
    @precondition(lambda self: self.person)
    def disturb(self, data: st.DataObject, what: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.person)))
        if what == "revise":
            self._do(lambda: life.revise(self.conn, [name]))
        elif what == "stop":
            self._do(lambda: life.stop(self.conn, name, "court order", self.now))
        elif freezes.over(self.conn, DOOR.prison, DOOR.lane):
            for officer in ("o1", "o2"):
                self._do(lambda officer=officer: freezes.lift(self.conn, Scope.LANE, DOOR.lane, officer, self.now))
        else:
            self._do(lambda: freezes.freeze(self.conn, Scope.LANE, DOOR.lane, "o1", "drill", self.now))

    # -- what the door does --------------------------------------------------------------------------------------

    @rule(data=st.data())
    @precondition(lambda self: self.grants)
    def deliver_a_grant(self, data: st.DataObject) -> None:
        self._deliver(*data.draw(st.sampled_from(self.grants)))

    def _deliver(self, name: str, nonce: bytes) -> None:
        if self.board.hear_grant(nonce):
            person = self.person[name]
            self.let_out[person] = self.let_out.get(person, 0) + 1

    # -- what happens to the machine -----------------------------------------------------------------------------

    @rule()
    def back_up(self) -> None:
        self.backup = self._bytes()

    @rule()
    def restore(self) -> None:
        """The store is put back. A starting gateway asks the witness before anything else, and officers reconcile."""
        self._put(self.backup)
        gone = [name for name in self.person if life.find(self.conn, name) is None]
        for name in gone:
            del self.person[name]
        self.sessions = [(name, session) for name, session in self.sessions if name not in gone]
        self.grants = [(name, nonce) for name, nonce in self.grants if name not in gone]
        if self._standing() is not Standing.GOOD:
            held, opens = self.witnessed.get(self._log()), generations.successor(self._log())
            while opens in self.witnessed:
                opens = generations.successor(opens)
            stated = Reconciliation(("o1", "o2"), "restored", held, opens)
            self._do(lambda: generations.succeed(self.conn, GATEWAY, stated, self.now))

    @rule(data=st.data())
    @precondition(lambda self: self.person)
    def settle(self, data: st.DataObject) -> None:
        """The board is taken for dead; two honest officers look, and where nobody left a new authorisation follows."""
        name = data.draw(st.sampled_from(sorted(self.person)))
        held = life.find(self.conn, name)
        if held is None or held.state is not State.UNKNOWN:
            return
        opened = self.let_out.get(self.person[name], 0) > 0
        self.board.outstanding = None
        self._do(lambda: boards.revoke(self.conn, DOOR.board, "dead", self.now))
        for officer in ("o1", "o2"):
            self._do(lambda officer=officer: settlement.record(self.conn, name, officer, opened, "looked", self.now))
        epoch = 1 + (getattr(boards.find(self.conn, DOOR.board), "epoch", 0))
        self._do(lambda: boards.enrol_again(self.conn, DOOR.board, epoch, self.now))
        if not opened:
            new = f"{name}+"
            if isinstance(self._do(lambda: life.create(self.conn, new, self.now, cites=name)), Moved):
                self.person[new] = self.person[name]

    # -- what must always hold -----------------------------------------------------------------------------------

    @invariant()
    def s6_nobody_is_let_out_twice(self) -> None:
        assert all(count <= 1 for count in getattr(self, "let_out", {}).values()), self.let_out

    @invariant()
    def whoever_left_leaves_nothing_usable_behind(self) -> None:
        for name, person in getattr(self, "person", {}).items():
            if self.let_out.get(person):
                held = life.find(self.conn, name)
                assert held is not None
                assert held.state not in (State.AVAILABLE, State.RESERVED), (name, held)

    # -- the machinery -------------------------------------------------------------------------------------------

    def _do(self, job: Callable[[], T], crash: bool = False) -> T | None:
        """One transaction with its audit entry; with `crash`, the power goes just before the commit."""
        self.now += 1
        self.conn.rollback()
        with self.conn.begin() as transaction:
            answer = job()
            log.append(self.conn, self._log(), "step", {"now": self.now}, self.now)
            if crash:
                transaction.rollback()
                return None
        return answer

    def _log(self) -> str:
        return generations.current(self.conn, GATEWAY)

    def _witness(self) -> None:
        """A grant leaves only when the witness has seen it (`Heads.cover`)."""
        name = self._log()
        size = log.size(self.conn, name)
        self.witnessed[name] = Checkpoint(name, size, log.root(self.conn, name, size))

    def _standing(self) -> Standing:
        name = self._log()
        return stand(self.conn, name, self.witnessed.get(name), self.witnessed.get(generations.successor(name)))

    def _bytes(self) -> bytes:
        self.conn.rollback()
        raw = self.conn.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        return raw.serialize()

    def _put(self, content: bytes) -> None:
        self.conn.rollback()
        raw = self.conn.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.deserialize(content)


TestOpensOnce = Release.TestCase
TestOpensOnce.settings = settings(max_examples=40, stateful_step_count=30)


@pytest.mark.long
@pytest.mark.timeout(1_800)
class TestOpensOnceAtLength(Release.TestCase):  # type: ignore[misc]
    settings = settings(max_examples=600, stateful_step_count=60)
