"""Only the kiosk's own word makes the gateway ask the sources again."""

import os
from dataclasses import replace

from lane_kiosk import KIOSK
from lane_world import World


def test_junk_asks_nobody_and_the_kiosks_answer_does(world: World) -> None:
    asked: list[str] = []

    async def gather(authorisation: str, _thoroughly: bool) -> None:
        asked.append(authorisation)

    paper = world.authorise()
    world.start(paper)
    world.settle_roads()
    world.lane.office = replace(world.lane.office, gather=gather)
    for _ in range(5):
        world.arrive(f"sallyport/v1/MDI/{KIOSK}/result", os.urandom(100))
    assert asked == []
    world.answer()
    world.settle_roads()
    assert asked == [paper]
