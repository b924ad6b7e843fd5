"""The acceptance test's look at the lock: question down, the shipped firmware's answer up, read on the way."""

import sys
from pathlib import Path
from typing import Any

import pytest
from kiosk_bench import Bench
from kiosk_doors import MemoryLine

from sallyport_gateway.release import mint
from sallyport_kiosk.selftest.lock import Relay, _judge, _silence
from sallyport_protocol import envelope
from sallyport_protocol.errors import RoadError
from sallyport_protocol.messages import LockFrames
from sallyport_protocol.topics import Kind
from sallyport_wire import messages as wire

INTERLOCK = Path(__file__).parents[1] / "interlock/simulation"
FIRMWARE = Path(__file__).parents[2] / "firmware/interlock"
BOARD = "MDI-L01"


class Lane:
    """A board with its door, its gateway's keys, and the probe between them."""

    def __init__(self, bench: Bench) -> None:
        from doorsim import DOWN, UP, Site

        self.bench, self.site, self.line = bench, Site(), MemoryLine()
        self.keys = mint.BoardKeys(BOARD, "MDI-LANE-1", 1, UP, DOWN)
        self.relay = Relay(bench.mouth, BOARD)
        self.line.send = self.site.deliver  # type: ignore[method-assign]
        taken = self.site.uart.write

        def write(data: bytes) -> int:
            self.relay.up.append(bytes(data))
            return taken(data)

        self.site.uart.write = write  # type: ignore[method-assign]
        self.site.run(100)

    def ask(self, who: str = "gateway-1") -> None:
        topic = self.bench.mouth.topic(Kind.LOCK_DOWN)
        frames = mint.status_request(self.keys, b"c" * 16)
        message = LockFrames(interlock=BOARD, sequence=1, frames=frames)
        self.relay.down.append((topic, envelope.sign(message.to_map(), self.bench.estate.signer(who), topic)))
        self.relay.pass_down(self.line)
        self.site.run(50)
        self.relay.pass_up(self.bench.link)  # type: ignore[arg-type]


@pytest.fixture
def lane(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Lane:
    for folder in (INTERLOCK, FIRMWARE):
        monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    return Lane(bench)


def test_the_boards_own_report_is_read_on_its_way(lane: Lane) -> None:
    lane.ask()
    assert lane.relay.report is not None
    words = _judge(lane.relay.report, lane.relay.took_ms)
    assert words.startswith("locked, door closed, bolt locked, box closed, pair's other door free; answered in")
    ups: list[dict[str, Any]] = lane.bench.heard(Kind.LOCK_UP)
    assert b"".join(each["frames"] for each in ups), "and the gateway gets every byte of it"
    assert [each["sequence"] for each in ups] == list(range(1, len(ups) + 1))


@pytest.mark.parametrize("bit, name", [(wire.DOOR_IS_CLOSED, "door"), (wire.BOX_IS_CLOSED, "box")])
def test_a_contact_that_is_not_as_it_should_be_fails_by_its_name(lane: Lane, bit: int, name: str) -> None:
    lane.site.contacts_now &= ~bit
    lane.site.run(100)
    lane.ask()
    assert lane.relay.report is not None
    with pytest.raises(RoadError, match=f"{name} open"):
        _judge(lane.relay.report, 10.0)


def test_a_question_that_no_gateway_signed_goes_nowhere(lane: Lane) -> None:
    lane.ask(who="s.patel")
    assert lane.relay.report is None and "no gateway asked" in _silence(lane.relay, 0)


def test_a_board_without_power_is_told_from_a_gateway_that_does_not_ask(lane: Lane) -> None:
    lane.site.power_off()
    lane.ask()
    assert lane.relay.report is None and "board does not answer" in _silence(lane.relay, 0)
    assert "baud rate" in _silence(lane.relay, 3)


def test_an_answer_that_takes_too_long_fails(lane: Lane) -> None:
    lane.ask()
    assert lane.relay.report is not None
    with pytest.raises(RoadError, match="too slow"):
        _judge(lane.relay.report, 600.0)
