"""How configurations name cameras, sensors and the lock line."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sallyport_kiosk.drivers.camera_folder import FolderCamera
from sallyport_kiosk.drivers.camera_live import LiveCamera
from sallyport_kiosk.drivers.camera_video import VideoCamera
from sallyport_kiosk.drivers.cameras import KINDS, make_camera
from sallyport_kiosk.drivers.device_uri import DeviceUri
from sallyport_kiosk.drivers.locks import make_lock_line
from sallyport_kiosk.drivers.sensor_images import FolderSensor
from sallyport_kiosk.drivers.sensor_libfprint import LibfprintSensor
from sallyport_kiosk.drivers.sensor_r503 import SensorR503, SensorSettings
from sallyport_kiosk.drivers.sensors import make_sensor
from sallyport_protocol.errors import MalformedError, RoadError


def test_cameras_are_chosen_by_name(tmp_path: Path) -> None:
    folder = make_camera("folder:faces?fps=4&width=320&height=240", tmp_path)
    assert isinstance(folder, FolderCamera)
    assert (folder.folder, folder.fps, folder.width, folder.height) == (tmp_path / "faces", 4.0, 320, 240)
    absolute = make_camera("folder:/srv/faces", tmp_path)
    assert isinstance(absolute, FolderCamera)
    assert absolute.folder == Path("/srv/faces")
    assert isinstance(make_camera("video:a b.mp4"), VideoCamera)
    assert isinstance(make_camera("webcam:0"), LiveCamera)
    assert isinstance(make_camera("picamera2:1?width=1280&height=720"), LiveCamera)
    assert make_camera("picamera2:1").device == "picamera2:1"


def test_sensors_are_chosen_by_name(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text("dpi = 508")
    real = make_sensor(
        "r503:/dev/ttyS0?baud=115200&wanted_baud=921600&packet_size=256&password=0xCAFE&calibration=s.toml", tmp_path
    )
    assert isinstance(real, SensorR503)
    assert real.settings == SensorSettings("/dev/ttyS0", 115_200, 921_600, 256, password=0xCAFE)
    assert real.calibration.dpi == 508
    images = make_sensor("images:finger", tmp_path)
    assert isinstance(images, FolderSensor)
    assert images.folder == tmp_path / "finger"
    assert isinstance(make_sensor("libfprint:0"), LibfprintSensor)


def test_lock_lines_are_chosen_by_name(tmp_path: Path) -> None:
    assert make_lock_line("serial:lock?baud=57600", tmp_path)._port == str(tmp_path / "lock")
    for bad in ("serial:/dev/x?baud=0", "usb:/dev/x", "serial:"):
        with pytest.raises(MalformedError):
            make_lock_line(bad)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "folder",
        "folder:",
        "http://camera",
        "webcam:front",
        "webcam:-1",
        "webcam:0?fps=5",
        "folder:a?fps=0",
        "folder:a?fps=nan",
        "folder:a?fps=ten",
        "folder:a?width=10",
        "folder:a?width=640&width=641",
        "folder:a?fps",
    ],
)
def test_other_cameras_are_refused(uri: str) -> None:
    with pytest.raises(MalformedError):
        make_camera(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "r503:/dev/x?baud=fast",
        "r503:/dev/x?baud=1",
        "r503:/dev/x?packet_size=7",
        "libfprint:any",
        "nfc:0",
        "images:a?dpi=1",
    ],
)
def test_other_sensors_are_refused(uri: str) -> None:
    with pytest.raises(MalformedError):
        make_sensor(uri)


def test_a_missing_calibration_is_said(tmp_path: Path) -> None:
    with pytest.raises(RoadError, match="copy it there"):
        make_sensor("images:a?calibration=absent.toml", tmp_path)


@given(st.text(max_size=40))
def test_any_text_is_a_device_or_refused(text: str) -> None:
    for prefix in ("", "folder:", "webcam:", "folder:a?"):
        try:
            name = DeviceUri.parse(prefix + text, KINDS)
        except MalformedError:
            continue
        assert name.kind in KINDS


def test_a_folder_sensor_gives_each_image_in_turn(tmp_path: Path) -> None:
    for number in (1, 2):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((30, 20), number * 50, np.uint8))
    sensor = make_sensor(f"images:{tmp_path}")
    sensor.open()
    assert sensor.present()
    images = [sensor.capture() for _ in range(3)]
    assert [int(image.image[0, 0]) for image in images if image is not None] == [50, 100, 50]
    for path in tmp_path.iterdir():
        path.unlink()
    assert not sensor.present()
    assert sensor.capture() is None
    (tmp_path / "bad.png").write_bytes(b"\x89PNG")
    cv2.imwrite(str(tmp_path / "huge.png"), np.zeros((10, 4000), np.uint8))
    for _ in range(2):
        with pytest.raises(RoadError, match="take it out of the folder"):
            sensor.capture()
    sensor.close()
    with pytest.raises(RoadError, match="name a folder"):
        make_sensor(f"images:{tmp_path / 'absent'}").open()
