"""Several gateway processes on one database: each authorisation is won by exactly one."""

import json
import subprocess
import sys
from pathlib import Path

from sqlalchemy import Connection

from sallyport_gateway.ledger import life
from sallyport_gateway.ledger.states import State
from sallyport_gateway.store import Store

COUNT = 40
RACER = Path(__file__).with_name("racer.py")


def test_three_processes_race_and_each_authorisation_is_used_once(database: str) -> None:
    with Store(database) as store:
        store.write_now(lambda conn: [life.create(conn, f"A{at}", 0) for at in range(COUNT)])
    racers = [
        subprocess.Popen(
            [sys.executable, str(RACER), database, f"gateway-{number}", str(COUNT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in (1, 2, 3)
    ]
    for racer in racers:
        assert racer.stdout is not None and racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    outputs = [racer.communicate(timeout=120)[0] for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    everything = sorted(f"A{at}" for at in range(COUNT))
    for what in ("reserved", "granted", "consumed"):
        won = [name for output in outputs for name in json.loads(output)[what]]
        assert sorted(won) == everything, what
    with Store(database) as store:
        assert store.read_now(_states) == {State.CONSUMED}


def _states(conn: Connection) -> set[State]:
    found = (life.find(conn, f"A{at}") for at in range(COUNT))
    return {held.state for held in found if held is not None}
