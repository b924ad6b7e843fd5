"""One person's turn at the running house: who stands there, what the officers do, and what the strike's pin did."""

import html
import itertools
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import cv2
import httpx
import numpy as np

from sallyport_protocol.acts import ActKind
from sallyport_rig.demonstration.booth import step_closer
from sallyport_rig.demonstration.world import LANE, OFFICER, World
from sallyport_rig.interlock_board import Transition

PATIENCE_S: Final = 60.0
"""Longest wait for what takes seconds on a machine that is not busy."""
PHOTO, PRINT, OTHER_PHOTO = "subject-a-2.jpg", "finger-a-2.png", "subject-b-1.jpg"
AT_THE_KIOSK: Final = "The person is at the kiosk"
ENDED: Final = "This check has ended"
_NUMBERS: Final = itertools.count(1)


def mend(world: World) -> None:
    """Everything plugged in and running, nobody at the kiosk, nothing open."""
    world.broker.start()
    world.sensor.plug_in()
    world.board.line = "good"
    for name, start in (("gateway", world.start_gateway), ("kiosk", world.start_kiosk)):
        if not world.runs(name):
            world.end(name)
            start()
    world.wait(lambda: world.lane()["kiosk"]["connected"], PATIENCE_S, "the kiosk")
    world.wait(lambda: world.lane()["door"]["state"] == "locked", PATIENCE_S, "the interlock")
    world.settle()


class Visit:
    """A new authorisation, and the steps of a release on it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.number = f"visit-{next(_NUMBERS)}"
        self.seen: list[Transition] = []
        world.authorise(self.number)

    # The prisoner

    def face(self, shown: str | bytes) -> None:
        """A sample's name or a picture's bytes is what the camera sees from the next frame on."""
        folder = self.world.folder
        if isinstance(shown, str):
            _clear(folder / "finger", "")  # somebody else steps up: no finger yet
        _replace(
            folder / "face", "shown.jpg", step_closer(self.world.samples / shown) if isinstance(shown, str) else shown
        )
        _clear(folder / "face", "shown.jpg")

    def finger(self, name: str | None) -> None:
        """A sample's print on the sensor; None lifts the finger."""
        if name is None:
            (self.world.folder / "finger" / "shown.png").unlink(missing_ok=True)
        else:
            _replace(self.world.folder / "finger", "shown.png", (self.world.samples / name).read_bytes())

    def person(self) -> None:
        """Subject A with the right finger."""
        self.face(PHOTO)
        self.finger(PRINT)

    def screen(self) -> str:
        """The prisoner's page as text."""
        page = httpx.get(f"{self.world.screen_url}/en", timeout=10.0).text
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())

    def told(self, words: str) -> None:
        """Waits until the prisoner's page says so."""
        self.world.wait(lambda: words in self.screen(), PATIENCE_S, f"the screen to say {words!r}")

    # The officers

    def start(self) -> str:
        """Starts the check; the session's number."""
        self.world.must(OFFICER, ActKind.START, lane=LANE, authorisation=self.number)
        return str(self.world.lane()["session"]["session"])

    def verdict(self) -> dict[str, Any]:
        """The lane when the check is decided."""
        found = self.world.wait(lambda: _decided(self.world.lane()), 2 * PATIENCE_S, "the verdict")
        return dict(found)

    def confirm(self, lane: dict[str, Any], officer: str = OFFICER) -> tuple[bool, str]:
        return self.world.act(officer, ActKind.CONFIRM, session=lane["session"]["session"], compared="yes")

    def retry(self) -> None:
        """Starts a check as soon as the authorisation and the lane are free for one."""

        def started() -> bool:
            accepted, self._why = self.world.act(OFFICER, ActKind.START, lane=LANE, authorisation=self.number)
            return accepted

        self.world.wait(started, 2 * PATIENCE_S, "a new check to begin")

    # The door

    def locked(self) -> None:
        """The strike has had no power since this visit began."""
        self.seen += self.world.strikes()
        assert self.seen == [] and self.world.board.pins["strike"] is False

    def opens(self) -> None:
        """The right person, the officer's word, one opening, and the lock again."""
        self.locked()
        self.person()
        self.retry()
        self.lets_out(self.verdict())

    def lets_out(self, lane: dict[str, Any], patience: int = 2) -> None:
        """The verdict is RELEASE, and the confirmed opening is the only one.

        A machine too busy to look at the person for three seconds loses the decision: that is a new check, as at a
        real door, and no fault of what is tested here.
        """
        assert lane["decision"]["verdict"] == "RELEASE", lane["decision"]["summary"]
        accepted, told = self.confirm(lane)
        if not accepted and "in view" in told and patience > 0:
            self.retry()
            return self.lets_out(self.verdict(), patience - 1)
        assert accepted, told
        self.world.wait(lambda: self._moved() >= 2, PATIENCE_S, "the door to open and lock")
        assert [each.level for each in self.seen] == [True, False]
        self.world.wait(lambda: self.world.lane()["session"]["state"] == ENDED, PATIENCE_S, "the end of the check")

    def _moved(self) -> int:
        self.seen += self.world.strikes()
        return len(self.seen)

    # What was said

    def event(self, title: str, words: str = "") -> dict[str, Any]:
        """The event on the officer's page, when it comes."""

        def found() -> dict[str, Any] | None:
            events = self.world.lane()["events"]
            return next((each for each in events if each["title"] == title and words in each["detail"]), None)

        return dict(self.world.wait(found, PATIENCE_S, f"the event {title!r} {words!r}"))

    def logged(self, program: str, words: str) -> None:
        """Waits until the program's log says so."""
        log = self.world.folder / f"{program}.log"
        self.world.wait(lambda: words in joined(log.read_text(errors="replace")), PATIENCE_S, f"{program}: {words!r}")


def joined(text: str) -> str:
    """A log's words without its line breaks."""
    return " ".join(text.split())


def run_program(module: str, *arguments: str, seconds: float = PATIENCE_S, **environment: str) -> tuple[int, str]:
    """Runs one of the product's programs to its end: exit code, and all that it said, on one line."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        env={**os.environ, "COLUMNS": "300", **environment},
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, joined(done.stdout + done.stderr)


def until(happens: Callable[[], Any], what: str, seconds: float = PATIENCE_S) -> None:
    """Returns as soon as it is true."""
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.05)


def empty_room() -> bytes:
    """A picture of nobody: a wall, a floor and the light on them."""
    rows, columns = np.mgrid[0:480, 0:640]
    wall = (110 + rows / 8 + 25 * np.sin(columns / 60)).astype(np.uint8)
    return bytes(cv2.imencode(".jpg", cv2.merge([wall, wall, wall]))[1])


def side_by_side(samples: Path) -> bytes:
    """Subject A with Subject B beside, equally close."""
    first = cv2.imread(str(samples / PHOTO))
    second = cv2.imread(str(samples / OTHER_PHOTO))
    assert first is not None and second is not None
    second = second[: len(second) // 2]
    height = 400
    scaled = [cv2.resize(each, (round(each.shape[1] * height / len(each)), height)) for each in (first, second)]
    return bytes(cv2.imencode(".jpg", np.hstack(scaled))[1])


def _decided(lane: dict[str, Any]) -> dict[str, Any] | None:
    session = lane.get("session")
    return lane if lane.get("decision") and session and session["state"] != AT_THE_KIOSK else None


def _replace(folder: Path, name: str, data: bytes) -> None:
    """At no moment is the folder empty or the file half written."""
    part = folder / f".{name}.part"
    part.write_bytes(data)
    part.rename(folder / name)


def _clear(folder: Path, name: str) -> None:
    """Only this file stays."""
    for old in folder.iterdir():
        if old.name != name:
            old.unlink(missing_ok=True)
