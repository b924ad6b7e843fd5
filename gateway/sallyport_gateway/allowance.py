"""How often one address may ask for something that costs work before anybody has signed anything."""

from typing import Final

_MOST: Final = 4_096
"""Addresses remembered; the one that was seen longest ago is forgotten first."""


class Allowance:
    """A bucket for each address: `rate` a second, `burst` at once. Time is an argument, seconds."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, who: str, now: float) -> bool:
        """Whether one more is allowed now."""
        left, at = self._left.pop(who, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        allowed = left >= 1.0
        self._left[who] = (left - 1.0 if allowed else left, now)
        if len(self._left) > _MOST:
            del self._left[next(iter(self._left))]
        return allowed
