"""A hostile listener at the broker: it hears and says anything. Only the receivers' own checks stand against it."""

import threading
import time
from typing import Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from sallyport_protocol.errors import RoadError


class Eavesdropper:
    """Records every message; can publish anything anywhere."""

    def __init__(self, port: int) -> None:
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, "nobody", protocol=mqtt.MQTTv5)
        self._client.on_message = self._take
        self._client.on_connect = lambda client, *_: client.subscribe("#", 1)
        self._port, self._lock = port, threading.Lock()
        self._heard: list[tuple[str, bytes]] = []

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def last(self, topic: str) -> bytes | None:
        """The newest recorded message on a topic."""
        with self._lock:
            found = [payload for name, payload in self._heard if name == topic]
        return found[-1] if found else None

    def wait_for(self, topic: str, seconds: float, after: bytes | None = None) -> bytes:
        """The next message on a topic that differs from `after`. Raises RoadError."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = self.last(topic)
            if found is not None and found != after:
                return found
            time.sleep(0.05)
        raise RoadError(f"nothing new on {topic} within {seconds:.0f} s")

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Says what somebody else said."""
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(5)

    def _take(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        with self._lock:
            self._heard.append((message.topic, bytes(message.payload)))
