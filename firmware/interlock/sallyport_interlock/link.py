"""The serial line: bounded in memory and time whatever comes, and never waited for.

The UART door: `read(size)` gives the bytes that are there (at most `size`, or None), `write(data)` the number taken.
"""

from sallyport_interlock.settings import QUEUE_BYTES, READ_BYTES
from sallyport_wire.frames import Decoder, encode, read
from sallyport_wire.messages import FrameError, Message


class Link:
    """Authentic messages in, messages out."""

    def __init__(self, uart, epoch: int, down_key: bytes, up_key: bytes) -> None:
        self._uart = uart
        self._epoch, self._down_key, self._up_key = epoch, down_key, up_key
        self._decoder = Decoder()
        self._queue: list[bytes] = []  # in pieces: the heap has no large ones to spare
        self._forged = 0

    @property
    def dropped(self) -> int:
        """Runs of bytes that were no authentic frame; stays at 65,535."""
        return min(self._decoder.dropped + self._forged, 0xFFFF)

    def hear(self) -> list[Message]:
        """The authentic messages that have arrived; a stranger's frame is counted and never answered."""
        heard = []
        for frame in self._decoder.feed(self._uart.read(READ_BYTES) or b""):
            try:
                heard.append(read(frame, self._epoch, self._down_key))
            except FrameError:
                self._forged += 1
        return heard

    def say(self, messages: list[Message]) -> None:
        """Queue the messages. With a silent host the queue stays full and what does not fit is dropped."""
        for message in messages:
            frame = encode(message, self._epoch, self._up_key)
            if sum([len(waiting) for waiting in self._queue]) + len(frame) <= QUEUE_BYTES:
                self._queue.append(frame)

    def flush(self) -> None:
        """Hand the line what it takes now."""
        while self._queue:
            taken = self._uart.write(self._queue[0]) or 0
            if taken < len(self._queue[0]):
                self._queue[0] = self._queue[0][taken:]
                return
            self._queue.pop(0)
