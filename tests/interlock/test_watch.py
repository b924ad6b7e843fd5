"""Belief about the door, by every sequence of contacts that matters."""

import itertools

import pytest

from sallyport_interlock.settings import BOLT_MS, HELD_MS
from sallyport_interlock.watch import GOOD, LOCKING, SECURE, Watch
from sallyport_wire import messages as wire

DOOR, BOLT, BOX = wire.DOOR_IS_CLOSED, wire.BOLT_IS_LOCKED, wire.BOX_IS_CLOSED


def test_words() -> None:
    assert (SECURE, GOOD) == (DOOR | BOLT, DOOR | BOLT | BOX)
    assert LOCKING == (wire.UNGRANTED_OPEN, wire.TAMPER, wire.MISMATCH)


@pytest.mark.parametrize("inputs", range(8))
def test_nothing_allowed(inputs: int) -> None:
    expected = ([] if inputs & BOX else [wire.TAMPER]) + ([] if inputs & SECURE == SECURE else [wire.UNGRANTED_OPEN])
    watch = Watch(False)
    for ms in (0, 10, 100000):
        assert watch.see(inputs, False, ms) == expected
    assert not watch.passage


def test_a_walk_through() -> None:
    watch = Watch(False)
    story = [
        (0, GOOD, False, []),
        (10, GOOD, True, []),
        (40, BOX | DOOR, True, []),
        (1000, BOX, True, [wire.DOOR_OPEN]),
        (1010, BOX, True, []),
        (3000, BOX | DOOR, True, [wire.DOOR_CLOSED]),
        (3010, BOX | DOOR, False, []),
        (3040, GOOD, False, [wire.RELOCKED]),
        (3050, GOOD, False, []),
    ]
    for ms, inputs, strike, kinds in story:
        assert watch.see(inputs, strike, ms) == kinds, ms
        assert watch.passage == (10 <= ms < 3040)
    assert watch.see(BOX | BOLT, False, 4000) == [wire.UNGRANTED_OPEN]


@pytest.mark.parametrize("strike", [True, False])
def test_a_bolt_that_does_not_follow(strike: bool) -> None:
    watch = Watch(False)
    watch.see(GOOD, True, 0)
    watch.see(BOX | DOOR, True, 10)
    stuck = GOOD if strike else BOX | DOOR
    assert watch.see(stuck, strike, 100) == []
    start = 0 if strike else 100
    assert watch.see(stuck, strike, start + BOLT_MS - 1) == []
    for ms in (BOLT_MS, BOLT_MS + 10):
        assert watch.see(stuck, strike, start + ms) == [wire.MISMATCH]


def test_an_open_door_is_no_mismatch() -> None:
    watch = Watch(True)
    for bolt, ms in itertools.product((0, BOLT), (0, BOLT_MS, 5 * BOLT_MS)):
        assert wire.MISMATCH not in watch.see(BOX | bolt, False, ms)


def test_a_held_door_is_told_once_each_time() -> None:
    watch = Watch(True)
    assert watch.see(BOX | BOLT, False, 0) == [wire.DOOR_OPEN]
    assert watch.see(BOX | BOLT, False, HELD_MS - 1) == []
    assert watch.see(BOX | BOLT, False, HELD_MS) == [wire.DOOR_HELD]
    assert watch.see(BOX | BOLT, False, 2 * HELD_MS) == []
    assert watch.see(BOX | DOOR, False, 2 * HELD_MS) == [wire.DOOR_CLOSED]
    assert watch.see(BOX, False, 2 * HELD_MS + 1) == [wire.DOOR_OPEN]
    assert watch.see(BOX, False, 3 * HELD_MS) == []
    assert watch.see(BOX, False, 3 * HELD_MS + 1) == [wire.DOOR_HELD]


def test_tamper_in_a_passage() -> None:
    assert Watch(True).see(0, True, 0) == [wire.TAMPER, wire.DOOR_OPEN]


def test_a_restart_in_a_passage() -> None:
    assert Watch(True).see(GOOD, False, 0) == [wire.RELOCKED]
    assert Watch(True).see(BOX | BOLT, False, 0) == [wire.DOOR_OPEN]
    assert Watch(False).see(BOX | BOLT, False, 0) == [wire.UNGRANTED_OPEN]
