"""Messages that wait for the road: bounded, dated, counted. No I/O and no clock: `now_s` is an argument.

Durable delivery is the outbox's job. What waits here is lost with the process and dropped, oldest first, when the
bound is reached: an old presence is worth less than a new one.
"""

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message on its way out."""

    topic: str
    payload: bytes
    deadline_s: float
    """Monotonic seconds after which it is worth nothing."""

    def expiry_s(self, now_s: float) -> int:
        """Whole seconds left, at least 1: what MQTT 5 calls the message expiry interval."""
        return max(1, int(self.deadline_s - now_s))


class Waiting:
    """Takes messages in, hands each out once or drops it with a count."""

    def __init__(self, capacity: int) -> None:
        self._messages: deque[Outgoing] = deque()
        self._capacity = capacity
        self.dropped = 0
        """Lost because the bound was reached."""
        self.expired = 0
        """Lost because their time had passed."""

    def __len__(self) -> int:
        return len(self._messages)

    def put(self, message: Outgoing) -> None:
        """Adds at the end; over the bound the oldest goes."""
        self._messages.append(message)
        if len(self._messages) > self._capacity:
            self._messages.popleft()
            self.dropped += 1

    def put_back(self, messages: list[Outgoing]) -> None:
        """Returns messages that were handed out but never acknowledged to the front, in their order."""
        room = self._capacity - len(self._messages)
        self.dropped += max(0, len(messages) - room)
        for message in reversed(messages[max(0, len(messages) - room) :] if room > 0 else []):
            self._messages.appendleft(message)

    def take(self, now_s: float) -> Outgoing | None:
        """The oldest message that is still worth sending, or None."""
        while self._messages:
            message = self._messages.popleft()
            if message.deadline_s > now_s:
                return message
            self.expired += 1
        return None
