"""What a link to the broker is, whatever drives it: MQTT 5, QoS 1, mutual TLS 1.3, never retained, always trying.

It holds what waits, what is subscribed to, what happened. `mqtt.MqttLink` drives it by a thread of its own (the
kiosk), `on_loop.LoopLink` by the event loop of its owner, `apart.ApartLink` by a process of its own (the gateway). A
handler's exception is caught, logged and counted. Two watchdogs end a silent connection: a PUBACK that does not come
within `silence_s`, and a PINGRESP that does not come within the keep-alive.
"""

import logging
import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from sallyport_link.backoff import RECONNECT
from sallyport_link.connection import WINDOW, Connection, OnMessage, Road, tls_context
from sallyport_link.waiting import Outgoing, Waiting
from sallyport_protocol.errors import RoadError

log = logging.getLogger(__name__)

KEEP_ALIVE_S: Final = 10
SILENCE_S: Final = 5.0
CAPACITY: Final = 1_000
FAREWELL_S: Final = 1.0
"""How long `stop` goes on sending."""
_STEADY_S: Final = 5.0
"""A connection that lasted this long starts the back-off afresh; two clients that throw each other out do not."""


@dataclass(frozen=True, slots=True)
class LinkCounts:
    """What happened on the link since it was made."""

    connections: int
    acknowledged: int
    refused: int
    """The broker's access rules said no."""
    dropped: int
    expired: int
    received: int
    handler_errors: int
    waiting: int
    round_trip_ms: float
    """Of the last acknowledged message; 0 before the first."""


def shared(group: str, topic_filter: str) -> str:
    """A shared subscription: each message goes to one member of `group`, and nothing that was retained to any."""
    return f"$share/{group}/{topic_filter}"


class Link(ABC):
    """Thread-safe; `publish` and `subscribe` never block on the network.

    `on_message(topic, payload, retained)` and `on_connected()` run where the link is driven: they hand over and return.
    Nothing of ours is ever retained, so the caller alarms when that flag is set.
    """

    def __init__(
        self,
        host: str,
        port: int,
        ca: Path,
        cert: Path,
        key: Path,
        client_id: str,
        will: tuple[str, bytes] | None,
        on_message: OnMessage,
        *,
        key_password: bytes | None = None,
        on_connected: Callable[[], None] | None = None,
        keep_alive_s: int = KEEP_ALIVE_S,
        silence_s: float = SILENCE_S,
        capacity: int = CAPACITY,
    ) -> None:
        self._road = Road(host, port, ca, cert, key, client_id, will, keep_alive_s, silence_s, key_password)
        self._on_message, self._on_connected = on_message, on_connected
        self._lock = threading.Lock()
        self._waiting = Waiting(capacity)
        self._filters: tuple[str, ...] = ()
        """Replaced, never changed: a connection sees at a glance that there is nothing new."""
        self._in_flight = self._connections = self._acknowledged = self._refused = 0
        self._received = self._handler_errors = 0
        self._round_trip_ms = self._beat_s = self._stop_by_s = 0.0
        self._failures = 0
        self._up = False
        self._stopping = threading.Event()
        self._error = "not started"

    @classmethod
    def along(cls, road: Road, on_message: OnMessage) -> Self:
        """A link along a road that is known already."""
        return cls(
            road.host,
            road.port,
            road.ca,
            road.cert,
            road.key,
            road.client_id,
            road.will,
            on_message,
            key_password=road.key_password,
            keep_alive_s=road.keep_alive_s,
            silence_s=road.silence_s,
        )

    @property
    def connected(self) -> bool:
        """Connected, subscribed, and what drives the link alive and not stuck in a handler."""
        return self._up and time.monotonic() - self._beat_s < self._road.silence_s

    @property
    def last_error(self) -> str:
        """Why the link is down; empty while it is up."""
        return "" if self._up else self._error

    @property
    def counts(self) -> LinkCounts:
        """A snapshot."""
        with self._lock:
            return LinkCounts(
                self._connections,
                self._acknowledged,
                self._refused,
                self._waiting.dropped,
                self._waiting.expired,
                self._received,
                self._handler_errors,
                len(self._waiting) + self._in_flight,
                self._round_trip_ms,
            )

    def publish(self, topic: str, payload: bytes, expiry_s: float) -> None:
        """Sends when it can, at most `expiry_s` from now; never retained. Delivery is counted, not promised."""
        if not topic or any(sign in topic for sign in "+#\0"):
            raise ValueError(f"{topic!r} is not a topic to publish to")
        with self._lock:
            self._waiting.put(Outgoing(topic, payload, time.monotonic() + expiry_s))
        self._wake()

    def subscribe(self, filters: Iterable[str]) -> None:
        """Subscribes now and after every reconnection. `shared()` makes a filter of which each message goes to one."""
        with self._lock:
            self._filters = tuple(dict.fromkeys((*self._filters, *filters)))
        self._wake()

    def subscribe_only(self, filters: Iterable[str]) -> None:
        """Subscribes to these and to nothing else."""
        with self._lock:
            self._filters = tuple(dict.fromkeys(filters))
        self._wake()

    def unsubscribe(self, filters: Iterable[str]) -> None:
        """Takes filters back, now and for every reconnection."""
        gone = set(filters)
        with self._lock:
            self._filters = tuple(name for name in self._filters if name not in gone)
        self._wake()

    @abstractmethod
    def _wake(self) -> None:
        """Makes whoever drives the link look at what waits, soon. From any thread."""

    def _check_files(self) -> None:
        """Raises RoadError when the certificate files cannot be used."""
        tls_context(self._road.ca, self._road.cert, self._road.key, self._road.key_password)

    def _attend(self, connection: Connection) -> None:
        """Asks for what is not subscribed to yet, hands over what waits, and sends it all."""
        with self._lock:
            filters = self._filters
        connection.subscribe(filters)
        if connection.ready:
            self._come_up()
            self._hand_over(connection)
        connection.flush()
        self._beat_s = time.monotonic()

    def _finished(self, connection: Connection) -> bool:
        """Stopping, with nothing left to say or no time left to say it."""
        if not self._stopping.is_set():
            return False
        quiet = not self._waiting and not connection.in_flight
        return quiet or not connection.ready or time.monotonic() > self._stop_by_s

    def _close(self, connection: Connection) -> None:
        """Ends a connection; what was never acknowledged waits for the next one."""
        self._up = False
        unacknowledged = connection.close(politely=self._stopping.is_set())
        with self._lock:
            self._in_flight = 0
            self._waiting.put_back(unacknowledged)

    def _rest_s(self, began_s: float) -> float:
        """How long to wait, with jitter, after a connection that was begun then."""
        self._failures = 1 if time.monotonic() - began_s > _STEADY_S else self._failures + 1
        return RECONNECT.wait_ms(self._failures, random.random()) / 1000  # noqa: S311  jitter, no secret

    def _come_up(self) -> None:
        if self._up:
            return
        self._connections += 1
        self._beat_s = time.monotonic()
        self._up = True
        log.info("%s is connected to the broker at %s", self._road.client_id, self._road)
        if self._on_connected is not None:
            self._guard(self._on_connected)

    def _hand_over(self, connection: Connection) -> None:
        while connection.in_flight < WINDOW:
            now = time.monotonic()
            with self._lock:
                message = self._waiting.take(now)
                self._in_flight = connection.in_flight + (message is not None)
            if message is None:
                return
            connection.publish(message, now)

    def _settle(self, round_trip_ms: float, refusal: str) -> None:
        with self._lock:
            self._round_trip_ms = round_trip_ms
            self._in_flight -= 1
            self._refused += bool(refusal)
            self._acknowledged += not refusal
        if refusal:
            log.error("the broker refuses %s on %s; check its access rules", self._road.client_id, refusal)

    def _take_in(self, topic: str, payload: bytes, retained: bool) -> None:
        self._received += 1
        self._guard(lambda: self._on_message(topic, payload, retained))

    def _guard(self, call: Callable[[], None]) -> None:
        """Runs a caller's code; whatever it raises ends here."""
        try:
            call()
        except Exception:
            self._handler_errors += 1
            log.exception("a handler of %s failed; the link goes on", self._road.client_id)

    def _lost(self, error: Exception) -> None:
        self._fail(str(error) if isinstance(error, RoadError) else f"{type(error).__name__}: {error}")

    def _fail(self, what: str) -> None:
        if what != self._error:
            log.warning("%s", what)
        self._error = what
