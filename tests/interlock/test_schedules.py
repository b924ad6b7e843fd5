"""Random schedules of frames, contacts, cuts and clock wraps: no violation of S1, S3, S6, S7, S9, S10, S12."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import schedules
from doorsim import ALL_GOOD, LANE, MASK, Site, Violation, grant, open_request
from hypothesis import given, settings
from hypothesis import strategies as st

from sallyport_interlock.gate import Gate
from sallyport_interlock.once import Once
from sallyport_wire import messages as wire
from sallyport_wire.messages import Message

COUNT = 10_000
QUICK = Path(__file__).parent / "simulation/quick.py"
ACTION = st.tuples(st.integers(0, schedules.KINDS - 1), st.integers(0, 255), st.integers(0, 255))


@settings(max_examples=150)
@given(st.lists(ACTION, max_size=25), st.integers(0, MASK))
def test_any_schedule(actions: list[tuple[int, int, int]], offset: int) -> None:
    schedules.play(actions, offset)


@pytest.mark.timeout(900)
def test_ten_thousand_schedules() -> None:
    """All of them in every run, shared out over the processors; the first hundred of them byte by byte as well."""
    workers = os.cpu_count() or 1
    share = -(-COUNT // workers)
    begun = [
        subprocess.Popen(
            [sys.executable, str(QUICK), str(first), str(min(share, COUNT - first))], stdout=subprocess.PIPE
        )
        for first in range(0, COUNT, share)
    ]
    told = [schedules.run_many(0, 100)]
    seen = dict.fromkeys(told[0], 0)
    for each in begun:
        out, _ = each.communicate()
        assert each.returncode == 0, "a violation, or a broken schedule: see its seed above"
        seen = {name: seen[name] + count for name, count in json.loads(out).items()}
    assert seen["schedules"] == COUNT
    # The schedules reach what they are about.
    assert seen["openings"] > COUNT // 3
    assert seen["starts"] > 3 * COUNT
    assert seen["wraps"] > COUNT // 4
    assert seen["dead"] > COUNT // 3
    assert seen["faults"] > COUNT // 3
    first = subprocess.run([sys.executable, str(QUICK), "0", "100"], capture_output=True, check=True)
    assert json.loads(first.stdout) == told[0], "the quick arithmetic gives what the shipped one gives"


# The monitor itself is tested: each broken firmware is found.


def broken(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    if what == "reuses a nonce":
        monkeypatch.setattr(Gate, "may_open", lambda self, m: 0)
    elif what == "never relocks":
        monkeypatch.setattr("sallyport_interlock.settings.STRIKE_MS", 10**9)
    elif what == "does not persist the spend":
        monkeypatch.setattr(Once, "spend", lambda self, nonce, counter: None)
    elif what == "counts in memory only":
        monkeypatch.setattr(Once, "_write", lambda self: None)
    elif what == "believes a late grant":
        monkeypatch.setattr("sallyport_interlock.settings.WRITE_MARGIN_MS", -5000)
    elif what == "forgets a promise":
        monkeypatch.setattr(Gate, "retire", lambda self, nonce, kind: [])


WHAT = [
    "reuses a nonce",
    "never relocks",
    "does not persist the spend",
    "counts in memory only",
    "believes a late grant",
    "forgets a promise",
]


@pytest.mark.parametrize("what", WHAT)
def test_the_monitor_finds_a_broken_firmware(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch, what)
    with pytest.raises((Violation, AssertionError)):
        schedules.run_many(0, 300)


# Two doors of a pair


def pair(seed: int) -> int:
    """Two boards wired to each other, asked at random; how often a door opened."""
    numbers = schedules.Numbers(seed)
    doors = (Site(), Site(MASK - 3000))
    doors[0].peer, doors[1].peer = doors[1], doors[0]
    requests = [0, 0]
    for _ in range(60):
        side, act = numbers.below(2), numbers.below(12)
        site = doors[side]
        requests[side] += 1
        shown = site.heard(wire.NONCE)[-1:]
        if site.loop is None:
            site.power_on()
        elif act < 5:
            site.send(open_request(bytes([side + 1]) * 16, requests[side]))
        elif act < 9 and shown:
            site.send(grant(shown[0]))
        elif act == 9:
            site.contacts_now ^= wire.DOOR_IS_CLOSED
        elif act == 10:
            site.contacts_now |= ALL_GOOD
            site.send(Message(wire.CLEAR, lane=LANE, request=requests[side]))
        elif numbers.below(4) == 0:
            site.power_off()
        walk(doors, numbers)
    return len(doors[0].monitor.opened) + len(doors[1].monitor.opened)


def walk(doors: tuple[Site, Site], numbers: schedules.Numbers) -> None:
    """Time passes for both, in any order; never both strikes, nor one for long while the other door claims."""
    for _ in range(1 + numbers.below(8)):
        ms = 1 + numbers.below(90)
        first = numbers.below(2)
        for door, other in ((doors[first], doors[1 - first]), (doors[1 - first], doors[first])):
            door.step(ms)
            if door.on and other.on:
                raise Violation("S8: both strikes energised")
            if door.on and not other.free_out:
                door.step(1)
                if door.on:
                    raise Violation("S8: energised while the other door claims")


def test_at_most_one_door_of_a_pair() -> None:
    assert sum(pair(seed) for seed in range(100)) > 100


def test_the_pair_test_finds_boards_that_do_not_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doorsim.Site.contacts", lambda self: self.contacts_now)
    with pytest.raises(Violation, match="S8"):
        for seed in range(100):
            pair(seed)
