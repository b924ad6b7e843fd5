"""Whatever bytes a module answers with, the driver ends with an image, nothing, or an error of ours; never a crash."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sallyport_kiosk.drivers import zhiantec_line
from sallyport_kiosk.drivers.sensor_r503 import SensorR503, SensorSettings
from sallyport_kiosk.drivers.zhiantec import Identifier, Packet
from sallyport_protocol.errors import MalformedError, RoadError


class Babbler:
    """A serial port whose other end answers each writing with the next of `answers`, then with silence."""

    answers: list[bytes]

    def __init__(self, *_: object, **__: object) -> None:
        self.is_open, self.baudrate, self.timeout = True, 57_600, 0.0
        self.waiting = b""

    def write(self, _: bytes) -> None:
        self.waiting += Babbler.answers.pop(0) if Babbler.answers else b""

    def read(self, count: int) -> bytes:
        data, self.waiting = self.waiting[:count], self.waiting[count:]
        return data

    def close(self) -> None:
        self.is_open = False


contents = st.binary(min_size=1, max_size=64) | st.binary(min_size=17, max_size=17).map(lambda rest: b"\0" + rest[1:])
packets = st.builds(lambda kind, content: Packet(kind, content).encode(), st.sampled_from(Identifier), contents)
damaged = st.builds(lambda data, at: data[: at % len(data)] + b"\x55" + data[at % len(data) :], packets, st.integers(0))
fine = st.just(Packet(Identifier.ACKNOWLEDGE, b"\0").encode())
answers = st.lists(st.lists(fine | packets | damaged | st.binary(max_size=40), max_size=4).map(b"".join), max_size=12)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answers=answers)
def test_any_answers_end_in_an_outcome(answers: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zhiantec_line.serial, "Serial", Babbler)
    monkeypatch.setattr("time.sleep", lambda _: None)
    Babbler.answers = answers
    sensor = SensorR503(SensorSettings("anywhere"))
    try:
        sensor.open()
        image = sensor.capture()
        assert image is None or image.image.size in (36_864 * 2, 18_432 * 2, 6_400 * 2)
    except (RoadError, MalformedError) as error:
        assert str(error)
    finally:
        sensor.close()
