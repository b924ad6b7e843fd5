import sys
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from sallyport_kiosk.drivers.camera_live import PATIENCE_S, LiveCamera
from sallyport_kiosk.drivers.camera_picamera2 import PiCameraSource
from sallyport_kiosk.drivers.camera_webcam import WebcamSource
from sallyport_kiosk.ports import Pixels
from sallyport_protocol.errors import RoadError


class Source:
    """A camera whose frames the test lets through one by one; each is filled with its number."""

    device = "test camera"

    def __init__(self) -> None:
        self.gate = threading.Semaphore(0)
        self.count = 0
        self.opened = 0
        self.closed = False
        self.failure: Exception | None = None

    def open(self) -> None:
        self.opened += 1
        self.closed = False

    def grab(self) -> Pixels:
        while not self.gate.acquire(timeout=0.01):
            if self.closed:
                raise RoadError("closed")
            if self.failure is not None:
                raise self.failure
        self.count += 1
        return np.full((24, 32, 3), self.count, np.uint8)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def live():
    made = LiveCamera(Source(), 64, 48, patience_s=0.3, first_patience_s=0.6)
    made.open()
    yield made
    made.close()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_a_slow_reader_gets_the_newest_frame(live: LiveCamera) -> None:
    source = live._source
    source.gate.release(5)
    until(lambda: live._newest is not None and live._newest.sequence == 5)
    before = int(time.monotonic() * 1000)
    frame = live.read()
    assert (frame.sequence, int(frame.image[0, 0, 0]), frame.image.shape) == (5, 5, (48, 64, 3))
    assert frame.captured_ms <= before
    assert frame.device == "test camera"


def test_no_frame_is_read_twice(live: LiveCamera) -> None:
    live._source.gate.release()
    assert live.read().sequence == 1
    began = time.monotonic()
    with pytest.raises(RoadError, match="gives no frames"):
        live.read()
    assert time.monotonic() - began < 0.6 and PATIENCE_S < 2.0  # only the first frame may take longer
    threading.Timer(0.05, live._source.gate.release).start()
    assert live.read().sequence == 2


def test_a_camera_unplugged_in_the_middle_is_said_and_comes_back(live: LiveCamera) -> None:
    live._source.gate.release()
    live.read()
    live._source.failure = RoadError("the camera is gone: plug it in again")
    with pytest.raises(RoadError, match="plug it in again"):
        live.read()
    with pytest.raises(RoadError, match="plug it in again"):
        live.read()
    live._source.failure = None
    live.open()
    live._source.gate.release()
    assert live.read().sequence == 2
    assert live._source.opened == 2


def test_whatever_a_library_raises_is_a_road_error(live: LiveCamera) -> None:
    live._source.failure = ValueError("a library's own")
    with pytest.raises(RoadError, match="a library's own"):
        live.read()


def test_opening_an_open_camera_leaves_it_running(live: LiveCamera) -> None:
    live.open()
    assert live._source.opened == 1
    live.close()
    live.close()
    with pytest.raises(RoadError, match="not open"):
        live.read()


def test_a_missing_webcam_says_what_to_do() -> None:
    with pytest.raises(RoadError, match="plug it in"):
        WebcamSource(250, 640, 480).open()
    source = WebcamSource(250, 640, 480)
    with pytest.raises(RoadError, match="gone"):
        source.grab()
    source.close()
    assert source.device == "webcam:250"


def test_away_from_a_pi_picamera2_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(RoadError, match="Raspberry Pi"):
        PiCameraSource(0, 640, 480).open()


def test_on_a_pi_frames_come_as_they_lie_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    class Picamera2:
        def __init__(self, index: int) -> None:
            self.camera_properties = {"Model": "imx708"}
            if index:
                raise IndexError("list index out of range")

        def create_video_configuration(self, main: dict[str, object]) -> dict[str, object]:
            assert main == {"size": (64, 48), "format": "RGB888"}
            return main

        def configure(self, configuration: dict[str, object]) -> None:
            assert configuration

        def start(self) -> None: ...

        def capture_array(self, name: str) -> Pixels:
            assert name == "main"
            return np.full((48, 64, 3), (1, 2, 3), np.uint8)

        def close(self) -> None: ...

    monkeypatch.setitem(sys.modules, "picamera2", SimpleNamespace(Picamera2=Picamera2))
    source = PiCameraSource(0, 64, 48)
    source.open()
    assert source.device == "picamera2:0 imx708"
    assert source.grab()[0, 0].tolist() == [1, 2, 3]
    source.close()
    with pytest.raises(RoadError, match="closed"):
        source.grab()
    with pytest.raises(RoadError, match="ribbon cable"):
        PiCameraSource(1, 64, 48).open()
