"""One connection to the broker, from its opening to its end. Used by one thread, the link's, and thrown away after.

The client underneath is paho's, driven by hand: its own thread has no jitter, dies of a handler's exception and then
still says that it is connected.
"""

import contextlib
import logging
import select
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from sallyport_link.waiting import Outgoing
from sallyport_protocol.errors import RoadError

log = logging.getLogger(__name__)

OnMessage = Callable[[str, bytes, bool], None]
"""Topic, payload, retained."""

CONNECT_TIMEOUT_S: Final = 5.0
WINDOW: Final = 100
"""Messages handed to the client and not yet acknowledged."""
MAX_PACKET: Final = 300_000
"""Bytes that the broker may send us at once: the largest message of the contract and its header."""
NO_REASON: Final = 128
"""The reason code of a connection that ended without a word."""
_TICK_MS: Final = 250
_READ_AHEAD: Final = 16_384
"""Bytes: the largest record of TLS."""


@dataclass(frozen=True, slots=True)
class Road:
    """Where the broker is and how we prove who we are."""

    host: str
    port: int
    ca: Path
    cert: Path
    key: Path
    client_id: str
    will: tuple[str, bytes] | None
    keep_alive_s: int
    silence_s: float
    key_password: bytes | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class _Socket(ssl.SSLSocket):
    """Closes itself when the handshake fails, which paho leaves to the garbage collector. Reads ahead, because paho
    asks for each packet in four pieces. Writes behind: what was said together leaves in one record, by `flush`."""

    _ahead = b""
    _behind = b""

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        if not self._ahead:
            self._ahead = super().recv(_READ_AHEAD, flags)
        taken, self._ahead = self._ahead[:buflen], self._ahead[buflen:]
        return taken

    def pending(self) -> int:
        return len(self._ahead) or super().pending()

    def send(self, data: Any, flags: int = 0) -> int:
        self._behind += bytes(data)
        return len(data)

    def flush(self) -> bool:
        """Sends what was written; False while the road would take no more."""
        while self._behind:
            try:
                sent = super().send(self._behind)
            except (ssl.SSLWantWriteError, ssl.SSLWantReadError, BlockingIOError):
                return False
            self._behind = self._behind[sent:]
        return True

    def close(self) -> None:
        with contextlib.suppress(OSError):  # a farewell, if it can still be said
            self.flush()
        super().close()

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


def tls_context(ca: Path, cert: Path, key: Path, key_password: bytes | None = None) -> ssl.SSLContext:
    """Mutual TLS 1.3 with our authority alone. Raises RoadError that names the file."""
    for path in (ca, cert, key):
        try:
            path.open("rb").close()
        except OSError as error:
            raise RoadError(f"cannot read {path} ({error.strerror}): enrol this device again") from error
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.sslsocket_class = _Socket
    try:
        context.load_verify_locations(ca)
        context.load_cert_chain(cert, key, password=key_password or b"")
    except (ssl.SSLError, ValueError) as error:
        raise RoadError(f"{ca}, {cert} and {key} do not fit together: enrol this device again ({error})") from error
    return context


class Connection:
    """Connects, subscribes, publishes, listens for silence. `step` moves it on; `error` says why it ended."""

    def __init__(
        self,
        road: Road,
        received: OnMessage,
        settled: Callable[[float, str], None],
        closing: Callable[[], None] = lambda: None,
    ):
        """`closing` is called before the socket closes: who watches its number lets go, for it is soon another's."""
        self._road, self._received, self._settled, self._closing = road, received, settled, closing
        self._client = self._make_client()
        self._asked: set[str] = set()
        self._filters: tuple[str, ...] = ()
        self._subscribing: set[int] = set()
        self._unacknowledged: dict[int, tuple[Outgoing, float]] = {}
        self._accepted = self._crowded = False
        self._opened_s = self._progress_s = 0.0
        self.error = ""
        """Empty while it lives."""

    @property
    def ready(self) -> bool:
        """Accepted, and every subscription asked for so far granted."""
        return self._accepted and not self._subscribing and not self.error

    @property
    def in_flight(self) -> int:
        """Messages sent and not acknowledged."""
        return len(self._unacknowledged)

    def open(self) -> None:
        """Raises RoadError when there is no road or the broker is not ours."""
        self._opened_s = time.monotonic()
        try:
            limits = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            limits.MaximumPacketSize = MAX_PACKET
            self._client.connect(
                self._road.host, self._road.port, self._road.keep_alive_s, clean_start=True, properties=limits
            )
            self.flush()
        except OSError as error:  # ssl.SSLError among them
            raise RoadError(f"no road to the broker at {self._road}: {error}; is it running?") from error

    def fileno(self) -> int:
        """What to wait on; -1 when the connection has ended."""
        sock = self._client.socket()
        return -1 if sock is None else sock.fileno()

    def flush(self) -> None:
        """Sends what was said since the last time; after everything that says something."""
        sock: Any = self._client.socket()
        if sock is None or sock.fileno() < 0:
            return
        try:
            self._crowded = not sock.flush()
        except OSError as error:
            self._lost(f": {error}")

    @property
    def wants_to_write(self) -> bool:
        """Whether there is more to send than the road would take."""
        return self._crowded or self._client.want_write()

    def step(self) -> None:
        """Does what there is to do, without waiting. Sets `error` when the connection has ended."""
        client, sock = self._client, self._client.socket()
        if sock is None or sock.fileno() < 0:
            self._lost()
            return
        try:
            self._read(sock)
            if client.want_write():
                client.loop_write()
            client.loop_misc()
        except Exception as error:  # paho's parser has no one name for bytes that are no MQTT
            self._end(f"the broker at {self._road} does not speak MQTT: {error}")
        if self._silent(time.monotonic()):
            self._end(f"the broker at {self._road} has fallen silent; connecting again")

    def _read(self, sock: Any) -> None:
        """What has come. paho keeps whatever a broker sends: a packet of 256 MB, and messages of QoS 2, for which
        nobody here asked, without end."""
        client = self._client
        while not self.error and client.socket() is not None and client.loop_read() == MQTTErrorCode.MQTT_ERR_SUCCESS:
            if client._in_packet["remaining_length"] > MAX_PACKET or client._in_messages:
                self._end(f"the broker at {self._road} sends what was not agreed: too much, or of QoS 2")
            if not sock.pending():
                return

    def wait(self, wake: socket.socket) -> None:
        """Waits up to a tick for the broker, for a chance to write, or for a byte at `wake`."""
        sock: Any = self._client.socket()
        if sock is None or sock.fileno() < 0 or sock.pending():
            return
        poll = select.poll()
        poll.register(sock.fileno(), select.POLLIN | (select.POLLOUT if self.wants_to_write else 0))
        poll.register(wake, select.POLLIN)
        for ready, _ in poll.poll(_TICK_MS):
            if ready == wake.fileno():
                wake.recv(4096)

    def subscribe(self, filters: tuple[str, ...]) -> None:
        """Asks for those of `filters` not yet asked for on this connection, and gives back what is no longer wanted."""
        if not self._accepted or filters is self._filters:
            return
        self._filters = filters
        if gone := self._asked.difference(filters):
            self._client.unsubscribe(sorted(gone))
            self._asked -= gone
        new = [name for name in filters if name not in self._asked]
        if not new:
            return
        _, mid = self._client.subscribe([(name, SubscribeOptions(qos=1, retainAsPublished=True)) for name in new])
        self._asked.update(new)
        if mid is not None:
            self._subscribing.add(mid)

    def publish(self, message: Outgoing, now_s: float) -> None:
        """QoS 1, never retained; the broker drops it when its time is over."""
        properties = _expiring(message.expiry_s(now_s))
        info = self._client.publish(message.topic, message.payload, qos=1, retain=False, properties=properties)
        self._unacknowledged[info.mid] = (message, now_s)

    def close(self, politely: bool) -> list[Outgoing]:
        """Ends it; returns what was never acknowledged. Politely: the broker does not publish the will."""
        self._client.on_disconnect = None
        self._client.on_socket_close = None  # paho says it once more when it is collected
        if politely and self._client.socket() is not None:
            self._client.disconnect()
        if (sock := self._client.socket()) is not None:
            self._client.loop_write()
            sock.close()
        return [message for message, _ in self._unacknowledged.values()]

    def _make_client(self) -> paho.Client:
        road = self._road
        client = paho.Client(
            CallbackAPIVersion.VERSION2, road.client_id, protocol=paho.MQTTv5, reconnect_on_failure=False
        )
        client.tls_set_context(tls_context(road.ca, road.cert, road.key, road.key_password))
        client.connect_timeout = CONNECT_TIMEOUT_S
        if road.will is not None:
            client.will_set(road.will[0], road.will[1], qos=1, retain=False)
        client.on_socket_open = _set_nodelay
        client.on_socket_close = lambda *_: self._closing()
        client.on_connect = self._was_connected
        client.on_disconnect = self._was_disconnected
        client.on_subscribe = self._was_subscribed
        client.on_publish = self._was_published
        client.on_message = self._was_received
        return client

    def _silent(self, now: float) -> bool:
        if not self.ready and now - self._opened_s > CONNECT_TIMEOUT_S:
            return True
        if not self._unacknowledged:
            return False
        oldest = next(iter(self._unacknowledged.values()))[1]
        return now - max(oldest, self._progress_s) > self._road.silence_s

    def _lost(self, why: str = "") -> None:
        hint = "" if self._accepted else "; it may not accept this device's certificate"
        self._end(f"the connection to the broker at {self._road} was lost{why}{hint}")

    def _end(self, why: str) -> None:
        self.error = self.error or why

    def _was_connected(self, _c: paho.Client, _d: object, _f: object, reason: ReasonCode, _p: object) -> None:
        if reason.is_failure:
            self._end(f"the broker refuses {self._road.client_id}: {reason}")
        self._accepted = not reason.is_failure

    def _was_disconnected(self, _c: paho.Client, _d: object, _f: object, reason: ReasonCode, _p: object) -> None:
        self._lost("" if reason.value == NO_REASON else f": {reason}")

    def _was_subscribed(self, _c: paho.Client, _d: object, mid: int, reasons: list[ReasonCode], _p: object) -> None:
        self._subscribing.discard(mid)
        if any(reason.is_failure for reason in reasons):
            self._end(f"the broker refuses {self._road.client_id} a subscription: check its access rules")

    def _was_published(self, _c: paho.Client, _d: object, mid: int, reason: ReasonCode, _p: object) -> None:
        self._progress_s = time.monotonic()
        message, sent = self._unacknowledged.pop(mid, (None, 0.0))
        if message is not None:
            refusal = f"{message.topic}: {reason}" if reason.is_failure else ""
            self._settled((self._progress_s - sent) * 1000, refusal)

    def _was_received(self, _c: paho.Client, _d: object, message: paho.MQTTMessage) -> None:
        self._received(message.topic, bytes(message.payload), bool(message.retain))


@lru_cache(maxsize=256)
def _expiring(seconds: int) -> Properties:
    """The properties of a message that is worth something for so long. Making them costs more than sending them."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.MessageExpiryInterval = seconds
    return properties


def _set_nodelay(_client: paho.Client, _data: object, sock: Any) -> None:
    """Without it a small message waits 40 ms for the one before it."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
