"""What must never happen, judged from outside: by the store's rows, the frames that leave and the door's own strike."""

import sqlite3
from datetime import timedelta
from typing import Any

from doorsim import DOWN
from lane_world import World

from sallyport_protocol import canonical, envelope
from sallyport_protocol.topics import Kind, Topic
from sallyport_wire import messages as wire
from sallyport_wire.frames import Decoder, read

STEP_MS = 26_000
"""Longest that a schedule lets time pass before it looks again."""


class Violation(AssertionError):
    """An invariant was broken."""


class Truth:
    """Look after every step. The board's own monitor judges S1, S9 and the rest of what only flash and pins show."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._rows = sqlite3.connect(world.path)
        self.left: dict[bytes, int] = {}
        """Nonce -> frames of a grant for it that have left."""
        self.forbidden: set[str] = set()
        """Authorisations that something stopped, in a transaction that has ended."""
        self.by_key: set[str] = set()
        """Authorisations that a key release used up, by the audit log."""
        self.opened: dict[str, bytes] = {}
        """Authorisation -> the nonce that it opened with."""
        self._decided: dict[bytes, str] = {}
        self._states: dict[str, tuple[str, bytes | None]] = {}
        world.on_send = self.sent

    def close(self) -> None:
        self._rows.close()

    def sent(self, topic: Topic, message: bytes) -> None:
        """S2, S7, S11: at the moment when a grant leaves."""
        if topic.kind is not Kind.LOCK_DOWN:
            return
        content = envelope.verify(message, str(topic), self.world.book.registry.resolve).content
        for frame in Decoder().feed(content["frames"]):
            m = read(frame, 1, DOWN)
            if m.type == wire.GRANT:
                self._judge_grant(m.nonce, m.lifetime_ms)

    def _judge_grant(self, nonce: bytes, lifetime_ms: int) -> None:
        row = self._one("SELECT decision, authorisation FROM nonce WHERE nonce = ?", nonce)
        self._must(row is not None and row[0] == "GRANT", "S7: a grant left that is not durable")
        assert row is not None
        self.left[nonce] = self.left.get(nonce, 0) + 1
        self._must(self.left[nonce] == 1, "S11: two grants for one nonce")
        self._must(row[1] not in self.forbidden, "a grant left after the door was held")
        self._must(0 < lifetime_ms <= 10_000, "S3: a grant's life")
        case = self.world.store.read_now(lambda conn: self.world.authority.case(conn, row[1]))
        assert case is not None
        ends = self.world.clock.now() + timedelta(milliseconds=lifetime_ms)
        self._must(ends <= case.closes, "S2: a grant outlives its authorisation")

    def look(self) -> None:
        """Everything else, after a step."""
        for nonce in self.world.site.monitor.opened[len(self.opened) :]:
            self._judge_opening(nonce)
        for (body,) in self.rows("SELECT body FROM audit WHERE kind = 'KEY_RELEASE'"):
            self.by_key.add(canonical.decode(body, limit=65_536)["authorisation"])
        self._must(not self.by_key & set(self.opened), "S6: one authorisation opened a door and turned a key")
        for nonce, decision in self.rows("SELECT nonce, decision FROM nonce"):
            self._must(self._decided.setdefault(nonce, decision) == decision, "S11: a nonce was decided twice")
        for paper, state, nonce in self.rows("SELECT authorisation, state, nonce FROM life"):
            self._judge_move(paper, state, nonce)

    def _judge_opening(self, nonce: bytes) -> None:
        query = "SELECT decision, authorisation, session, at FROM nonce WHERE nonce = ?"
        row = self._one(query, nonce)
        self._must(row is not None and row[0] == "GRANT", "S1, S7: it opened and no durable grant explains it")
        assert row is not None
        _, paper, session, at = row
        self._must(nonce in self.left, "S1: it opened and no grant ever left")
        self._must(paper not in self.opened, "S6: one authorisation opened twice")
        self.opened[paper] = nonce
        query = "SELECT verdict, offered_at, answered_at, decided_at FROM session WHERE session = ?"
        held = self._one(query, session)
        self._must(held is not None and held[0] == "RELEASE", "S3: it opened and no RELEASE was decided")
        assert held is not None
        self._must(held[2] <= held[3] <= at <= held[3] + 60_000, "S3: the decision's age at the grant")
        late = self.world.clock.wall - at
        self._must(late <= 10_000 + STEP_MS, "S3: it opened long after its grant")

    def _judge_move(self, paper: str, state: str, nonce: bytes | None) -> None:
        was, held = self._states.get(paper, ("NONE", None))
        self._states[paper] = (state, nonce)
        if paper in self.opened:
            self._must(state in ("GRANTED", "UNKNOWN", "CONSUMED"), f"S6: used, and {state}")
        if was in ("CONSUMED", "SETTLED"):
            self._must(state == was, f"S6: {was} became {state}")
        if state in ("AVAILABLE", "RESERVED") and was in ("GRANTED", "UNKNOWN") and held is not None:
            self._must(held in self.world.site.monitor.dead, "S12: returned, and the board had not said never")

    def _one(self, query: str, *values: Any) -> tuple[Any, ...] | None:
        found: tuple[Any, ...] | None = self._rows.execute(query, values).fetchone()
        return found

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the store says, read past the gateway."""
        return self._rows.execute(query, values).fetchall()

    def _must(self, holds: bool, what: str) -> None:
        if not holds:
            raise Violation(what)
