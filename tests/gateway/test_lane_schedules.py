"""S1, S2, S3, S6, S7, S11 and S12 after every step of random schedules; afterwards everything heals (L1, L2)."""

from collections.abc import Callable

import pytest
from lane_schedules import Play
from lane_world import World


def _play(world: World, seed: int, steps: int) -> Play:
    play = Play(world, seed)
    try:
        play.run(steps)
    except BaseException as error:
        error.add_note(f"seed {seed}: {' '.join(play.said)}")
        raise
    finally:
        play.truth.close()
        world.close()
    return play


def test_random_schedules(new_world: Callable[[], World]) -> None:
    openings = crashes = 0
    for seed in range(12):
        play = _play(new_world(), seed, 60)
        openings += len(play.truth.opened) - 1
        crashes += play.world.crashes
    assert openings >= 3, "the schedules never get as far as an opening"
    assert crashes >= 3


def test_it_heals_from_kiosk_starts_that_crossed_on_the_road(new_world: Callable[[], World]) -> None:
    play = Play(new_world(), 0)
    play.restart_the_kiosk()
    play.restart_the_kiosk()
    play.world.deliver_up(1)
    play.world.deliver_up(0)
    play.heal()
    play.truth.close()


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_many_random_schedules(new_world: Callable[[], World]) -> None:
    for seed in range(1_000, 1_400):
        _play(new_world(), seed, 100)
