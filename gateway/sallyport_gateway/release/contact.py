"""What a lane knows of its kiosk: when it was last heard, in which of its starts, and what it says of itself."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from sallyport_gateway import parameters
from sallyport_gateway.ports import Clock
from sallyport_protocol.messages import Ready, Status


class Start(Enum):
    """What a READY says of the kiosk's start."""

    FIRST = "the first that is heard of it"
    ANOTHER = "it has started anew since"
    SAME = "the start that is known"


@dataclass
class Contact:
    """One kiosk, as far as it is heard."""

    clock: Clock
    ready: Ready | None = None
    since: datetime | None = None
    """Since when it is heard, or since when it is not."""
    faults: tuple[str, ...] = ()
    sequence: int = 0
    """Of the last offer that was made to this start of it."""
    _heard: int | None = field(default=None, repr=False)

    @property
    def here(self) -> bool:
        """Whether the kiosk has said READY lately."""
        return self._heard is not None and self.clock.monotonic_ms() - self._heard < parameters.READY_AGE_MS

    @property
    def serves(self) -> bool:
        """Whether the kiosk is heard and says that it works: then nobody does without it for its sake."""
        return self.here and not self.faults and self.ready is not None and not self.ready.tamper

    def take_ready(self, ready: Ready) -> Start:
        """One READY, which is no replay."""
        known = self.ready
        start = Start.FIRST if known is None else Start.SAME
        if known is not None and known.boot_nonce != ready.boot_nonce:
            start = Start.ANOTHER
        self.sequence = max(ready.offer_sequence, 0 if start is Start.ANOTHER else self.sequence)
        if start is not Start.SAME or self._heard is None:
            self.since = self.clock.now()
        self.ready, self._heard = ready, self.clock.monotonic_ms()
        return start

    def take_status(self, status: Status) -> tuple[str, ...]:
        """One STATUS of the start that is known; which faults are new."""
        new = tuple(each for each in status.faults if each not in self.faults)
        self.faults = status.faults if status.online else self.faults
        if not status.online:
            self._heard, self.since = None, self.clock.now()
        return new
