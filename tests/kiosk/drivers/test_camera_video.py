from pathlib import Path

import cv2
import numpy as np
import pytest

from sallyport_kiosk.drivers.camera_video import VideoCamera
from sallyport_protocol.errors import RoadError

FRAMES = 10


class Time:
    def __init__(self) -> None:
        self.now = 50.0

    def clock(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Ten frames at 5 a second, each brighter than the last."""
    path = tmp_path / "v.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 5.0, (64, 48))
    for number in range(FRAMES):
        writer.write(np.full((48, 64, 3), number * 20, np.uint8))
    writer.release()
    return path


def shown(frame_value: int) -> int:
    return round(frame_value / 20)


def test_it_plays_at_its_rate_and_again_from_its_beginning(video: Path) -> None:
    time = Time()
    camera = VideoCamera(video, 64, 48, clock=time.clock, wait=time.wait)
    camera.open()
    camera.open()
    frames = [camera.read() for _ in range(12)]
    assert [shown(int(frame.image[24, 32, 0])) for frame in frames] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert [frame.captured_ms - frames[0].captured_ms for frame in frames[:3]] == [0, 200, 400]
    camera.close()


def test_a_slow_reader_misses_frames(video: Path) -> None:
    time = Time()
    camera = VideoCamera(video, 64, 48, clock=time.clock, wait=time.wait)
    camera.open()
    first = camera.read()
    time.now += 1.1
    second = camera.read()
    assert second.sequence > first.sequence + 1
    assert shown(int(second.image[24, 32, 0])) == second.sequence - 1
    camera.close()


def test_missing_files_and_files_that_are_no_video_are_said(tmp_path: Path) -> None:
    with pytest.raises(RoadError, match="name a file"):
        VideoCamera(tmp_path / "absent.mp4").open()
    (tmp_path / "no.mp4").write_bytes(b"not a video")
    with pytest.raises(RoadError, match="not a video"):
        VideoCamera(tmp_path / "no.mp4").open()
    with pytest.raises(RoadError, match="not open"):
        VideoCamera(tmp_path / "no.mp4").read()
    VideoCamera(tmp_path / "no.mp4").close()
