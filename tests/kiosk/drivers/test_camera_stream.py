"""Frames of another program over a socket: whole ones in order, and words for every way in which it can fail."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sallyport_kiosk.drivers.camera_stream import HEADER, StreamSource
from sallyport_kiosk.drivers.camera_webcam import WebcamSource
from sallyport_kiosk.drivers.cameras import make_camera, require_sensor
from sallyport_protocol.errors import MalformedError, RoadError


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "camera"


@pytest.fixture
def served(place: Path) -> Iterator[list[bytes]]:
    """What the other side sends to whoever connects, once; then it ends."""
    pieces: list[bytes] = []
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(place))
    listener.listen(1)

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            for piece in pieces:
                connection.sendall(piece)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield pieces
    listener.close()


def test_frames_come_whole_and_in_order_and_the_end_is_told(place: Path, served: list[bytes]) -> None:
    first, second = (np.full((4, 6, 3), value, np.uint8) for value in (1, 2))
    whole = b"".join(HEADER.pack(6, 4) + each.tobytes() for each in (first, second))
    served += [whole[:50], whole[50:]]
    source = StreamSource(place)
    source.open()
    assert np.array_equal(source.grab(), first) and np.array_equal(source.grab(), second)
    with pytest.raises(RoadError, match="has ended: start"):
        source.grab()
    source.close()
    source.close()


@pytest.mark.parametrize("size", [(0, 4), (6, 0), (5_000, 4)])
def test_a_frame_that_cannot_be_is_refused(place: Path, served: list[bytes], size: tuple[int, int]) -> None:
    served.append(HEADER.pack(*size))
    source = StreamSource(place)
    source.open()
    with pytest.raises(RoadError, match=f"{size[0]}x{size[1]}"):
        source.grab()
    source.close()


def test_nobody_who_sends_is_told(place: Path) -> None:
    with pytest.raises(RoadError, match="start what sends them"):
        StreamSource(place).open()
    assert make_camera("stream:camera", place.parent).device == f"stream:{place}"


@pytest.mark.parametrize("uri", ["folder:faces", "video:a.mp4", "stream:camera"])
def test_pictures_that_somebody_made_are_no_camera_in_production(uri: str) -> None:
    with pytest.raises(MalformedError, match="for development only"):
        require_sensor(uri)


@pytest.mark.parametrize("uri", ["webcam:0", "picamera2:0"])
def test_a_camera_is_one(uri: str) -> None:
    require_sensor(uri)


def test_a_program_that_says_it_is_a_webcam_is_refused(tmp_path: Path) -> None:
    """The kernel keeps loopback cameras among its virtual devices."""
    device = tmp_path / "devices/virtual/video4linux/video7"
    device.mkdir(parents=True)
    (device / "name").write_text("HD Webcam\n")
    (tmp_path / "class").mkdir()
    (tmp_path / "class/video7").symlink_to(device)
    source = WebcamSource(7, 640, 480, tmp_path / "class")
    assert source.device == "webcam:7 HD Webcam"
    with pytest.raises(RoadError, match="no camera but a program"):
        source.open()
