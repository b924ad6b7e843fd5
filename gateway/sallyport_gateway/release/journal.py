"""The board's journal as the gateway reads it: each event counts once and in order, and none is passed over silently.

A kiosk that drops an alarm and relays the next event gains nothing: the gap is asked for until the board answers.
One that relays an old event and keeps the alarm after it gains nothing either: the board's answer to a challenge says
how far its journal goes, and nothing is granted before the gateway has read that far.
"""

from typing import Final

from sqlalchemy import Connection

from sallyport_gateway import parameters
from sallyport_gateway.audit import log as audit
from sallyport_gateway.ledger import boards, freezes
from sallyport_gateway.ledger.boards import Heard
from sallyport_gateway.ledger.freezes import Scope
from sallyport_gateway.ports import Office
from sallyport_gateway.release import mint
from sallyport_gateway.release.board_words import MISSING, NOT_ACCOUNTED
from sallyport_gateway.release.mint import BoardKeys
from sallyport_gateway.release.voice import Voice

_BATCH: Final = 8
"""Events that a board sends for one request (docs/protocol/wire.md)."""

UNREAD: Final = (
    "The interlock has reported events that have not arrived yet. Wait a few seconds; then look at the door."
)


class BoardJournal:
    """How far one board's events were taken, and what was asked for."""

    def __init__(self, office: Office, keys: BoardKeys, voice: Voice) -> None:
        self._office, self._keys, self._voice = office, keys, voice
        self._gap_since: int | None = None
        self._asked_at: int | None = None
        self._told_at: int | None = None
        """When the board last said how far its journal goes."""
        self._newest = self._taken = self._batch_end = 0

    def refuse(self) -> str | None:
        """S10: what the board has noted and this gateway has not read may be an alarm. None when all is read.

        How far the board has got is known for a while only: a kiosk that keeps its answers back, too, gains nothing.
        """
        now = self._office.clock.monotonic_ms()
        if self._told_at is None or now - self._told_at > parameters.JOURNAL_AGE_MS:
            return NOT_ACCOUNTED[None]
        return UNREAD if self._newest > self._taken else None

    async def take(self, seq: int, now: int) -> Heard:
        """Whether the event with this number counts now. `now` in wall-clock ms."""
        self._newest = max(self._newest, seq)
        heard = await self._hear(seq, now)
        if heard is Heard.GAP:
            return await self._across(seq, now)
        if heard is Heard.FRESH:
            self._gap_since = None
            if seq == self._batch_end and seq < self._newest:
                await self._ask()
        return heard

    async def catch_up(self, newest: int) -> None:
        """The board says how far its journal goes: what is missing is asked for.

        An answer that the road held back may be older than an event that came since: it takes nothing back (S13).
        """
        self._told_at = self._office.clock.monotonic_ms()
        self._taken = await self._known()
        if newest < self._taken and await self._begin(newest):
            self._newest = self._taken = 0
        self._newest = max(self._newest, newest)
        if self._newest > self._taken:
            await self._ask()

    async def _begin(self, newest: int) -> bool:
        """Whether another board is here under new keys, whose journal is read from its beginning."""
        board = self._keys.board
        began = await self._office.store.write(lambda conn: boards.begin_journal(conn, board, newest))
        if began:
            self._voice.note("Interlock replaced", "Its journal is read from the beginning.")
        return began

    async def _across(self, seq: int, now: int) -> Heard:
        """Events before this one are missing. Only when the board does not have them any more they are given up: what
        they said nobody knows, so the lane is frozen until two officers have looked."""
        mono = self._office.clock.monotonic_ms()
        if self._gap_since is None:
            self._gap_since = mono
        if mono - self._gap_since < parameters.EVENTS_WAIT_MS:
            if self._asked_at is None or mono - self._asked_at >= parameters.EVENTS_AGAIN_MS:
                await self._ask()
            return Heard.GAP
        self._gap_since = None
        self._voice.alarm("EVENTS_MISSING", f"{MISSING}. The lane is frozen: look at the door.")
        return await self._hear(seq, now, across_gap=True)

    async def _ask(self) -> None:
        known = await self._known()
        self._asked_at, self._batch_end = self._office.clock.monotonic_ms(), known + _BATCH
        self._voice.frames(mint.events_request(self._keys, known))

    async def _known(self) -> int:
        held = await self._office.store.read(lambda conn: boards.find(conn, self._keys.board))
        return held.seq if held else 0

    async def _hear(self, seq: int, now: int, *, across_gap: bool = False) -> Heard:
        board, epoch = self._keys.board, self._keys.epoch

        def job(conn: Connection) -> Heard:
            known = boards.find(conn, board)
            heard = boards.hear_event(conn, board, epoch, seq, now, across_gap=across_gap)
            if heard is Heard.FRESH and across_gap:
                content = {"board": board, "event": MISSING, "after": known.seq if known else 0, "before": seq}
                audit.append(conn, self._office.name, "BOARD_ALARM", content, now)
                freezes.freeze(conn, Scope.LANE, self._keys.lane, self._office.name, MISSING, now)
            return heard

        heard = await self._office.store.write(job)
        if heard is Heard.FRESH:
            self._taken = seq
        return heard
