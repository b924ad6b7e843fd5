"""A board, its flash, its line and its door, simulated around the shipped firmware, and a monitor that judges.

Runs on CPython and MicroPython alike. Time is virtual, in ms. Nothing here looks into the gate.
"""

import struct

from sallyport_interlock import keys
from sallyport_interlock.journal import RECORD as EVENT_RECORD
from sallyport_interlock.loop import Loop
from sallyport_interlock.once import RECORD as ONCE_RECORD
from sallyport_interlock.pages import FlashError
from sallyport_wire import messages as wire
from sallyport_wire.frames import _frame, encode, read
from sallyport_wire.messages import Message

LANE = wire.lane_id("MDI-LANE-1")
DOWN, UP = bytes(range(1, 33)), bytes(range(101, 133))
MASK = 0x3FFFFFFF
HOLD_MS = 400  # the monostable of hardware/pins.toml
BOLT_MS = 30
ALL_GOOD = wire.DOOR_IS_CLOSED | wire.BOLT_IS_LOCKED | wire.BOX_IS_CLOSED | wire.PEER_IS_FREE


class PowerCut(Exception):
    """The power failed in the middle of a flash operation."""


class Violation(Exception):
    """An invariant was broken."""


class Flash:
    """Six NOR pages: programming clears bits, erasing sets them. `plan` (n, how): the n-th operation from now is cut
    "before", "torn" (half of it done) or "after"; or is "lost": not done, and the power stays."""

    def __init__(self) -> None:
        self.pages = [bytearray(b"\xff" * 4096) for _ in range(6)]
        self.plan = (0, "")
        self.operations = self.erases = 0

    def read(self, page: int, at: int, size: int) -> bytes:
        return bytes(self.pages[page][at : at + size])

    def program(self, page: int, at: int, data: bytes) -> None:
        old = self.pages[page][at : at + len(data)]
        self._write(page, at, bytes([a & b for a, b in zip(old, data)]))  # noqa: B905 - MicroPython

    def erase(self, page: int) -> None:
        self.erases += 1
        self._write(page, 0, b"\xff" * 4096)

    def _write(self, page: int, at: int, data: bytes) -> None:
        self.operations += 1
        n, how = self.plan
        self.plan = (n - 1, how)
        if n != 1:
            how = ""
        if how == "torn":
            data = data[: len(data) // 2]
        if how not in ("before", "lost"):
            self.pages[page][at : at + len(data)] = data
        if how in ("before", "torn", "after"):
            raise PowerCut


def whole_frames(raw: bytes) -> list:
    """The frames that lie whole in `raw`, found at once and not byte by byte: this is the simulator's own ear."""
    found = []
    for part in raw.split(b"\0"):
        try:
            found.append(_frame(part, False))
        except wire.FrameError:
            continue
    return found


class Line:
    """The UART: what the gateway sent waits in `to_board`; `stuck` is a host that takes nothing."""

    def __init__(self, monitor: "Monitor") -> None:
        self.to_board = bytearray()
        self.stuck = False
        self._monitor = monitor

    def read(self, size: int) -> bytes | None:
        data = bytes(self.to_board[:size])
        self.to_board = self.to_board[size:]
        return data or None

    def write(self, data: bytes) -> int:
        if self.stuck:
            return 0
        self._monitor.hear(bytes(data))
        return len(data)


class Monitor:
    """Judges by what crosses the line, what is in flash when the strike moves, and how long it is energised."""

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self.shown: dict[bytes, tuple] = {}  # nonce: (boot, ms, session)
        self.granted: dict[bytes, list] = {}  # nonce: [(ms, session, lifetime_ms)]
        self.opened: list[bytes] = []
        self.dead: list[bytes] = []  # the board said: never
        self.boot = self.ms = 0
        self._counter = -1
        self.on_since: int | None = None

    def hear(self, data: bytes) -> None:
        for frame in whole_frames(data):
            message = read(frame, 1, UP)
            self.heard.append(message)
            if message.type == wire.NONCE:
                self._judge(message.counter > self._counter, "S1: a counter came back")
                self._judge(message.nonce not in self.shown, "S1: a nonce came back")
                self._counter = message.counter
                self.shown[message.nonce] = (self.boot, self.ms, message.session)
            never = message.type == wire.VOID_ANSWER and message.answer == wire.VOID_NOT_OPENED
            if never or (message.type == wire.EVENT and message.kind in (wire.EXPIRED, wire.NOT_OPENED)):
                self._bury(message.nonce)

    def _bury(self, nonce: bytes) -> None:
        self._judge(nonce not in self.opened, "S6: said never of a nonce that had opened")
        self.dead.append(nonce)

    def strike(self, on: bool, flash: Flash) -> None:
        """The strike's state now; called at every pass, and at every loss of power."""
        if on and self.on_since is None:
            self.on_since = self.ms
            self._judge_opening(flash)
        if self.on_since is not None:
            self._judge(self.ms - self.on_since <= 5000, "S9: energised for more than 5 s")
        if not on:
            self.on_since = None

    def _judge_opening(self, flash: Flash) -> None:
        once_log, journal_log, _ = keys.logs(flash)
        nonces = [struct.unpack(EVENT_RECORD, r)[4] for _, r in journal_log.records() if r[4] == wire.OPENED]
        self._judge(len(nonces) > 0, "S7: opened before the journal had it")
        nonce = nonces[-1]
        spends = [struct.unpack(ONCE_RECORD, r)[5] for _, r in once_log.records()]
        self._judge(nonce in spends, "S6: opened before it was spent")
        self._judge(nonce not in self.opened, "S6: opened twice")
        self._judge(nonce not in self.dead, "S12: opened after a promise not to")
        self._judge(nonce in self.shown, "S1: opened for a nonce that was not shown")
        boot, shown_ms, session = self.shown[nonce]
        self._judge(boot == self.boot, "S1: opened for another start's nonce")
        good = [g for g in self.granted.get(nonce, []) if g[1] == session and self.ms - shown_ms <= g[2] <= 10000]
        self._judge(len(good) > 0, "S1, S3: opened without a grant for this nonce, session and time")
        self.opened.append(nonce)

    def _judge(self, holds: bool, what: str) -> None:
        if not holds:
            raise Violation(what)


class Site:
    """One board with its door. `contacts` are raw bits; the bolt follows the strike."""

    def __init__(self, offset: int = 0) -> None:
        """`offset`: the board's 30-bit clock at time 0."""
        self.flash = Flash()
        keys.commission(self.flash, 1, LANE, DOWN, UP)
        self.monitor = Monitor()
        self.uart = Line(self.monitor)
        self.contacts_now = ALL_GOOD
        self.peer: Site | None = None
        self.ms = self.bolt_due = 0
        self.free_out = self.on = False
        self.faults: list[Exception] = []
        self.loop: Loop | None = None
        self._offset = offset
        self._edges = 0
        self._driven_ms = 0
        self.power_on()

    # The board door.

    def ticks(self) -> int:
        return (self.ms + self._offset) & MASK

    def contacts(self) -> int:
        if self.peer:
            free = wire.PEER_IS_FREE if self.peer.free_out else 0
            return self.contacts_now & ~wire.PEER_IS_FREE | free
        return self.contacts_now

    def drive(self, opens: bool, claims: bool) -> None:
        self.free_out = not claims
        self._move(opens)
        self._driven_ms = self.ms

    def random(self, size: int) -> bytes:
        return bytes(size)  # the worst source there is

    def free(self) -> int:
        return 0

    def feed(self) -> None:
        pass

    def _move(self, on: bool) -> None:
        if on != self.on:
            self.on = on
            self.bolt_due = self.ms + BOLT_MS
        self.monitor.strike(on, self.flash)

    # The world.

    def power_off(self) -> None:
        self.loop = None
        self.free_out = False
        self._move(False)
        self.uart.to_board = bytearray()

    def power_on(self) -> None:
        self.monitor.boot += 1
        self.guard(self._start)

    def _start(self) -> None:
        self.loop = Loop(self, bytes(32))

    def guard(self, act) -> None:
        """What main.py does: whatever goes wrong, locked, and a new start later."""
        try:
            act()
        except Violation:
            raise
        except Exception as error:
            self.faults.append(error)
            self._move(False)
            if self.loop and not isinstance(error, PowerCut):
                self._confess()
            self.power_off()

    def _confess(self) -> None:
        try:
            self.loop.fail()
        except (PowerCut, FlashError) as error:
            self.faults.append(error)

    def step(self, ms: int) -> None:
        """Time passes, then one pass of the loop."""
        self.ms += ms
        if self.on and self.ms - self._driven_ms > HOLD_MS:
            self.monitor.ms = self._driven_ms + HOLD_MS
            self._move(False)  # the loop stalled: the strike fell by itself
        self.monitor.ms = self.ms
        if self.bolt_due and self.ms >= self.bolt_due:
            self.bolt_due = 0
            bolt = wire.BOLT_IS_LOCKED
            self.contacts_now = self.contacts_now & ~bolt if self.on else self.contacts_now | bolt
        if self.loop:
            self.guard(self.loop.step)

    def run(self, ms: int, pass_ms: int = 10) -> None:
        """`ms` of passes of `pass_ms` each."""
        for _ in range(ms // pass_ms):
            self.step(pass_ms)

    def send(self, message: Message, key: bytes = DOWN, epoch: int = 1) -> bytes:
        """The gateway says this; the monitor takes note of grants that are authentic."""
        raw = encode(message, epoch, key)
        self.deliver(raw)
        return raw

    def deliver(self, raw: bytes) -> None:
        """These bytes reach the board's pin."""
        self.uart.to_board += raw
        for frame in whole_frames(raw):
            try:
                message = read(frame, 1, DOWN)
            except wire.FrameError:
                continue
            if message.type == wire.GRANT and message.lane == LANE:
                grants = self.monitor.granted.setdefault(message.nonce, [])
                grants.append((self.ms, message.session, message.lifetime_ms))

    def heard(self, type: int) -> list[Message]:
        """What the board has said of this type, oldest first."""
        return [m for m in self.monitor.heard if m.type == type]

    def kinds(self) -> list[int]:
        """The kinds of the events said so far."""
        return [m.kind for m in self.heard(wire.EVENT)]


def open_request(session: bytes, request: int, lane: bytes = LANE) -> Message:
    return Message(wire.OPEN_REQUEST, lane=lane, session=session, request=request)


def grant(shown: Message, lifetime_ms: int = 10000, **changed: object) -> Message:
    fields: dict[str, object] = {"lane": LANE, "session": shown.session, "nonce": shown.nonce}
    fields["lifetime_ms"] = lifetime_ms
    fields.update(changed)
    return Message(wire.GRANT, **fields)
