"""What the service makes of leases: lanes opened, heard in the group of their term, muted in time, closed."""

import asyncio
from dataclasses import replace

import pytest
from lane_kiosk import KIOSK, LANE, PRISON
from lane_world import KEYS, World

from sallyport_gateway import parameters
from sallyport_gateway.release.keeping import NOBODY, Keeper
from sallyport_gateway.release.lanes import LanePlace, Lanes
from sallyport_protocol.messages import EndReason
from sallyport_protocol.topics import Kind, Topic

FIVE = 5


class Link:
    """What is subscribed to now."""

    def __init__(self) -> None:
        self.filters: set[str] = set()

    def subscribe(self, filters: list[str]) -> None:
        self.filters |= set(filters)

    def unsubscribe(self, filters: list[str]) -> None:
        self.filters -= set(filters)


class Gateway:
    """One gateway's lanes on a world's store, and what it sent."""

    def __init__(self, world: World, name: str) -> None:
        entry = world.book.registry.lane(LANE)
        assert entry is not None
        self.link, self.sent = Link(), list[Topic]()
        office = replace(world.office, name=name, store=world.store, send=lambda topic, *_: self.sent.append(topic))
        self.keeper = Keeper(world.store, name, [LANE], world.clock)
        self.lanes = Lanes({LANE: LanePlace(entry, KIOSK, KEYS)}, office, self.link, self.keeper)

    async def round(self, *, able: bool = True) -> None:
        await self.lanes.follow((await self.keeper.tend(able, self.lanes.idle)).kept)

    def speaks(self) -> bool:
        """Whether what its lane says now leaves."""
        before = len(self.sent)
        self.lanes.open[LANE].voice.end(b"s" * 16, b"b" * 16, EndReason.CANCELLED)
        return len(self.sent) > before


@pytest.fixture
def pair(world: World) -> tuple[Gateway, Gateway]:
    return Gateway(world, "gateway-1"), Gateway(world, "gateway-2")


def test_one_keeps_the_lane_and_hears_it_in_the_group_of_its_term(pair: tuple[Gateway, Gateway]) -> None:
    one, two = pair

    async def story() -> None:
        await one.round()
        await two.round()
        assert set(one.lanes.open) == {LANE} and not two.lanes.open
        assert len(one.link.filters) == FIVE and not two.link.filters
        assert f"$share/{LANE}.1/{Topic(PRISON, KIOSK, Kind.RESULT)}" in one.link.filters
        assert two.keeper.round.keepers == {LANE: "gateway-1"}
        await one.lanes.close_all()
        await one.keeper.leave()
        assert not one.link.filters
        await two.round()
        assert set(two.lanes.open) == {LANE}
        assert f"$share/{LANE}.2/{Topic(PRISON, KIOSK, Kind.RESULT)}" in two.link.filters
        await two.lanes.close_all()

    asyncio.run(story())


def test_a_keeper_falls_silent_before_its_lease_ends(pair: tuple[Gateway, Gateway], world: World) -> None:
    one, _ = pair

    async def story() -> None:
        await one.round()
        world.clock.ms += parameters.LEASE_MS - parameters.LEASE_MARGIN_MS - 1
        assert one.speaks()
        world.clock.ms += 1
        assert not one.speaks()
        await one.round()
        assert one.speaks(), "nobody took the lane: it goes on"
        await one.lanes.close_all()

    asyncio.run(story())


def test_who_wakes_up_without_the_lane_is_silent_even_before_it_has_closed_it(pair: tuple[Gateway, Gateway]) -> None:
    one, two = pair

    async def story() -> None:
        await one.round()
        await one.keeper._store.write(lambda conn: conn.exec_driver_sql("UPDATE lease SET until = 0"))
        await two.round()
        assert set(two.lanes.open) == {LANE}
        await one.keeper.tend(able=True, idle=frozenset())
        assert set(one.lanes.open) == {LANE} and not one.speaks()
        await one.lanes.follow(one.keeper.round.kept)
        assert not one.lanes.open
        await two.lanes.close_all()

    asyncio.run(story())


def test_a_gateway_that_is_of_no_use_gives_its_lanes_up(pair: tuple[Gateway, Gateway]) -> None:
    one, two = pair

    async def story() -> None:
        await one.round()
        await one.round(able=False)
        assert not one.lanes.open and one.keeper.round.keepers == {LANE: NOBODY}
        await two.round()
        assert set(two.lanes.open) == {LANE}
        await two.lanes.close_all()

    asyncio.run(story())
