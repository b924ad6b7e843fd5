"""One drawing for everybody who looks at the same thing: what pages cost does not grow with those who look."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

REST_S: Final = 0.15
"""Least time between two drawings of one thing, seconds: with a beat of 0.4 s, and twice this for a drawing that is
waited for, a page stays within the second after which it says that contact is lost."""


class Shared(Generic[T]):
    """Who asks while `draw` works, or just after, gets the next drawing with all the others who do: never an older
    state than when they asked."""

    def __init__(self, draw: Callable[[], Awaitable[T]], rest_s: float = REST_S) -> None:
        self._draw, self._rest_s = draw, rest_s
        self._one = asyncio.Lock()
        self._began = float("-inf")
        self._next: asyncio.Task[T] | None = None

    async def drawn(self) -> T:
        """The next drawing. Raises what `draw` raised."""
        if self._next is None:
            self._next = asyncio.create_task(self._make())
            self._next.add_done_callback(_heard)
        return await asyncio.shield(self._next)  # who goes away stops nobody else's

    async def _make(self) -> T:
        loop = asyncio.get_running_loop()
        async with self._one:
            await asyncio.sleep(max(0.0, self._began + self._rest_s - loop.time()))
            self._began, self._next = loop.time(), None
            return await self._draw()


def _heard(task: "asyncio.Task[T]") -> None:
    """Everybody who asked has gone: nobody is left to be told of an error."""
    if not task.cancelled():
        task.exception()
