"""A rendered person at the running kiosk: reads its screen, moves as it says, and is what its camera sees.

Labelled synthetic. It stands for the display, too: a colour that the screen asks for is on the face a frame later.
"""

import json
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

import httpx

from sallyport_biometrics.face.flash import AXES, Light
from sallyport_biometrics.face.words import Image
from sallyport_kiosk.drivers.camera_stream import HEADER
from sallyport_protocol.actions import Action
from sallyport_rig.sitter import Sensor, Sitter

FRAMES_A_SECOND: Final = 12.0
GLOW: Final = 7.0
"""Grey levels that the face returns of the screen's colour: a display at arm's length in a dim lobby."""
_AGAIN_S: Final = 0.5


class Visitor:
    """Sends frames to whoever connects to the socket, for as long as the context lasts."""

    def __init__(self, place: Path, sitter: Sitter, screen_url: str) -> None:
        self._place, self._sitter, self._screen_url = place, sitter, screen_url
        self._sensor = Sensor(sitter.seed)
        self.did: list[Action] = []
        """What the screen asked for and the person did, in order."""
        self.lights = 0
        """Colours that the screen showed."""
        self._over = threading.Event()
        self._asked = self._light = ""
        self._threads = [
            threading.Thread(target=each, name=f"visitor {each.__name__}", daemon=True)
            for each in (self._read_screen, self._send)
        ]

    def __enter__(self) -> Self:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self._place))
        self._listener.listen(1)
        self._listener.settimeout(0.2)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(5.0)
        self._listener.close()
        self._place.unlink(missing_ok=True)

    # The screen

    def _read_screen(self) -> None:
        with httpx.Client(base_url=self._screen_url, timeout=3.0) as client:
            while not self._over.is_set():
                with suppress(httpx.HTTPError), client.stream("GET", "/en/events") as events:
                    for line in events.iter_lines():
                        if self._over.is_set():
                            return
                        if line.startswith("data: "):
                            self._look(client, json.loads(line.removeprefix("data: ")))
                self._over.wait(_AGAIN_S)

    def _look(self, client: httpx.Client, message: dict[str, Any]) -> None:
        if "instruction" not in message:
            return
        asked, self._light = message["instruction"], message["light"]
        if asked != self._asked and asked in Action.__members__:
            self.did.append(Action(asked))
        self._asked = asked
        if self._light:
            self.lights += 1
            client.post(f"/lit/{message['number']}")

    # The camera

    def _send(self) -> None:
        while not self._over.is_set():
            with suppress(OSError):  # nobody connects, or the kiosk has gone
                connection, _ = self._listener.accept()
                with connection:
                    connection.settimeout(2.0)
                    self._stream(connection)

    def _stream(self, connection: socket.socket) -> None:
        due = time.monotonic()
        while not self._over.is_set():
            frame = self._frame(time.monotonic() * 1_000)
            connection.sendall(HEADER.pack(frame.shape[1], frame.shape[0]) + frame.tobytes())
            due = max(due + 1 / FRAMES_A_SECOND, time.monotonic())
            self._over.wait(max(0.0, due - time.monotonic()))

    def _frame(self, now_ms: float) -> Image:
        light = self._light
        drawn = self._sitter.face.frame(self._sitter.bearing(self._asked, now_ms))
        if light:
            axis = AXES[Light(light)]
            drawn = self._sitter.face.lit(drawn, (float(axis == 0), float(axis == 1), float(axis == 2)), GLOW)
        return self._sensor.seen(drawn)
