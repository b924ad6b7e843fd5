"""Several gateways on one broker and one PostgreSQL: S6 holds while they are killed, paused and restarted, and lanes
work again within seconds. Every opening is counted at the doors.
"""

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from three_gateways import Release, Together
from trouble import Trouble
from typer.testing import CliRunner

from sallyport_gateway import parameters
from sallyport_gateway.__main__ import app

pytest.importorskip("micropython_unix", reason="MicroPython is not installed: run `make setup` (x86-64 Linux only)")

SECONDS = 120.0
"""Patience with a busy machine; an idle one needs a tenth of it at most."""


def ready(world: Together) -> None:
    world.wait(
        lambda: len(world.alive()) == len(world.names) and world.all_kept(), SECONDS, "every gateway and every lane"
    )


def test_a_gateway_is_killed_in_the_middle_of_an_opening(tmp_path: Path, new_postgresql: str) -> None:
    with Together(tmp_path, new_postgresql, people=2, lanes=2, ready_s=1) as world:
        ready(world)
        killed: list[str] = []

        def kill() -> None:
            """As soon as the grant is durable; whether it has left, and whether the door is open yet, is chance."""
            if not killed:
                killed.append(world.keepers()["MDI-LANE-1"])
                until = time.monotonic() + 2
                while world.state_of("A-0") == "RESERVED" and time.monotonic() < until:
                    pass
                world.end(killed[0], signal.SIGKILL)

        world.release("MDI-LANE-1", "A-0", SECONDS, confirmed=kill)
        world.release("MDI-LANE-2", "A-1", SECONDS)
        world.wait(lambda: world.all_kept(without=killed), SECONDS, "the lanes to be kept by others")
        world.settled(SECONDS)
        assert sum(world.openings.values()) == 2
        keeper = world.keepers()["MDI-LANE-1"]
        [other] = set(world.names) - {*killed, keeper}
        _sends_officers_where_the_lane_is(world, other)
        _tells_operators(world, killed)
        world.programs[keeper].send_signal(signal.SIGTERM)
        took = world.wait(lambda: world.keepers()["MDI-LANE-1"] == other, SECONDS, "the lane to be handed over")
        assert took < parameters.LEASE_MS / 1_000, "at once: nobody waits for the lease to run out"


def _tells_operators(world: Together, killed: list[str]) -> None:
    config = world.estate.folder("gateway-1") / "gateway.toml"
    told = CliRunner().invoke(app, ["keepers", "--config", str(config), "--json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.output) == {"alive": sorted({*world.names} - {*killed}), "lanes": world.keepers()}


@pytest.mark.long
def test_a_gateway_that_stood_still_wakes_when_its_lane_is_another_s(tmp_path: Path, new_postgresql: str) -> None:
    """It stops at a chance moment after the officer's confirmation, and goes on when the lane has a new keeper."""
    with Together(tmp_path, new_postgresql, people=8, lanes=1, gateways=2, ready_s=1) as world:
        ready(world)
        for at, paper in enumerate(world.papers):
            paused: list[str] = []

            def pause(at: int = at, paused: list[str] = paused) -> None:
                if not paused:
                    paused.append(world.keepers()["MDI-LANE-1"])
                    time.sleep(at * 0.004)
                    world.pause(paused[0])
                    world.wait(lambda: world.all_kept(without=paused), SECONDS, "a new keeper")
                    world.pause(paused[0], go_on=True)

            world.release("MDI-LANE-1", paper, SECONDS, confirmed=pause)
            world.look()
            ready(world)
        world.settled(SECONDS)
        assert sum(world.openings.values()) == len(world.papers)


def _sends_officers_where_the_lane_is(world: Together, name: str) -> None:
    keeper = world.keepers()["MDI-LANE-1"]
    assert keeper != name
    with httpx.Client(base_url=world.address(name), timeout=10.0) as client:
        answer = client.get("/lanes/MDI-LANE-1")
        assert answer.status_code == 307
        assert answer.headers["location"] == f"{world.address(keeper)}/lanes/MDI-LANE-1"
        assert f"{world.address(keeper)}/lanes/MDI-LANE-1" in client.get("/").text


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_many_releases_while_gateways_are_killed_and_paused(tmp_path: Path, new_postgresql: str) -> None:
    """Each person is wanted at two lanes at once, by officers who try until the door has opened."""
    rounds = int(os.environ.get("SALLYPORT_ROUNDS", "60"))
    with Together(tmp_path, new_postgresql, people=rounds, lanes=3) as world:
        ready(world)
        lanes = sorted(world.boards)
        done: list[Release] = []
        with Trouble(world, 20_261_122) as trouble, ThreadPoolExecutor(3) as officers:

            def officer(number: int) -> list[Release]:
                """Two of the three officers want each person."""
                mine = [paper for at, paper in enumerate(world.papers) if at % 3 != number]
                return [world.release(lanes[number], paper, 300) for paper in mine]

            for found in officers.map(officer, range(3)):
                done += found
        assert trouble.errors == []
        ready(world)
        world.wait(lambda: sorted(world.keepers().values()) == world.names, SECONDS, "each gateway to have its share")
        world.settled(SECONDS)
        assert sum(world.openings.values()) == rounds
        worst = max(trouble.healed)
        print(f"{len(trouble.said)} disturbances, {rounds} people, tries {sum(each.tries for each in done)}")
        print(f"lanes kept again after {sorted(round(each, 1) for each in trouble.healed)} s")
        print(f"people out after {sorted(round(each.seconds, 1) for each in done if each.tries)} s", world.verdicts)
        assert worst < 30
