"""The lanes of one gateway, and what each of their kiosks may ask of it."""

from lane_kiosk import KIOSK, LANE
from lane_world import KEYS, World

from sallyport_gateway.admission.admit import Arrival
from sallyport_gateway.release import lanes as module
from sallyport_gateway.release.lanes import LanePlace, Lanes


class Link:
    """Nobody listens."""

    def subscribe(self, filters: list[str]) -> None: ...

    def unsubscribe(self, filters: list[str]) -> None: ...


def test_what_a_flooding_kiosk_sends_is_dropped_unread_and_said_once_a_minute(world: World) -> None:
    entry = world.book.registry.lane(LANE)
    assert entry is not None
    found = Lanes({LANE: LanePlace(entry, KIOSK, KEYS)}, world.office, Link(), None)

    def heard(messages: int, at_s: int) -> int:
        arrival = Arrival(f"sallyport/v1/MDI/{KIOSK}/status", b"junk", False, at_s * 1_000, world.clock.now())
        return sum(found.route(arrival) for _ in range(messages))

    def complaints() -> int:
        return sum(title == "Alarm: kiosk floods" for _, title, _, _ in found.open[LANE].voice.events)

    async def story() -> None:
        await found.follow({LANE: 0})
        assert heard(150, 1) == 150 and complaints() == 0, "what an outbox kept while there was no road"
        assert heard(300, 1) == module._AT_ONCE - 150 and complaints() == 1
        assert heard(300, 3) == 2 * module._EACH_S and complaints() == 1
        assert heard(3, 4) == 3, "an honest kiosk's second"
        assert heard(300, 100) == module._AT_ONCE and complaints() == 2
        await found.close_all()

    world.run(story())
