"""ISO/IEC 19794-2 records: both versions round trip; corrupt ones are refused, never crash."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sallyport_biometrics.finger import FingerTemplate, compare, iso19794
from sallyport_biometrics.finger.minutiae import Minutiae
from sallyport_protocol.errors import MalformedError

MINUTIA = "4064" + "00c8" + "40" + "50"
RECORD_2005 = bytes.fromhex(
    "464d520020323000" + "00000024" + "0000" + "012c0190" + "00c500c5" + "0100" + "02004101" + MINUTIA + "0000"
)


def record_2011(certified: bool = False) -> bytes:
    """One finger, two quality scores, five-byte minutiae; field by field from the standard's tables."""
    view = bytes.fromhex("070000c500c500012c01905001" + MINUTIA[:-2] + "0000")
    qualities = bytes.fromhex("024100010002ff00030004")
    certificates = bytes.fromhex("01000102") if certified else b""
    body = b"\xff" * 9 + bytes(5) + qualities + certificates + view
    length = len(body) + 4
    head = b"FMR\x00030\0" + (15 + length).to_bytes(4, "big") + b"\0\1" + bytes([certified])
    return head + length.to_bytes(4, "big") + body


SEEDS = (RECORD_2005, record_2011(), record_2011(True))


def template(count: int = 20) -> FingerTemplate:
    rng = np.random.default_rng(3)
    x, y, quality, ending = rng.random((4, count)).astype(np.float32)
    direction = rng.uniform(-np.pi, np.pi, count).astype(np.float32)
    return FingerTemplate.of(iso19794.NO_MODEL, 0.7, Minutiae(x * 300, y * 400, direction, quality, ending), None)


@pytest.mark.parametrize("record", SEEDS)
def test_a_record_by_hand(record: bytes) -> None:
    (view,) = iso19794.read(record)
    assert (view.width, view.height, view.quality, view.per_cm) == (300, 400, 0x41, (197, 197))
    x, y, angle, kind, _ = view.points[0]
    assert (x, y, angle, kind) == (100, 200, 64, 1)
    assert view.template().minutiae().direction[0] == pytest.approx(np.pi / 2)


def test_positions():
    assert [iso19794.read(record)[0].position for record in SEEDS] == [2, 7, 7]


@pytest.mark.parametrize("version", [2005, 2011])
def test_what_is_written_reads_back(version: int) -> None:
    before = template()
    (view,) = iso19794.read(iso19794.write(before, version, position=4))
    after = view.template()
    assert view.position == 4
    assert np.abs(np.sort(after.points["x"]) - np.sort(before.points["x"]).astype(int)).max() <= 1
    assert sorted(after.points["direction"]) == sorted(before.points["direction"])
    assert compare(before, after) > 0.5


@pytest.mark.parametrize("version", [2005, 2011])
def test_an_empty_template_is_a_record_too(version: int) -> None:
    (view,) = iso19794.read(iso19794.write(template(0), version))
    assert len(view.template()) == 0


def test_other_versions_are_not_written():
    with pytest.raises(ValueError, match="2005"):
        iso19794.write(template(), 2009)
    with pytest.raises(ValueError, match="position"):
        iso19794.write(template(), 2005, position=11)


def test_the_resolution_counts():
    record = bytearray(RECORD_2005)
    record[18:22] = (394).to_bytes(2, "big") * 2
    assert iso19794.read(bytes(record))[0].template().points[0]["x"] == 50


@given(st.sampled_from(SEEDS), st.integers(0, 60), st.integers(0, 255), st.integers(0, 80))
def test_changed_or_cut_records_are_refused_or_read(seed: bytes, at: int, value: int, end: int) -> None:
    record = bytearray(seed)
    record[at % len(record)] = value
    for content in (bytes(record), bytes(record[:end])):
        try:
            views = iso19794.read(content)
        except MalformedError:
            continue
        for view in views:
            assert len(view.template()) <= 96


@given(st.binary(max_size=120), st.sampled_from([b"", b"FMR\0 20\0", b"FMR\x00030\0"]))
def test_noise_is_refused(noise: bytes, magic: bytes) -> None:
    with pytest.raises(MalformedError):
        iso19794.read(magic + noise + b"!")


def test_bytes_after_the_record_are_refused():
    with pytest.raises(MalformedError):
        iso19794.read(RECORD_2005 + b"\0")
