"""The contacts, debounced. A contact starts bad, and a contact that flutters is bad."""

from sallyport_interlock.settings import CLOCK_MASK, FORGIVE_MS, STEADY_MS
from sallyport_wire.messages import BOLT_IS_LOCKED, BOX_IS_CLOSED, DOOR_IS_CLOSED, PEER_IS_FREE


class Contact:
    """Good once steady for STEADY_MS; bad again when seen bad FORGIVE_MS after it was last steady."""

    def __init__(self) -> None:
        self.good = self._steady = self._raw = False
        self._risen = self._since = 0  # of the clock: when raw turned good, and when steadiness was lost

    def sample(self, raw: bool, now: int) -> bool:
        """The belief after seeing `raw` at the 30-bit clock `now`."""
        if raw and not self._raw:
            self._risen = now
        if raw and (self._steady or (self._raw and (now - self._risen) & CLOCK_MASK >= STEADY_MS)):
            self.good = self._steady = True
        elif self._steady:
            self._steady, self._since = False, now
        elif self.good and not raw and (now - self._since) & CLOCK_MASK >= FORGIVE_MS:
            self.good = False
        self._raw = raw
        return self.good


class Contacts:
    """`sample` gives the belief in bits, 1 = good. The pair's line is a wire, not a switch: it turns bad at once."""

    def __init__(self) -> None:
        self._contacts = [(bit, Contact()) for bit in (DOOR_IS_CLOSED, BOLT_IS_LOCKED, BOX_IS_CLOSED, PEER_IS_FREE)]
        self._start: int | None = None  # of the clock: the first sample
        self.settled = False  # whether good contacts have had the time to show it

    def sample(self, raw: int, now: int) -> int:
        """The debounced bits after seeing `raw` at the 30-bit clock `now`."""
        if self._start is None:
            self._start = now
        inputs = 0
        for bit, contact in self._contacts:
            if contact.sample(bool(raw & bit), now):
                inputs |= bit
        self.settled = self.settled or (now - self._start) & CLOCK_MASK > FORGIVE_MS
        return inputs if raw & PEER_IS_FREE else inputs & ~PEER_IS_FREE
