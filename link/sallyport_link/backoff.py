"""How long to wait before trying again. Pure: the randomness is an argument.

Full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015): after a broker's return the whole estate must not
knock at once. 5,000 kiosks without jitter cost a broker about 16 s of processor time.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Backoff:
    """A wait grows from `base_ms`, doubling with each failure, to at most `cap_ms`."""

    base_ms: int
    cap_ms: int
    floor_ms: int = 20
    """Never less than this, so that a failure that is instant cannot spin."""

    def wait_ms(self, failures: int, chance: float) -> int:
        """Milliseconds to wait after `failures` >= 1 failures in a row; `chance` is uniform in [0, 1)."""
        ceiling = min(self.cap_ms, self.base_ms * 2 ** min(max(failures, 1) - 1, 30))
        return max(self.floor_ms, int(ceiling * chance))


RECONNECT: Final = Backoff(base_ms=250, cap_ms=15_000)
"""To the broker. Cap: a new attempt within 15 s of its return, so a release can start again within a minute (L1)."""

REPLUG: Final = Backoff(base_ms=100, cap_ms=2_000)
"""To a device on a cable: nobody else queues for it, so only short waits."""
