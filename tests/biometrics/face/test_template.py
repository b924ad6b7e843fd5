"""Templates keep their bytes, refuse damage, and compare only with their own kind."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sallyport_biometrics.face.compare import compare
from sallyport_biometrics.face.embed import unit
from sallyport_biometrics.face.template import FaceTemplate, aggregate
from sallyport_biometrics.face.words import Embedding
from sallyport_protocol.errors import MalformedError

MODELS = (bytes(range(32)), bytes(range(32, 64)))


def embedding(seed: int, dimensions: int = 128) -> Embedding:
    return unit(np.random.default_rng(seed).normal(size=dimensions).astype(np.float32))


def template(seed: int = 0) -> FaceTemplate:
    return aggregate([(embedding(seed), 0.5), (embedding(seed), 1.0)], MODELS)


def test_round_trip_is_exact() -> None:
    made = template()
    read = FaceTemplate.from_bytes(made.to_bytes())
    assert read.to_bytes() == made.to_bytes()
    assert (read.frames, read.quality, read.models) == (2, 0.75, MODELS)
    assert compare(made, read) == pytest.approx(1.0, abs=1e-6)


def test_heavier_frames_pull_the_template() -> None:
    good, poor = embedding(1), embedding(2)
    mixed = aggregate([(good, 0.9), (poor, 0.1)], MODELS)
    assert float(mixed.embedding @ good) > float(mixed.embedding @ poor)


@pytest.mark.parametrize(
    "frames",
    [[], [(embedding(1), 0.0)], [(np.zeros(128, np.float32), 1.0)], [(embedding(1), 1.0), (-embedding(1), 1.0)]],
)
def test_nothing_usable_is_refused(frames: list[tuple[Embedding, float]]) -> None:
    with pytest.raises(ValueError, match=r"usable frame|contradict"):
        aggregate(frames, MODELS)


def test_other_models_never_compare() -> None:
    other = aggregate([(embedding(0), 1.0)], MODELS[:1])
    with pytest.raises(MalformedError, match="other face models"):
        compare(template(), other)


@given(cut=st.integers(0, 589))
def test_every_truncation_is_refused(cut: int) -> None:
    whole = template().to_bytes()
    assert len(whole) == 590
    with pytest.raises(MalformedError):
        FaceTemplate.from_bytes(whole[:cut])


@given(data=st.binary(max_size=400))
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        FaceTemplate.from_bytes(data)


def test_version_and_values_are_checked() -> None:
    whole = bytearray(template().to_bytes())
    whole[4] = 9
    with pytest.raises(MalformedError, match="version 9"):
        FaceTemplate.from_bytes(bytes(whole))
    whole[4] = 1
    whole[-4:] = b"\xff\xff\xff\x7f"  # not a number
    with pytest.raises(MalformedError, match="out of range"):
        FaceTemplate.from_bytes(bytes(whole))
