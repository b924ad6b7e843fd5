"""The gate: what it refuses and what it tells the person."""

import numpy as np
import pytest

from sallyport_biometrics.finger.flow import Flow
from sallyport_biometrics.finger.minutiae import Minutiae
from sallyport_biometrics.finger.quality import Feedback, judge

SIDE = 288


def print_of(cells: tuple[slice, slice], dark: float = 0.45, contrast: int = 150) -> tuple[np.ndarray, Flow]:
    """An image of stripes under a mask of cells; `dark` is the share of ridge."""
    column = np.arange(SIDE) % 9 < 9 * dark
    image = np.broadcast_to(np.where(column, 210 - contrast, 210).astype(np.uint8), (SIDE, SIDE)).copy()
    mask = np.zeros((SIDE // 12, SIDE // 12), np.bool_)
    mask[cells] = True
    ones = np.ones(mask.shape, np.float32)
    return image, Flow(ones.astype(np.complex64), ones, ones, mask)


def minutiae(count: int, quality: float) -> Minutiae:
    ones = np.ones(count, np.float32)
    return Minutiae(ones, ones, ones, ones * np.float32(quality), ones)


FULL = (slice(2, 22), slice(3, 21))


def test_a_good_print_passes_without_advice():
    found = judge(*print_of(FULL), minutiae(40, 0.85))
    assert found.good
    assert found.advice == ()
    assert found.value == pytest.approx(0.85)


@pytest.mark.parametrize(
    ("picture", "found", "expected"),
    [
        (print_of((slice(0, 5), slice(0, 5))), minutiae(0, 0), Feedback.NO_FINGER),
        (print_of(FULL), minutiae(6, 0.5), Feedback.NOT_A_PRINT),
        (print_of((slice(8, 18), slice(8, 18))), minutiae(5, 0.9), Feedback.COVER_MORE),
    ],
)
def test_what_cannot_be_used_is_refused(picture: tuple, found: Minutiae, expected: Feedback) -> None:
    quality = judge(*picture, found)
    assert quality.refusal is expected
    assert not quality.good
    assert quality.advice


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (print_of((slice(0, 14), slice(0, 20))), Feedback.MOVE_TO_CENTRE),
        (print_of(FULL, dark=0.75), Feedback.PRESS_LIGHTER),
        (print_of(FULL, dark=0.12), Feedback.MOISTEN),
        (print_of(FULL, contrast=30), Feedback.PRESS_HARDER),
        (print_of((slice(5, 19), slice(5, 19))), Feedback.COVER_MORE),
        (print_of(FULL), Feedback.AGAIN),
    ],
)
def test_a_poor_print_gets_advice_that_fits_it(picture: tuple, expected: Feedback) -> None:
    quality = judge(*picture, minutiae(20, 0.55))
    assert quality.refusal is None
    assert not quality.good
    assert quality.advice[0] is expected


def test_every_instruction_has_words():
    for feedback in Feedback:
        assert feedback.words.endswith(".")
