"""A gateway's end of a board's UART, for tests and measurements: sends and hears messages over the pseudo-terminal."""

import os
import select
import time
from types import TracebackType

from sallyport_rig.interlock_keys import BoardKeys
from sallyport_wire import messages as wire
from sallyport_wire.frames import Decoder, encode, read
from sallyport_wire.messages import Message, lane_id


class InterlockHost:
    """Holds the serial path open; `heard` keeps every authentic message of the board."""

    def __init__(self, path: str, keys: BoardKeys) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self._keys = keys
        self._decoder = Decoder()
        self._waiting: list[Message] = []
        self._request = int(time.time() * 1000)
        self.heard: list[Message] = []

    def __enter__(self) -> "InterlockHost":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._fd)

    def raw(self, data: bytes) -> None:
        """Put bytes on the line as they are."""
        os.write(self._fd, data)

    def send(self, message: Message) -> None:
        self.raw(encode(message, self._keys.epoch, self._keys.down))

    def hear(self, type: int, timeout: float = 5.0) -> Message:
        """The next message of this type, passing over others; TimeoutError after `timeout` s."""
        end = time.monotonic() + timeout
        while True:
            while self._waiting:
                message = self._waiting.pop(0)
                self.heard.append(message)
                if message.type == type:
                    return message
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._fd], [], [], left)[0]:
                raise TimeoutError(f"the board said no message of type {type} in {timeout} s")
            for frame in self._decoder.feed(os.read(self._fd, 4096)):
                self._waiting.append(read(frame, self._keys.epoch, self._keys.up))

    def ask(self, session: bytes) -> None:
        """Send an open request with a request number higher than the last."""
        self._request += 1
        fields = {"lane": lane_id(self._keys.lane), "session": session, "request": self._request}
        self.send(Message(wire.OPEN_REQUEST, **fields))

    def grant(self, shown: Message, lifetime_ms: int = 10_000) -> None:
        fields = {"lane": shown.lane, "session": shown.session, "nonce": shown.nonce, "lifetime_ms": lifetime_ms}
        self.send(Message(wire.GRANT, **fields))

    def void(self, shown: Message) -> int:
        """Void the nonce; the board's answer."""
        self.send(Message(wire.VOID, nonce=shown.nonce, counter=shown.counter))
        answer: int = self.hear(wire.VOID_ANSWER).answer
        return answer

    def status(self) -> Message:
        self.send(Message(wire.STATUS_REQUEST, challenge=os.urandom(16)))
        return self.hear(wire.STATUS)

    def clear(self) -> None:
        self._request += 1
        self.send(Message(wire.CLEAR, lane=lane_id(self._keys.lane), request=self._request))
