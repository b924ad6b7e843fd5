"""What the contacts say against what was allowed: belief about the door, and alarms.

Life safety is outside our control: a fire release or a mechanical key shows up here as UNGRANTED_OPEN.
"""

from sallyport_interlock.settings import BOLT_MS, HELD_MS
from sallyport_wire import messages as wire

SECURE = wire.DOOR_IS_CLOSED | wire.BOLT_IS_LOCKED
GOOD = SECURE | wire.BOX_IS_CLOSED
LOCKING = (wire.UNGRANTED_OPEN, wire.TAMPER, wire.MISMATCH)  # alarms that lock the board out until CLEAR


class Watch:
    """`passage`: from the energised strike until door closed and bolt locked again."""

    def __init__(self, passage: bool) -> None:
        self.passage = passage
        self._closed = True  # the door as last seen
        self._since = 0  # ms at which the door, or the strike, last changed
        self._strike = False
        self._held = False

    def see(self, inputs: int, strike: bool, ms: int) -> list[int]:
        """The event kinds that these contacts make, with the strike output as it is, at `ms` since start."""
        closed, locked = bool(inputs & wire.DOOR_IS_CLOSED), bool(inputs & wire.BOLT_IS_LOCKED)
        moved = closed != self._closed
        if moved or strike != self._strike:
            self._since, self._held = ms, False
        self._closed, self._strike = closed, strike
        self.passage = self.passage or strike
        kinds = [] if inputs & wire.BOX_IS_CLOSED else [wire.TAMPER]
        if not self.passage:
            if not (closed and locked):
                kinds.append(wire.UNGRANTED_OPEN)
            return kinds
        if moved:
            kinds.append(wire.DOOR_CLOSED if closed else wire.DOOR_OPEN)
        kinds += self._judge_passage(closed, locked, strike, ms - self._since)
        return kinds

    def _judge_passage(self, closed: bool, locked: bool, strike: bool, for_ms: int) -> list[int]:
        if closed and locked and not strike:
            self.passage = False
            return [wire.RELOCKED]
        if for_ms >= BOLT_MS and closed and locked == strike:
            return [wire.MISMATCH]  # the bolt did not follow the strike
        if for_ms >= HELD_MS and not closed and not self._held:
            self._held = True
            return [wire.DOOR_HELD]
        return []
