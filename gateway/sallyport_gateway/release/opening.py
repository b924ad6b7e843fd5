"""The opening: reserve -> ask for a nonce -> check everything again -> grant -> believe only the board's own word.

1 reserve   durable before the open request leaves
2 nonce     the board's own, for this session and this request
3 check     certificates, age, presence and 13 to 25, in the transaction that grants (`judge_again`)
4 grant     durable before it leaves (S7)
5 the end   OPENED consumes; NOT_OPENED and VOID_ANSWER return (S12); silence is UNKNOWN and never returns by itself
"""

import secrets
from dataclasses import replace

from sqlalchemy import Connection

from sallyport_gateway import parameters
from sallyport_gateway.audit import log as audit
from sallyport_gateway.ledger import boards, freezes, life, nonces, sessions
from sallyport_gateway.ledger.boards import Heard as Accepted
from sallyport_gateway.ledger.freezes import Scope
from sallyport_gateway.ledger.words import Shown
from sallyport_gateway.ports import Office
from sallyport_gateway.release import mint, outcomes
from sallyport_gateway.release.board_standing import BoardStanding
from sallyport_gateway.release.board_words import (
    ALARMS,
    EVENTS,
    LOCKING,
    REFUSALS,
    DoorBelief,
    after_event,
    after_report,
)
from sallyport_gateway.release.check import Check, Stage
from sallyport_gateway.release.journal import BoardJournal
from sallyport_gateway.release.judge_again import Granted, HeldBack, judge_again, stopped_since
from sallyport_gateway.release.mint import BoardEar, BoardKeys, Heard
from sallyport_gateway.release.outcomes import Place
from sallyport_gateway.release.reserving import reserve
from sallyport_gateway.release.voice import Voice
from sallyport_wire import messages as wire


class Opening:
    """One board: what was asked of it, what it said, and what is not yet known."""

    def __init__(self, office: Office, keys: BoardKeys, voice: Voice) -> None:
        self.office, self.keys, self.voice = office, keys, voice
        self.ear = BoardEar(keys)
        self.place = Place(keys.board, keys.lane)
        self.journal = BoardJournal(office, keys, voice)
        self.belief = DoorBelief()
        self.standing = BoardStanding(office, keys, voice)
        self._request = 0
        self._asked: bytes | None = None
        self._asked_at = 0
        self._due = 0

    def ask_soon(self) -> None:
        """At the next tick the board is asked how it is."""
        self._due = 0

    async def reserve(self, check: Check, officer: str) -> Check | str:
        """Step 1: the check as REQUESTED, as ENDED when it is no release any more, or why nothing was done."""
        if (why := self._refuse()) is not None:
            return why
        now = self._wall()
        outcome = await self.office.store.write(
            lambda conn: reserve(conn, self.office, check, officer, self.place, now)
        )
        if isinstance(outcome, str):
            return outcome
        if isinstance(outcome, HeldBack):
            self.voice.note("Held at the door", outcome.sentence, outcome.index)
            return await self._end(replace(check, void=outcome.sentence, decision=outcome.decision), outcome.sentence)
        index, self._request = outcome.index, outcome.request
        self.voice.frames(mint.open_request(self.keys, check.session, self._request))
        self.voice.note("Opening confirmed", f"by {officer}", index)
        return replace(check, stage=Stage.REQUESTED, confirmed_by=officer, stage_since=self._now())

    async def hear(self, heard: Heard, check: Check | None) -> Check | None:
        """One authentic message of the board; the check as it stands after it."""
        match heard.message.type:
            case wire.NONCE:
                return await self._on_nonce(heard, check)
            case wire.EVENT:
                return await self._on_event(heard, check)
            case wire.VOID_ANSWER:
                return await self._on_void_answer(heard, check)
            case wire.REFUSED:
                return await self._on_refused(heard, check)
            case wire.BOOT | wire.STATUS:
                return await self._on_report(heard, check)
        return check

    async def _on_nonce(self, heard: Heard, check: Check | None) -> Check | None:
        """Steps 2 to 4."""
        m, now = heard.message, self._wall()
        epoch, board = self.keys.epoch, self.keys.board
        if check is not None and check.nonce == m.nonce:
            return check  # told again
        awaited = check is not None and check.stage is Stage.REQUESTED and m.session == check.session
        if check is None or not awaited or m.request != self._request or m.lane != wire.lane_id(self.keys.lane):
            self.voice.frames(mint.void(self.keys, m.nonce, m.counter))
            return check
        running = check

        def job(conn: Connection) -> Granted | HeldBack | None:
            if boards.hear_nonce(conn, board, epoch, m.counter, now) is not Accepted.FRESH:
                return None
            return judge_again(conn, self.office, running, self.keys, Shown(m.nonce, m.counter), now)

        outcome = await self.office.store.write(job)
        if outcome is None:
            self.voice.alarm("OLD_NONCE", "The interlock showed a nonce that was seen before. It gets no grant.")
            return check
        check = replace(check, nonce=m.nonce, stage_since=self._now())
        if isinstance(outcome, Granted):
            if (why := await self._keep_back(check, outcome)) is not None:
                self.voice.frames(mint.void(self.keys, m.nonce, m.counter))
                self.voice.note("Held at the door", why, outcome.index)
                return replace(check, stage=Stage.GRANTED, void=why)
            self.voice.frames(mint.grant(self.keys, check.session, m.nonce, outcome.lifetime_ms))
            self.voice.note("Grant sent", f"good for {outcome.lifetime_ms / 1_000:.1f} s", outcome.index)
            return replace(check, stage=Stage.GRANTED, granted_at=self.office.clock.now())
        self.voice.frames(mint.void(self.keys, m.nonce, m.counter))
        self.voice.note("Held at the door", outcome.sentence, outcome.index)
        return replace(check, void=outcome.sentence, decision=outcome.decision or check.decision)

    async def _on_event(self, heard: Heard, check: Check | None) -> Check | None:
        """Step 5, and everything else that happens at the door. Each event counts once, in its order."""
        m, now = heard.message, self._wall()
        accepted = await self.journal.take(m.seq, now)
        fresh = accepted is Accepted.FRESH
        if fresh:
            self.belief = replace(after_event(self.belief, m.kind, self._now()), heard=self._now())
            self.voice.note(EVENTS.get(m.kind, f"Event {m.kind}"))
            if m.kind in ALARMS:
                await self._alarm(m.kind, heard.evidence, now)
        if m.kind == wire.OPENED:
            return await self._opened(heard, check, fresh)
        if accepted in (Accepted.REVOKED, Accepted.OLD_EPOCH):
            return check
        if m.kind in (wire.NOT_OPENED, wire.EXPIRED):
            return await self._returned(m.nonce, heard.evidence, check, EVENTS[m.kind])
        if fresh and m.kind == wire.RELOCKED and check is not None and check.stage is Stage.OPENED:
            return await self._end(check, "The person has left; the door is locked.")
        return check

    async def _alarm(self, kind: int, evidence: bytes, now: int) -> None:
        """Said, recorded; what locks the board out freezes its lane too, until two officers have looked."""
        self.voice.alarm(*ALARMS[kind])
        content = {"board": self.keys.board, "event": EVENTS[kind], "evidence": evidence}

        def job(conn: Connection) -> None:
            audit.append(conn, self.office.name, "BOARD_ALARM", content, now)
            if kind in LOCKING:
                freezes.freeze(conn, Scope.LANE, self.keys.lane, self.office.name, EVENTS[kind], now)

        await self.office.store.write(job)

    async def clear(self) -> None:
        """Two officers have looked and lifted the freeze: a locked-out board may begin again."""
        now = self._wall()
        request = await self.office.store.write(lambda conn: boards.next_request(conn, self.keys.board, now))
        self.voice.frames(mint.clear(self.keys, request))

    def _refuse(self) -> str | None:
        """S10: a board of which something is unknown, how it is or what it noted, is neither asked nor granted."""
        return self.standing.refuse() or self.journal.refuse()

    async def _keep_back(self, check: Check, granted: Granted) -> str | None:
        """Why a durable grant must not leave. The witness has it first: no restored backup forgets it (S6)."""
        if not await self.office.cover(granted.index):
            return "The audit witness cannot be reached, or knows more than this gateway. No grant leaves."
        if (why := self._refuse()) is not None:
            return why
        return await self.office.store.read(lambda conn: stopped_since(conn, self.office, check, self.keys, granted))

    async def _opened(self, heard: Heard, check: Check | None, fresh: bool) -> Check | None:
        """`fresh`: an opening that no grant explains is an alarm, once."""
        nonce, now = heard.message.nonce, self._wall()
        known = await self.office.store.read(lambda conn: nonces.find(conn, self.keys.board, nonce))
        if known is None and not fresh:
            return check
        outcome = await self.office.store.write(
            lambda conn: outcomes.opened(conn, self.office, self.place, nonce, heard.evidence, now)
        )
        if outcome is None:
            return check
        if not outcome.accounted:
            self.voice.alarm(
                "OPENED_AGAINST_THE_LEDGER", "The door opened and no grant accounts for it. Freeze the lane."
            )
            return check
        self.voice.note("Authorisation consumed", outcome.authorisation or "", outcome.index)
        if check is None or check.nonce != nonce:
            return check
        return replace(check, stage=Stage.OPENED, stage_since=self._now())

    async def _on_void_answer(self, heard: Heard, check: Check | None) -> Check | None:
        m = heard.message
        if m.answer == wire.VOID_NOT_OPENED:
            return await self._returned(m.nonce, heard.evidence, check, "The interlock did not open.")
        if m.answer == wire.VOID_OPENED:
            return await self._opened(heard, check, fresh=True)
        self.voice.alarm("BOARD_FORGOT", "The interlock does not know this opening. Two officers record what they saw.")
        return check

    async def _on_refused(self, heard: Heard, check: Check | None) -> Check | None:
        m = heard.message
        reason = REFUSALS.get(m.reason, f"The interlock refuses (reason {m.reason}).")
        self.voice.note("Interlock refuses", reason)
        if m.type_heard != wire.OPEN_REQUEST or check is None or m.session != check.session:
            return check
        if m.reason == wire.STALE_REQUEST:
            return check  # the road brought the request twice: the first one is being answered
        return await self._returned(None, heard.evidence, check, reason)

    async def _returned(self, nonce: bytes | None, evidence: bytes, check: Check | None, why: str) -> Check | None:
        now = self._wall()
        freed = await self.office.store.write(
            lambda conn: outcomes.returned(conn, self.office, self.place, nonce, check, evidence, now)
        )
        if freed is None:
            return check
        self.voice.note("Authorisation free again", freed)
        if check is not None and check.authorisation == freed and not check.over:
            return await self._end(check, check.void or why)
        return check

    async def _on_report(self, heard: Heard, check: Check | None) -> Check | None:
        """BOOT or STATUS. Only the answer to our own challenge says how the board is now; once each.

        Answered as locked, it frees what was reserved before we asked and never granted.
        """
        m, now = heard.message, self._wall()
        if m.type == wire.BOOT:
            self.voice.note("Interlock started", f"firmware {'.'.join(str(part) for part in m.version)}")
            self.standing.started()
            self.ask_soon()
        if m.type == wire.BOOT or self._asked is None or m.challenge != self._asked:
            return check
        self._asked = None
        self.belief = after_report(self.belief, m.state, m.inputs, self._now())
        await self.standing.hear(heard, now)
        await self.journal.catch_up(m.seq)
        if m.state in (wire.LOCKED, wire.LOCKED_OUT):
            older = min(now - parameters.NONCE_WAIT_MS, self._asked_at)
            await self.office.store.write(
                lambda conn: outcomes.return_ungranted(conn, self.office, self.place, heard.evidence, older, now)
            )
        if check is not None and check.stage is Stage.OPENED and m.state in (wire.LOCKED, wire.LOCKED_OUT):
            return await self._end(check, "The person has left; the door is locked.")  # RELOCKED was lost on its way
        return check

    async def tick(self, check: Check | None) -> Check | None:
        """Silence after a grant is UNKNOWN; what is not settled is asked of the board every few seconds."""
        now = self._now()
        waited = now - check.stage_since if check is not None else 0
        if check is not None and check.stage is Stage.GRANTED and waited > parameters.OPENING_WAIT_MS:
            wall, running = self._wall(), check
            await self.office.store.write(lambda conn: life.lost(conn, running.authorisation, running.session, wall))
            self.voice.alarm("OPENING_UNKNOWN", "The interlock has not said whether the door opened. Look at it.")
            check = await self._end(check, "It is not known whether the door opened.")
        elif check is not None and check.stage is Stage.REQUESTED and waited > parameters.NONCE_WAIT_MS:
            self.voice.note("Door stays locked", "The interlock did not answer.")
            check = await self._end(check, check.void or "The interlock did not answer.")
        if now >= self._due:
            self._due = now + parameters.NONCE_WAIT_MS
            await self._ask()
        return check

    async def _ask(self) -> None:
        self._asked, self._asked_at = secrets.token_bytes(16), self._wall()
        self.voice.frames(mint.status_request(self.keys, self._asked))
        late, office = self._wall() - parameters.OPENING_WAIT_MS, self.office
        for nonce, counter in await office.store.read(lambda conn: outcomes.to_void(conn, office, self.place, late)):
            self.voice.frames(mint.void(self.keys, nonce, counter))

    async def _end(self, check: Check, why: str) -> Check:
        now = self._wall()
        await self.office.store.write(lambda conn: sessions.end(conn, check.session, why[:200], now))
        opened = check.stage is Stage.OPENED
        return replace(check, stage=Stage.ENDED, void=check.void if opened else check.void or why, opened=opened)

    def _now(self) -> int:
        return self.office.clock.monotonic_ms()

    def _wall(self) -> int:
        return int(self.office.clock.now().timestamp() * 1_000)
