"""The driver against the simulated module on a pseudo-terminal, and against hand-written bytes."""

import contextlib
import os
import pty
import threading
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from sallyport_kiosk.drivers.sensor_calibration import SensorCalibration
from sallyport_kiosk.drivers.sensor_r503 import SensorR503, SensorSettings
from sallyport_kiosk.ports import Light
from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_rig.finger_module import R307, R503, Fault, Model
from sallyport_rig.finger_sensor import FingerSensorSimulator

BAUD = 921_600


def ridges(rows: int, columns: int, turn: float = 0.3) -> np.ndarray:
    """A pattern of ridges with no symmetry, so that turned and mirrored images differ."""
    y, x = np.mgrid[0:rows, 0:columns]
    return (127 + 120 * np.sin((x * np.cos(turn) + y * np.sin(turn) + x * y / 900) / 1.5)).astype(np.uint8)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "finger"
    folder.mkdir()
    cv2.imwrite(str(folder / "1.png"), ridges(288, 256))
    return folder


@pytest.fixture
def plug(tmp_path: Path, images: Path) -> Iterator[Callable[..., tuple[FingerSensorSimulator, SensorR503]]]:
    simulators: list[FingerSensorSimulator] = []
    sensors: list[SensorR503] = []

    def make(
        model: Model = R307, module: dict[str, int] | None = None, **settings: int
    ) -> tuple[FingerSensorSimulator, SensorR503]:
        simulator = FingerSensorSimulator(images, tmp_path / "sensor", model=model, **(module or {}))  # type: ignore[arg-type]
        simulator.start()
        simulators.append(simulator)
        sensor = SensorR503(SensorSettings(str(simulator.link), **{"baud": BAUD, **settings}))
        sensors.append(sensor)
        return simulator, sensor

    yield make
    for sensor in sensors:
        sensor.close()
    for simulator in simulators:
        simulator.stop()


Plug = Callable[..., tuple[FingerSensorSimulator, SensorR503]]


def test_an_image_arrives_with_its_high_four_bits(plug: Plug) -> None:
    _, sensor = plug()
    sensor.open()
    assert sensor.present()
    image = sensor.capture()
    assert image is not None
    assert np.array_equal(image.image, (ridges(288, 256) >> 4) * 17)
    assert image.dpi == 500
    assert image.captured_ms > 0


@pytest.mark.parametrize("size", [32, 64, 128, 256])
def test_every_packet_size_works_and_is_set(plug: Plug, size: int) -> None:
    simulator, sensor = plug(packet_size=size)
    sensor.open()
    assert simulator.module.parameters.packet_size == size
    assert sensor.parameters is not None
    assert sensor.parameters.packet_size == size
    image = sensor.capture()
    assert image is not None
    assert image.image.shape == (288, 256)


def test_an_r503_tells_its_format_and_serial_number(plug: Plug) -> None:
    _, sensor = plug(R503)
    assert sensor.device.startswith("r503:")
    sensor.open()
    assert sensor.device == "R503 SIM00001"
    image = sensor.capture()
    assert image is not None
    assert image.image.shape == (192, 192)
    assert image.device == "R503 SIM00001"


def test_light_is_shown_where_there_is_one(plug: Plug) -> None:
    simulator, sensor = plug(R503)
    sensor.open()
    sensor.led(Light.DONE)
    assert simulator.module.light == (3, 0, 4, 0)
    sensor.led(Light.OFF)
    assert simulator.module.light[0] == 4


def test_a_module_without_light_is_left_alone(plug: Plug) -> None:
    simulator, sensor = plug(R307)
    sensor.open()
    for light in Light:
        sensor.led(light)
    assert simulator.module.light == (0, 0, 0, 0)


def test_no_finger_is_no_image(plug: Plug, images: Path) -> None:
    simulator, sensor = plug()
    sensor.open()
    simulator.module.finger = False
    assert not sensor.present()
    assert sensor.capture() is None
    simulator.module.finger = True
    (images / "1.png").unlink()
    assert sensor.capture() is None


def test_the_rate_is_raised_and_found_again_after_a_restart(plug: Plug) -> None:
    simulator, sensor = plug(module={"baud": 57_600}, baud=57_600, wanted_baud=460_800)
    sensor.open()
    assert simulator.module.parameters.baud == 460_800
    assert sensor.capture() is not None
    sensor.close()
    again = SensorR503(sensor.settings)
    again.open()
    assert again.capture() is not None
    again.close()


def test_another_rate_is_silence_with_a_hint(plug: Plug) -> None:
    _, sensor = plug(baud=57_600)
    with pytest.raises(RoadError, match="baud rate"):
        sensor.open()


def test_a_password_is_asked_and_a_wrong_one_said(plug: Plug) -> None:
    _, sensor = plug(module={"password": 0xCAFE}, password=0xCAFE)
    sensor.open()
    assert sensor.capture() is not None
    sensor.close()
    wrong = SensorR503(SensorSettings(sensor.settings.port, BAUD, password=1))
    with pytest.raises(RoadError, match="set the sensor's password"):
        wrong.open()


@pytest.mark.parametrize("fault", [Fault.WRONG_SUM, Fault.NOISE, Fault.BIT_ERROR, Fault.TRUNCATED, Fault.SHORT_IMAGE])
def test_one_fault_on_the_line_is_overcome(plug: Plug, fault: Fault) -> None:
    simulator, sensor = plug()
    sensor.open()
    assert sensor.capture() is not None
    simulator.fault(fault)
    image = sensor.capture()
    assert image is not None
    assert np.array_equal(image.image, (ridges(288, 256) >> 4) * 17)
    assert simulator.module.faults == []


@pytest.mark.parametrize("fault", [Fault.BIT_ERROR, Fault.TRUNCATED, Fault.SHORT_IMAGE])
def test_an_image_damaged_twice_is_an_error_and_never_an_image(plug: Plug, fault: Fault) -> None:
    simulator, sensor = plug()
    sensor.calibration = SensorCalibration(size=(256, 288))
    sensor.open()
    simulator.fault(fault)
    simulator.fault(fault)
    with pytest.raises((MalformedError, RoadError)):
        sensor.capture()
    image = sensor.capture()
    assert image is not None
    assert np.array_equal(image.image, (ridges(288, 256) >> 4) * 17)


def test_silence_is_an_error_and_the_next_question_is_answered(plug: Plug) -> None:
    simulator, sensor = plug()
    sensor.open()
    simulator.fault(Fault.SILENCE)
    with pytest.raises(RoadError, match="does not answer GEN_IMG"):
        sensor.capture()
    assert sensor.capture() is not None


@pytest.mark.parametrize(("code", "words"), [(0x03, "clean the glass"), (0x29, "replace it"), (0xEE, "0xEE")])
def test_error_codes_are_said_in_words(plug: Plug, code: int, words: str) -> None:
    simulator, sensor = plug()
    sensor.open()
    simulator.fault(Fault.CODE, code)
    with pytest.raises(RoadError, match=words):
        sensor.capture()


def test_unplugged_between_and_during_images_and_back(plug: Plug) -> None:
    simulator, sensor = plug()
    sensor.open()
    simulator.plug_out()
    with pytest.raises(RoadError, match="plug it in"):
        sensor.present()
    with pytest.raises(RoadError, match="plug"):
        sensor.open()
    simulator.plug_in()
    sensor.open()
    simulator.fault(Fault.UNPLUGGED)
    with pytest.raises(RoadError, match="plug it in"):
        sensor.capture()
    with pytest.raises(RoadError, match="not open"):
        sensor.capture()
    simulator.plug_in()
    sensor.open()
    assert sensor.capture() is not None


def test_a_missing_port_is_said_at_once(tmp_path: Path) -> None:
    sensor = SensorR503(SensorSettings(str(tmp_path / "absent"), wanted_baud=BAUD))
    with pytest.raises(RoadError, match="No such file or directory; plug the sensor in, or name its port"):
        sensor.open()
    with pytest.raises(RoadError, match="not open"):
        sensor.capture()
    sensor.close()


def test_a_busy_port_is_said(plug: Plug) -> None:
    _, sensor = plug()
    sensor.open()
    with pytest.raises(RoadError, match="cannot open"):
        SensorR503(sensor.settings).open()
    assert sensor.capture() is not None


@pytest.mark.parametrize("settings", [{"baud": 12_345}, {"wanted_baud": 1}, {"packet_size": 100}])
def test_settings_outside_the_protocol_are_refused(settings: dict[str, int]) -> None:
    with pytest.raises(MalformedError, match="is none of"):
        SensorSettings("/dev/null", **settings)


def test_calibration_turns_the_image(plug: Plug) -> None:
    _, sensor = plug()
    sensor.calibration = SensorCalibration(dpi=508, rotation=180, invert=True)
    sensor.open()
    image = sensor.capture()
    assert image is not None
    assert image.dpi == 508
    assert np.array_equal(image.image, 255 - ((ridges(288, 256) >> 4) * 17)[::-1, ::-1])


def test_a_format_that_is_not_the_sensor_s_is_refused(plug: Plug) -> None:
    _, sensor = plug(R503)
    sensor.calibration = SensorCalibration(size=(256, 288))
    sensor.open()
    with pytest.raises(MalformedError, match="288 rows"):
        sensor.capture()


def test_endless_noise_is_not_listened_to_for_ever() -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    stop = threading.Event()
    thread = threading.Thread(target=_babble, args=(master, stop), daemon=True)
    thread.start()
    sensor = SensorR503(SensorSettings(os.ttyname(slave)))
    try:
        with pytest.raises(RoadError, match="noise"):
            sensor.open()
    finally:
        stop.set()
        sensor.close()
        thread.join(5)
        os.close(master)
        os.close(slave)


def _babble(master: int, stop: threading.Event) -> None:
    os.set_blocking(master, False)
    while not stop.wait(0.001):
        with contextlib.suppress(BlockingIOError):
            os.write(master, b"\xef\x02\x55" * 100)


def test_the_conversation_byte_by_byte() -> None:
    """A module made of printed bytes alone: nothing of our own encoding on the other side."""
    said = [
        ("EF01FFFFFFFF010003400044", "55 EF01FFFFFFFF07000300000A"),
        ("EF01FFFFFFFF01000713000000 00001B", "EF01FFFFFFFF07000300000A"),
        ("EF01FFFFFFFF0100030F0013", "EF01FFFFFFFF070013000000000000C80003FFFFFFFF000200 0604E9"),
        ("EF01FFFFFFFF0100033C0040", "EF01FFFFFFFF070003FC0106"),
        ("EF01FFFFFFFF0100030F0013", "EF01FFFFFFFF070013000000000000C80003FFFFFFFF000200 0604E9"),
        ("EF01FFFFFFFF010003010005", "EF01FFFFFFFF07000302000C"),
        ("EF01FFFFFFFF010003010005", "EF01FFFFFFFF07000300000A"),
        ("EF01FFFFFFFF0100030A000E", "EF01FFFFFFFF07000300000A" + _image_packets()),
    ]
    master, slave = pty.openpty()
    tty.setraw(slave)
    heard: list[str] = []
    thread = threading.Thread(target=_recite, args=(master, said, heard), daemon=True)
    thread.start()
    sensor = SensorR503(SensorSettings(os.ttyname(slave)))
    try:
        sensor.open()
        assert not sensor.present()
        image = sensor.capture()
    finally:
        sensor.close()
        thread.join(5)
        os.close(master)
        os.close(slave)
    assert heard == [command.replace(" ", "") for command, _ in said]
    assert image is not None
    assert image.image.shape == (288, 256)
    assert image.image[0, :4].tolist() == [0x11, 0x22, 0x11, 0x22]


def _image_packets() -> str:
    """288 packets of 128 bytes 0x12: length 0x0082, sum 128 * 0x12 + 0x82 + identifier."""
    body = "12" * 128
    data = "EF01FFFFFFFF020082" + body + f"{128 * 0x12 + 0x82 + 2:04X}"
    return data * 287 + "EF01FFFFFFFF080082" + body + f"{128 * 0x12 + 0x82 + 8:04X}"


def _recite(master: int, said: list[tuple[str, str]], heard: list[str]) -> None:
    for command, answer in said:
        data = b""
        while len(data) < len(bytes.fromhex(command)):
            data += os.read(master, len(bytes.fromhex(command)) - len(data))
        heard.append(data.hex().upper())
        rest = bytes.fromhex(answer)
        while rest:
            rest = rest[os.write(master, rest) :]
