import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from sallyport_gateway.web import live
from sallyport_protocol.errors import RoadError

NOW = datetime(2026, 11, 22, tzinfo=UTC)


async def never() -> AsyncIterator[None]:
    await asyncio.Event().wait()
    yield


async def thrice() -> AsyncIterator[None]:
    for _ in range(3):
        yield


def test_a_beat_comes_at_once_and_then_in_silence() -> None:
    async def three() -> list[float]:
        clock = asyncio.get_running_loop().time
        began, at = clock(), []
        async for _ in live.beats(never(), 0.05):
            at.append(clock() - began)
            if len(at) == 3:
                return at
        raise AssertionError("the beats ended")

    first, second, third = asyncio.run(three())
    assert first < 0.04
    assert 0.04 < second < third


def test_every_tick_is_a_beat_and_the_beats_end_with_the_ticks() -> None:
    async def count() -> int:
        return len([None async for _ in live.beats(thrice(), 10)])

    assert asyncio.run(count()) == 4


def test_leaving_the_beats_closes_the_subscription() -> None:
    closed = False

    async def ticks() -> AsyncIterator[None]:
        nonlocal closed
        try:
            await asyncio.Event().wait()
            yield
        finally:
            closed = True

    async def once() -> None:
        beats = live.beats(ticks(), 0.01)
        await anext(beats)
        await anext(beats)
        await beats.aclose()  # type: ignore[attr-defined]

    asyncio.run(once())
    assert closed


def drawn(pictures: list[live.Picture | None], closing: bool = False) -> list[dict[str, object]]:
    """What a stream of these pictures sends, one for each tick."""

    async def run() -> list[dict[str, object]]:
        waiting = iter(pictures)

        async def draw() -> live.Picture | None:
            return next(waiting)

        async def ticks() -> AsyncIterator[None]:
            for _ in pictures[1:]:
                yield

        stream = live.stream(ticks(), draw, lambda: NOW, lambda: closing)
        head, *rest = [part.decode() async for part in stream]
        assert head == "retry: 500\n\n"
        assert all(part.startswith("data: ") and part.endswith("\n\n") for part in rest)
        return [json.loads(part.removeprefix("data: ")) for part in rest]

    return asyncio.run(run())


ONE = live.Picture({"door": "<p>locked</p>", "verdict": "<p>none</p>"}, "No session", "Door: locked.")
TWO = live.Picture({"door": "<p>locked</p>", "verdict": "<p>HOLD</p>"}, "HOLD", "Verdict: HOLD.")


def test_only_what_changed_is_sent_and_silence_is_a_bare_beat() -> None:
    first, same, changed = drawn([ONE, ONE, TWO])
    assert first["regions"] == ONE.regions
    assert same == {"now": int(NOW.timestamp() * 1000)}
    assert changed["regions"] == {"verdict": "<p>HOLD</p>"}
    assert (changed["title"], changed["announcement"]) == ("HOLD", "Verdict: HOLD.")


def test_a_stream_ends_when_its_lane_is_gone_or_the_server_stops() -> None:
    assert len(drawn([ONE, None, ONE])) == 1
    assert drawn([ONE, ONE], closing=True) == []


def test_a_stream_ends_when_the_gateway_cannot_read(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> list[bytes]:
        async def draw() -> live.Picture | None:
            raise RoadError("The store is busy; try again.")

        return [part async for part in live.stream(thrice(), draw, lambda: NOW, lambda: False)]

    assert asyncio.run(run()) == [b"retry: 500\n\n"]
    assert "The store is busy" in caplog.text
