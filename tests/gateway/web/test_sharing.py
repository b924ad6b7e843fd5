"""What pages cost does not grow with those who look, and nobody is shown an older state than when they asked."""

import asyncio

import pytest

from sallyport_gateway.web.sharing import Shared
from sallyport_protocol.errors import RoadError


class Desk:
    """A state that changes, and how often it was drawn."""

    def __init__(self, takes_s: float = 0.0) -> None:
        self.state, self.drawings, self.at_once, self._takes_s = 0, 0, 0, takes_s

    async def draw(self) -> int:
        self.drawings, self.at_once = self.drawings + 1, self.at_once + 1
        assert self.at_once == 1
        state = self.state
        await asyncio.sleep(self._takes_s)
        self.at_once -= 1
        return state


def test_two_hundred_pages_cost_as_much_as_one() -> None:
    async def look() -> None:
        desk = Desk(0.005)
        shared = Shared(desk.draw, 0.02)

        async def page() -> None:
            for _ in range(5):
                await shared.drawn()
                await asyncio.sleep(0.001)

        await asyncio.gather(*(page() for _ in range(200)))
        assert desk.drawings <= 6

    asyncio.run(look())


def test_a_page_sees_what_was_so_when_it_asked() -> None:
    async def look() -> None:
        desk = Desk(0.01)
        shared = Shared(desk.draw, 0.0)
        first = asyncio.create_task(shared.drawn())
        await asyncio.sleep(0.005)
        desk.state = 1
        assert await shared.drawn() == 1 and await first == 0

    asyncio.run(look())


def test_who_goes_away_stops_nobody_and_an_error_is_everybody_s_once() -> None:
    async def look() -> None:
        desk = Desk(0.01)
        shared = Shared(desk.draw, 0.0)
        gone, there = asyncio.create_task(shared.drawn()), asyncio.create_task(shared.drawn())
        await asyncio.sleep(0.005)
        gone.cancel()
        assert await there == 0

        async def broken() -> int:
            raise RoadError("The store is away.")

        shared = Shared(broken, 0.0)
        found = await asyncio.gather(shared.drawn(), shared.drawn(), return_exceptions=True)
        assert [str(each) for each in found] == ["The store is away."] * 2
        with pytest.raises(RoadError):
            await shared.drawn()

    asyncio.run(look())
