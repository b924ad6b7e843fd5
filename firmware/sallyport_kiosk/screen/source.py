"""What the prisoner's screen needs from the kiosk."""

from collections.abc import AsyncIterator
from typing import Protocol

from sallyport_kiosk.screen.words import ScreenState


class ScreenSource(Protocol):
    """Where the screen reads from. All answers come from memory, at once."""

    def state(self) -> ScreenState:
        """What to show now."""

    def subscribe(self, every_s: float) -> AsyncIterator[None]:
        """Yields at once, after each change, and within `every_s` seconds of the last yield."""

    def jpeg(self) -> bytes | None:
        """The newest live picture, or None when there is none to show. It never touches a disk."""

    def painted(self, number: int) -> None:
        """A page says that light `number` fills the screen now."""
