import os
import pty
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path

import pytest

from sallyport_kiosk.drivers.lock_line import UartLockLine
from sallyport_protocol.errors import RoadError
from sallyport_wire.frames import Decoder, encode
from sallyport_wire.messages import EVENTS_REQUEST, Message


def until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)


class Board:
    """The other end of the line, at a path that stays the same."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.plug_in()

    def plug_in(self) -> None:
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self.slave))

    def plug_out(self) -> None:
        self.link.unlink(missing_ok=True)
        for descriptor in (self.master, self.slave):
            os.close(descriptor)
        self.master = self.slave = -1

    def say(self, data: bytes) -> None:
        os.write(self.master, data)

    def hear(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            data += os.read(self.master, count - len(data))
        return data


@pytest.fixture
def board(tmp_path: Path):
    made = Board(tmp_path / "lock")
    yield made
    if made.master >= 0:
        made.plug_out()


@pytest.fixture
def line(board: Board):
    made = UartLockLine(str(board.link))
    yield made
    made.stop()
    made.stop()


def frame(number: int) -> bytes:
    """A whole frame of the wire's own making."""
    return encode(Message(EVENTS_REQUEST, after=number), 1, bytes(range(32)))


def test_whole_frames_go_both_ways_unchanged(line: UartLockLine, board: Board) -> None:
    heard: list[bytes] = []
    line.start(heard.append)
    until(lambda: line.connected)
    board.say(frame(1) + frame(2))
    until(lambda: len(heard) == 2)
    assert heard == [frame(1), frame(2)]
    line.send(frame(3))
    assert board.hear(len(frame(3))) == frame(3)
    assert line.last_error == ""


def test_a_frame_in_pieces_is_one_frame(line: UartLockLine, board: Board) -> None:
    heard: list[bytes] = []
    line.start(heard.append)
    until(lambda: line.connected)
    for byte in frame(7):
        board.say(bytes((byte,)))
    until(lambda: heard == [frame(7)])


def test_noise_and_damaged_frames_are_counted_and_not_passed_on(line: UartLockLine, board: Board) -> None:
    heard: list[bytes] = []
    line.start(heard.append)
    until(lambda: line.connected)
    damaged = bytearray(frame(1))
    damaged[10] ^= 0x40
    board.say(b"boot messages\r\n" + bytes(damaged) + b"\xff" * 2000 + frame(2))
    until(lambda: heard == [frame(2)])
    assert line.noise == 3


def test_nothing_is_queued_while_the_line_is_down(line: UartLockLine, board: Board) -> None:
    with pytest.raises(RoadError, match="is down"):
        line.send(frame(1))
    states: list[tuple[bool, str]] = []
    line._on_state = lambda up, why: states.append((up, why))
    heard: list[bytes] = []
    line.start(heard.append)
    until(lambda: line.connected)
    board.plug_out()
    until(lambda: not line.connected)
    assert "check the cable to the lock box" in line.last_error
    with pytest.raises(RoadError, match="is down"):
        line.send(frame(1))
    board.plug_in()
    until(lambda: line.connected)
    board.say(frame(2))
    until(lambda: heard == [frame(2)])
    line.send(frame(3))
    assert board.hear(len(frame(3))) == frame(3)
    assert states[0][0] is True
    assert states[-1][0] is True
    assert any(not up and "cable" in why for up, why in states)


def test_a_missing_port_is_reported_and_tried_again(tmp_path: Path) -> None:
    line = UartLockLine(str(tmp_path / "lock"))
    line.start(lambda _: None)
    until(lambda: "No such file" in line.last_error)
    assert not line.connected
    board = Board(tmp_path / "lock")
    until(lambda: line.connected)
    line.stop()
    assert not line.connected
    board.plug_out()


def test_a_failing_listener_does_not_stop_the_line(line: UartLockLine, board: Board) -> None:
    heard: list[bytes] = []

    def listen(raw: bytes) -> None:
        heard.append(raw)
        if len(heard) == 1:
            raise RuntimeError("a bug in the caller")

    line.start(listen)
    until(lambda: line.connected)
    board.say(frame(1))
    board.say(frame(2))
    until(lambda: len(heard) == 2)
    assert line.connected


def test_writers_do_not_interleave(line: UartLockLine, board: Board) -> None:
    line.start(lambda _: None)
    until(lambda: line.connected)
    threads = [threading.Thread(target=lambda n=n: [line.send(frame(n)) for _ in range(20)]) for n in range(4)]
    for thread in threads:
        thread.start()
    data = board.hear(sum(20 * len(frame(n)) for n in range(4)))
    for thread in threads:
        thread.join()
    decoder = Decoder()
    assert len(decoder.feed(data)) == 80
    assert decoder.dropped == 0
