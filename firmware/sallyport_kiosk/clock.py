"""The kiosk's clocks. Only the monotonic one decides anything; the wall clock is for people."""

import time
from typing import Protocol


class Clock(Protocol):
    def monotonic_ms(self) -> int:
        """Milliseconds that never go back, from an arbitrary start."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC, as far as this machine knows."""


class SystemClock:
    """The operating system's clocks."""

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000
