"""The serial line: strangers, silence, floods."""

from sallyport_interlock.link import Link
from sallyport_interlock.settings import QUEUE_BYTES, READ_BYTES
from sallyport_wire import messages as wire
from sallyport_wire.frames import Decoder, encode, read
from sallyport_wire.messages import Message

DOWN, UP = bytes(range(1, 33)), bytes(range(101, 133))
ASK = Message(wire.STATUS_REQUEST, challenge=bytes(16))


class Uart:
    def __init__(self, incoming: bytes = b"", takes: int | None = 10**9) -> None:
        self.incoming, self.takes, self.sent = bytearray(incoming), takes, bytearray()

    def read(self, size: int) -> bytes | None:
        data, self.incoming = bytes(self.incoming[:size]), self.incoming[size:]
        return data or None

    def write(self, data: bytes) -> int | None:
        if self.takes is None:
            return None
        self.sent += data[: self.takes]
        return min(self.takes, len(data))


def link(uart: Uart) -> Link:
    return Link(uart, 2, DOWN, UP)


def drain(it: Link, uart: Uart) -> list[Message]:
    heard = []
    while uart.incoming:
        left = len(uart.incoming)
        heard += it.hear()
        assert left - len(uart.incoming) <= READ_BYTES
    return heard


def test_hears_the_authentic_and_counts_the_rest() -> None:
    good = encode(ASK, 2, DOWN)
    uart = Uart(good + encode(ASK, 2, UP) + encode(ASK, 1, DOWN) + b"\x01noise\0" + good)
    it = link(uart)
    assert drain(it, uart) == [ASK, ASK]
    assert it.dropped == 3
    it.flush()
    assert uart.sent == b""  # a stranger gets no answer


def test_nothing_to_hear() -> None:
    assert link(Uart()).hear() == []


def test_the_count_of_strangers_stays_in_its_field() -> None:
    uart = Uart()
    it = link(uart)
    it._forged = 70000
    assert it.dropped == 0xFFFF


def test_says_in_order_even_when_the_line_takes_little() -> None:
    uart = Uart(takes=7)
    it = link(uart)
    it.say([ASK, ASK])
    for _ in range(40):
        it.flush()
    assert [read(f, 2, UP) for f in Decoder().feed(bytes(uart.sent))] == [ASK, ASK]


def test_a_silent_host_costs_bounded_memory_and_no_time() -> None:
    uart = Uart(takes=None)
    it = link(uart)
    for _ in range(1000):
        it.say([ASK])
        it.flush()
        assert sum(map(len, it._queue)) <= QUEUE_BYTES
    uart.takes = 10**9
    it.flush()
    whole = Decoder().feed(bytes(uart.sent))
    assert len(whole) == QUEUE_BYTES // len(encode(ASK, 2, UP))  # frames are dropped whole
