"""Whatever stops a release, at whatever step between START and the grant it comes, holds the door.

Each case injects one event at the n-th point at which the gateway waits for its store or its witness; all n are tried.
"""

import pytest
from intrusions import EVENTS, Intruder, nobody_there, put_back
from lane_world import World

POINTS = 14
"""Points between START and the grant at which the gateway waits; an early event leaves fewer."""


def _nothing(world: World, paper: str) -> None:
    """No event."""


def test_without_an_event_it_opens(world: World) -> None:
    paper = world.authorise()
    watch = Intruder(world, paper, 10_000, _nothing)
    world.visitor = watch
    world.to_grant(paper)
    watch.truth.look()
    assert paper in watch.truth.opened
    assert watch.count >= POINTS
    watch.truth.close()


@pytest.mark.parametrize("name", EVENTS)
def test_whatever_stops_it_stops_it_at_every_step(world: World, name: str) -> None:
    at = tried = 0
    while True:
        at += 1
        book = world.book
        paper = world.authorise()
        watch = Intruder(world, paper, at, EVENTS[name])
        world.visitor = watch
        world.to_grant(paper)
        watch.truth.look()
        watch.truth.close()
        if not watch.came:
            break
        tried += 1
        assert watch.truth.left == {}, f"a grant left after the event at step {at}"
        assert watch.truth.opened == {}, f"the door opened after the event at step {at}"
        world.visitor = lambda _: None
        put_back(world, book)
    assert tried >= (POINTS - 4 if EVENTS[name] is not nobody_there else 6)
