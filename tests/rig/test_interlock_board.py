"""The shipped firmware on the real interpreter, from the pseudo-terminal to the pins."""

import os
import queue
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sallyport_protocol.errors import RoadError
from sallyport_rig.doorway import Walk
from sallyport_rig.interlock_board import InterlockBoard, Transition
from sallyport_rig.interlock_host import InterlockHost
from sallyport_rig.interlock_keys import BoardKeys, interpreter, load_keys
from sallyport_wire import messages as wire
from sallyport_wire.messages import Message, lane_id

KEYS = BoardKeys(1, "MDI-LANE-1", bytes(range(1, 33)), bytes(range(101, 133)))
SESSION = bytes([5]) * 16

try:
    interpreter()
except RoadError as error:
    pytest.skip(str(error), allow_module_level=True)


@pytest.fixture
def board(tmp_path: Path) -> Iterator[InterlockBoard]:
    with InterlockBoard(tmp_path, KEYS, walk=Walk(0.2, 0.5), start_ticks=2**30 - 3000) as it:
        yield it


@pytest.fixture
def host(board: InterlockBoard) -> Iterator[InterlockHost]:
    with InterlockHost(board.serial_path, KEYS) as it:
        it.hear(wire.BOOT)
        yield it


def drain(transitions: "queue.SimpleQueue[Transition]") -> list[Transition]:
    found = []
    while not transitions.empty():
        found.append(transitions.get())
    return found


def show(host: InterlockHost) -> Message:
    host.ask(SESSION)
    return host.hear(wire.NONCE)


def test_a_visit(board: InterlockBoard, host: InterlockHost) -> None:
    transitions = board.transitions()
    shown = show(host)
    assert (shown.session, shown.lane) == (SESSION, lane_id("MDI-LANE-1"))
    host.grant(shown)
    kinds = [host.hear(wire.EVENT).kind for _ in range(4)]
    assert kinds == [wire.OPENED, wire.DOOR_OPEN, wire.DOOR_CLOSED, wire.RELOCKED]
    board.wait_for("free_out", True, 2)
    seen = [(t.name, t.level) for t in drain(transitions) if t.name in ("strike", "door_closed")]
    assert seen == [("strike", True), ("door_closed", False), ("door_closed", True), ("strike", False)]
    host.grant(shown)
    assert host.hear(wire.REFUSED).reason == wire.WRONG_NONCE
    assert host.void(shown) == wire.VOID_OPENED
    assert not board.pins["strike"]


def test_nobody_comes(tmp_path: Path) -> None:
    with InterlockBoard(tmp_path, KEYS) as board, InterlockHost(board.serial_path, KEYS) as host:
        host.hear(wire.BOOT)
        transitions = board.transitions()
        host.grant(show(host))
        board.wait_for("strike", True, 2)
        board.wait_for("strike", False, 6)
        on, off = [t.t for t in drain(transitions) if t.name == "strike"]
        assert 1.0 < off - on <= 5.0  # 4.4 s, or less when this machine stalls
        host.hear(wire.EVENT)
        assert host.hear(wire.EVENT).kind == wire.RELOCKED


def test_power_lost_between_grant_and_report(board: InterlockBoard, host: InterlockHost) -> None:
    shown = show(host)
    host.grant(shown)
    board.wait_for("strike", True, 2)
    board.kill()
    assert not board.pins["strike_enable"]
    board.wait_for("strike", False, 1)
    board.restart()
    boot = host.hear(wire.BOOT)
    assert (boot.boots, boot.spent) == (2, shown.nonce)
    assert host.void(shown) == wire.VOID_OPENED
    host.grant(shown)
    assert host.hear(wire.REFUSED).reason == wire.WRONG_NONCE


@pytest.mark.parametrize(
    ("how", "answer"),
    [("before", wire.VOID_NOT_OPENED), ("torn", wire.VOID_NOT_OPENED), ("after", wire.VOID_OPENED)],
)
def test_power_lost_in_the_spend_record(board: InterlockBoard, host: InterlockHost, how: str, answer: int) -> None:
    transitions = board.transitions()
    board.restart(cut=f"3 {how}")  # first the start's record, then the reserve, then the spend
    host.hear(wire.BOOT)
    shown = show(host)
    host.grant(shown)
    board.wait_for("free_out", False, 2)
    time.sleep(0.3)
    board.restart()
    host.hear(wire.BOOT)
    assert host.void(shown) == answer
    assert [t for t in drain(transitions) if t.name == "strike"] == []


def test_tamper_and_clear(board: InterlockBoard, host: InterlockHost) -> None:
    board.set_input("box_closed", False)
    assert host.hear(wire.EVENT).kind == wire.TAMPER
    host.ask(SESSION)
    assert host.hear(wire.REFUSED).reason == wire.IS_LOCKED_OUT
    board.set_input("box_closed", True)
    time.sleep(0.2)
    host.clear()
    assert host.hear(wire.EVENT).kind == wire.CLEARED
    show(host)


def test_a_door_that_opens_by_key_is_told(board: InterlockBoard, host: InterlockHost) -> None:
    board.set_input("door_closed", False)
    assert host.hear(wire.EVENT).kind == wire.UNGRANTED_OPEN
    assert host.status().state == wire.LOCKED_OUT


def test_a_jammed_bolt_is_a_mismatch(board: InterlockBoard, host: InterlockHost) -> None:
    board.jam_bolt()
    host.grant(show(host))
    assert host.hear(wire.EVENT).kind == wire.OPENED
    assert host.hear(wire.EVENT).kind == wire.MISMATCH
    board.wait_for("strike", False, 1)


def test_a_program_that_hangs_drops_the_strike_and_is_started_anew(board: InterlockBoard, host: InterlockHost) -> None:
    host.grant(show(host))
    board.wait_for("strike", True, 2)
    assert board._process
    os.kill(board._process.pid, signal.SIGSTOP)
    board.wait_for("strike", False, 0.9)
    assert host.hear(wire.BOOT).boots == 2
    assert board.restarts == 1


def test_cable_pulled_and_wrong_baud_rate(board: InterlockBoard, host: InterlockHost) -> None:
    for line in ("pulled", "garbled"):
        board.line = line
        host.ask(SESSION)
        with pytest.raises(TimeoutError):
            host.hear(wire.NONCE, 0.3)
        board.line = "good"
        time.sleep(0.1)
    shown = show(host)
    host.grant(shown)
    board.wait_for("strike", True, 2)
    assert board.restarts == 0


def test_junk_at_line_rate(board: InterlockBoard, host: InterlockHost) -> None:
    for _ in range(100):
        host.raw(os.urandom(115))
        time.sleep(0.01)
    host.raw(b"\0")
    time.sleep(0.5)
    status = host.status()
    assert status.dropped > 0
    assert (status.state, board.restarts) == (wire.LOCKED, 0)


def test_keys_by_cable_only_rising(tmp_path: Path) -> None:
    with InterlockBoard(tmp_path, KEYS) as board, InterlockHost(board.serial_path, KEYS) as host:
        host.hear(wire.BOOT)
    with pytest.raises(RoadError, match="epoch must be higher"):
        load_keys(tmp_path / "flash.bin", KEYS)
    new = BoardKeys(2, KEYS.lane, KEYS.up, KEYS.down)
    load_keys(tmp_path / "flash.bin", new)
    with InterlockBoard(tmp_path) as board, InterlockHost(board.serial_path, new) as host:
        assert host.hear(wire.BOOT).boots == 2


def test_a_board_without_flash_needs_keys(tmp_path: Path) -> None:
    with pytest.raises(RoadError, match="give the board keys"):
        InterlockBoard(tmp_path)
