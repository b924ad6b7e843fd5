"""The libfprint driver against the real library's own virtual sensor, in a process that sees the system's gi."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sallyport_kiosk.drivers.sensor_libfprint import LibfprintSensor
from sallyport_protocol.errors import RoadError

SYSTEM = Path("/usr/lib/python3/dist-packages")

PROGRAM = """
import os, socket, struct, sys, threading, time
sys.path.append("/usr/lib/python3/dist-packages")
import numpy as np
from sallyport_kiosk.drivers import sensor_libfprint
from sallyport_kiosk.drivers.sensor_libfprint import LibfprintSensor
from sallyport_protocol.errors import RoadError

def say(*numbers, data=b""):
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(os.environ["FP_VIRTUAL_IMAGE"])
        line.sendall(struct.pack("ii", *numbers) + data)

def lay(image, after=0.1):
    def run():
        time.sleep(after)
        say(image.shape[1], image.shape[0], data=image.tobytes())
    threading.Thread(target=run, daemon=True).start()

image = np.random.default_rng(1).integers(0, 255, (120, 80), np.uint8)
sensor = LibfprintSensor(0)
sensor.open()
print("device", sensor.device)
say(-3, 0)  # fingers come and go by command alone
print("idle", sensor.present())
sensor_libfprint.GLANCE_S = 5.0
lay(image)
print("present", sensor.present())
taken = sensor.capture()
print("same", taken is not None and np.array_equal(taken.image, image), taken.dpi, taken.captured_ms > 0)
threading.Timer(0.2, lambda: say(-2, 0)).start()
try:
    sensor.capture()
    print("no error")
except RoadError as error:
    print("error", "plug it in again" in str(error))
sensor.close()
try:
    LibfprintSensor(7).open()
except RoadError as error:
    print("absent", error)
"""


def _system_has_libfprint() -> bool:
    probe = f"import sys; sys.path.append({str(SYSTEM)!r}); import gi; gi.require_version('FPrint', '2.0')"
    return subprocess.run([sys.executable, "-c", probe], capture_output=True, check=False).returncode == 0


def test_without_libfprint_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gi", None)
    with pytest.raises(RoadError, match="apt install"):
        LibfprintSensor(0).open()
    with pytest.raises(RoadError, match="not open"):
        LibfprintSensor(0).present()
    LibfprintSensor(0).close()


@pytest.mark.skipif(
    not _system_has_libfprint(), reason="libfprint is not installed (apt install gir1.2-fprint-2.0 python3-gi)"
)
def test_a_virtual_sensor_gives_its_image(tmp_path: Path) -> None:
    environment = os.environ | {"FP_VIRTUAL_IMAGE": str(tmp_path / "fprint")}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.splitlines() == [
        "device Virtual image device for debugging (virtual_image)",
        "idle False",
        "present True",
        "same True 500.0 True",
        "error True",
        "absent libfprint finds 1 sensors, none with number 7: plug it in",
    ], done.stderr
