"""Several gateways on one broker and one PostgreSQL: S6 holds while they are killed, paused and restarted, and lanes
work again within seconds. Every opening is counted at the doors."""

import signal
from pathlib import Path

import pytest
from three_gateways import Together

pytest.importorskip("micropython_unix", reason="MicroPython is not installed: run `make setup` (x86-64 Linux only)")


def test_a_gateway_killed_in_the_middle_of_an_opening(tmp_path: Path, new_postgresql: str) -> None:
    with Together(tmp_path, new_postgresql, people=2, lanes=2, ready_s=1) as world:
        world.wait(lambda: len(world.alive()) == 3 and world.all_kept(), 40, "three gateways and every lane kept")
        killed: list[str] = []

        def kill() -> None:
            if not killed:
                killed.append(world.keepers()["MDI-LANE-1"])
                world.end(killed[0], signal.SIGKILL)

        first = world.release("MDI-LANE-1", world.papers[0], 40, confirmed=kill)
        second = world.release("MDI-LANE-2", world.papers[1], 40)
        print(first, second, killed, world.keepers())
        assert killed and world.all_kept(without=killed)
        world.settled(30)
        assert sum(world.openings.values()) == 2
