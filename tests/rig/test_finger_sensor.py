import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from sallyport_kiosk.drivers.sensor_r503 import SensorR503, SensorSettings
from sallyport_rig.finger_images import fit, images_in, load_gray, middle_of_print
from sallyport_rig.finger_module import Fault, FingerModule
from sallyport_rig.finger_sensor import FingerSensorSimulator

DATA = Path(os.environ.get("SALLYPORT_DATA", Path(__file__).parents[2].parent / "shared" / "data"))


def write(path: Path, value: int, rows: int = 288, columns: int = 256) -> None:
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), np.full((rows, columns), value, np.uint8))


def blob(rows: int, columns: int, row: int, column: int) -> np.ndarray:
    """White with a ridged patch around one place."""
    image = np.full((rows, columns), 250, np.uint8)
    image[row - 40 : row + 40, column - 40 : column + 40] = np.tile([20, 20, 20, 230, 230, 230, 20, 230], (80, 10))
    return image


@pytest.mark.parametrize("shape", [(480, 640), (100, 90), (10, 900), (288, 256), (1, 1)])
def test_any_size_is_fitted(shape: tuple[int, int]) -> None:
    assert fit(np.full(shape, 7, np.uint8), 288, 256).shape == (288, 256)


def test_the_print_is_laid_in_the_middle() -> None:
    fitted = fit(blob(480, 640, 120, 500), 192, 192)
    row, column = middle_of_print(fitted)
    assert abs(row - 96) < 3
    assert abs(column - 96) < 3
    assert fitted[0, 0] == 250


def test_a_small_image_is_padded_with_its_background() -> None:
    image = np.full((4, 4), 200, np.uint8)
    image[1:3, 1:3] = 9
    fitted = fit(image, 8, 8)
    assert fitted[3:5, 3:5].tolist() == [[9, 9], [9, 9]]
    assert (fitted == 200).sum() == 60


def test_the_folder_is_the_finger(tmp_path: Path) -> None:
    assert images_in(tmp_path / "absent") == []
    write(tmp_path / "f" / "2.png", 2)
    write(tmp_path / "f" / "1.bmp", 1)
    (tmp_path / "f" / "note.txt").write_text("not an image")
    assert [path.name for path in images_in(tmp_path / "f")] == ["1.bmp", "2.png"]
    assert images_in(tmp_path / "f" / "2.png") == [tmp_path / "f" / "2.png"]


def test_each_laying_down_is_the_next_image(tmp_path: Path) -> None:
    for number in (1, 2):
        write(tmp_path / "f" / f"{number}.png", number * 64)
    with FingerSensorSimulator(tmp_path / "f", tmp_path / "line") as simulator:
        sensor = SensorR503(SensorSettings(str(simulator.link), 921_600))
        sensor.open()
        values = []
        for _ in range(3):
            assert sensor.present()  # taking again without an upload is the same finger
            image = sensor.capture()
            assert image is not None
            values.append(int(image.image[0, 0]))
        sensor.close()
    assert values == [68, 136, 68]
    assert not (tmp_path / "line").exists()


def test_a_file_that_is_no_image_is_a_failed_taking(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"\x89PNG cut")
    module = FingerModule(tmp_path)
    command = bytes.fromhex("EF01FFFFFFFF010003010005")
    assert b"".join(module.answer(command)).hex().upper() == "EF01FFFFFFFF07000303000D"


def test_control_by_socket_and_the_program_itself(tmp_path: Path) -> None:
    write(tmp_path / "a" / "1.png", 16)
    write(tmp_path / "b" / "1.png", 32)
    arguments = ["--images", str(tmp_path / "a"), "--link", str(tmp_path / "line"), "--control", str(tmp_path / "c")]
    process = subprocess.Popen(
        [sys.executable, "-m", "sallyport_rig.finger_sensor", *arguments, "--unpaced"], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        assert b"fingerprint sensor at" in process.stdout.readline()
        sensor = SensorR503(SensorSettings(str(tmp_path / "line"), 921_600))
        sensor.open()
        assert _value(sensor) == 17
        assert _tell(tmp_path / "c", f"images {tmp_path / 'b'}") == "ok"
        assert _value(sensor) == 34
        assert _tell(tmp_path / "c", "finger off") == "ok"
        assert not sensor.present()
        assert json.loads(_tell(tmp_path / "c", "state")[3:])["finger"] is False
        assert _tell(tmp_path / "c", "plug out") == "ok"
        assert not (tmp_path / "line").exists()
        assert _tell(tmp_path / "c", "fault silence") == "ok"
        for wrong in ("fault everything", "finger maybe", "", "images", "fault code many"):
            assert _tell(tmp_path / "c", wrong).startswith("error")
        sensor.close()
    finally:
        process.terminate()
        assert process.wait(5) == 0
        process.stdout.close()
    assert not (tmp_path / "c").exists()


def _value(sensor: SensorR503) -> int:
    image = sensor.capture()
    assert image is not None
    return int(image.image[0, 0])


def _tell(path: Path, line: str) -> str:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(line.encode() + b"\n")
        with client.makefile() as stream:
            return stream.readline().strip()


def test_pacing_takes_the_time_of_the_line(tmp_path: Path) -> None:
    write(tmp_path / "f" / "1.png", 16)
    simulator = FingerSensorSimulator(tmp_path / "f", tmp_path / "line", paced=True)
    with simulator:
        sensor = SensorR503(SensorSettings(str(simulator.link), 921_600))
        sensor.open()
        began = time.monotonic()
        sensor.capture()
        taken = time.monotonic() - began
        sensor.close()
    assert taken > (36_864 + 288 * 11) * 10 / 921_600


def test_faults_wait_for_their_answer(tmp_path: Path) -> None:
    module = FingerModule(tmp_path)
    module.faults.append((Fault.BIT_ERROR, 0))
    command = bytes.fromhex("EF01FFFFFFFF010003400044")
    assert b"".join(module.answer(command)).hex().upper() == "EF01FFFFFFFF070003FC0106"
    assert module.faults == [(Fault.BIT_ERROR, 0)]


@pytest.mark.skipif(not (DATA / "fingerprints").is_dir(), reason=f"no fingerprint sets under {DATA}")
def test_real_prints_fit_the_sensor_with_their_ridges() -> None:
    for folder in sorted((DATA / "fingerprints").iterdir()):
        fitted = fit(load_gray(folder / "101_1.png"), 288, 256)
        row, column = middle_of_print(fitted)
        assert abs(row - 144) < 40
        assert abs(column - 128) < 40
        assert fitted.std() > 20
