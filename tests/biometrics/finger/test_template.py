"""Template bytes: compact, canonical, versioned; anything else is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sallyport_biometrics.finger import FingerTemplate, parameters
from sallyport_biometrics.finger.minutiae import Minutiae
from sallyport_protocol.errors import MalformedError

FROZEN = bytes.fromhex(
    "53504601"
    + "ab" * 32
    + "80"
    + "0203"
    + "0405"
    + "02"
    + "0a001400"
    + "40ff80"
    + "2c01c800"
    + "c08000"
    + "000102030405"
)
"""Version 1, written once: do not change it, raise the version."""


def test_the_frozen_bytes_still_read():
    template = FingerTemplate.from_bytes(FROZEN)
    assert template.to_bytes() == FROZEN
    assert template.model == b"\xab" * 32
    assert template.flow.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert template.origin == (4, 5)
    minutiae = template.minutiae()
    assert minutiae.x.tolist() == [10, 300]
    assert minutiae.direction == pytest.approx([np.pi / 2, -np.pi / 2])
    assert template.quality == pytest.approx(128 / 255)


def test_bytes_and_template_tell_the_same(finger):
    template = finger(1).impression()
    assert FingerTemplate.from_bytes(template.to_bytes()) == template
    assert len(template.to_bytes()) < 1_500
    assert "minutiae" in repr(template)
    assert len({template, FingerTemplate.from_bytes(template.to_bytes())}) == 1


@pytest.mark.parametrize(
    "content",
    [b"", FROZEN[:-1], FROZEN + b"\0", b"X" + FROZEN[1:], FROZEN[:3] + b"\2" + FROZEN[4:], bytes(40_000)],
)
def test_other_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(MalformedError):
        FingerTemplate.from_bytes(content)


@given(st.binary(max_size=200))
def test_noise_is_refused(content: bytes) -> None:
    with pytest.raises(MalformedError):
        FingerTemplate.from_bytes(content)


@given(st.integers(0, len(FROZEN) - 1), st.integers(0, 255))
def test_a_changed_byte_is_refused_or_reads_as_itself(at: int, value: int) -> None:
    changed = FROZEN[:at] + bytes([value]) + FROZEN[at + 1 :]
    try:
        template = FingerTemplate.from_bytes(changed)
    except MalformedError:
        return
    assert template.to_bytes() == changed
    len(template.described)


def test_only_the_best_minutiae_are_kept():
    count = 4 * parameters.MAX_MINUTIAE
    values = np.linspace(0, 1, count, dtype=np.float32)
    template = FingerTemplate.of(bytes(32), 0.5, Minutiae(values, values, values, values, values), None)
    assert len(template) == parameters.MAX_MINUTIAE
    assert template.minutiae().quality.min() > 0.7
