"""Record photographs: whole ones enrol, everything else is refused with what to do."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sallyport_biometrics.face.compare import compare
from sallyport_biometrics.face.photograph import decoded, enrolled, size_of
from sallyport_biometrics.face.pipeline import FacePipeline
from sallyport_biometrics.face.words import Image
from sallyport_protocol.errors import MalformedError


def coded(frame: Image, suffix: str = ".jpg") -> bytes:
    return bytes(cv2.imencode(suffix, frame)[1])


PLAIN = np.full((60, 48, 3), 90, np.uint8)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_sizes_are_read_before_unpacking(suffix: str) -> None:
    assert size_of(coded(PLAIN, suffix)) == (48, 60)
    assert decoded(coded(PLAIN, suffix)).shape == (60, 48, 3)


def test_a_bomb_is_not_unpacked() -> None:
    huge = bytearray(coded(PLAIN, ".png"))
    huge[16:24] = (12_000).to_bytes(4) + (9_000).to_bytes(4)
    with pytest.raises(MalformedError, match="12000x9000"):
        decoded(bytes(huge))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "neither"),
        (b"GIF89a" + bytes(50), "neither"),
        (b"\xff\xd8\xff\xe0\x00\x10" + bytes(30), "neither"),
        (coded(PLAIN)[:-30], "middle"),
        (coded(PLAIN, ".png")[:60], "damaged"),
        (bytes(20_000_001), "20 MB"),
    ],
)
def test_other_files_are_refused(data: bytes, why: str) -> None:
    with pytest.raises(MalformedError, match=why):
        decoded(data)


@given(st.binary(max_size=200))
def test_no_bytes_crash_it(data: bytes) -> None:
    for start in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"):
        with pytest.raises(MalformedError):
            decoded(start + data)


def test_a_record_photograph_enrols_and_compares(pipeline: FacePipeline, photograph: Callable[[str], Image]) -> None:
    record, other = enrolled(pipeline, coded(photograph("subject-a-2"))), photograph("subject-a-1")
    analysis = pipeline.analyse(other)
    assert analysis.face is not None and 0.0 < record.quality <= 1.0
    probe = pipeline.template([(pipeline.embed(other, analysis.face), 1.0)])
    assert compare(probe, record) > 0.5


@pytest.mark.parametrize("count", [0, 2, 10])
def test_no_face_or_several_do_not_enrol(
    pipeline: FacePipeline, photograph: Callable[[str], Image], count: int
) -> None:
    face = photograph("subject-a-1")
    frame = np.hstack([face] * count) if count else np.full((480, 640, 3), 128, np.uint8)
    with pytest.raises(MalformedError, match=r"NO_FACE|SEVERAL_FACES|TOO_FAR"):
        enrolled(pipeline, coded(frame))
