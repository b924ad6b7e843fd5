"""Extraction with the real network: real fingers match, everything else has a clear outcome."""

import cv2
import numpy as np
import pytest

from sallyport_biometrics.finger import Feedback, FingerExtractor, FingerRefusal, FingerTemplate, compare
from sallyport_protocol.errors import MalformedError

MATCH, NO_MATCH = 0.7, 0.5


def photograph(seed: int = 4) -> np.ndarray:
    """Natural-image statistics: noise whose spectrum falls with frequency, with soft edges."""
    rng = np.random.default_rng(seed)
    layers = [
        cv2.GaussianBlur(rng.normal(size=(360, 300)).astype(np.float32), (0, 0), scale) * scale for scale in (1, 4, 16)
    ]
    total = sum(layers)
    return np.clip(128 + 40 * total / np.std(total), 0, 255).astype(np.uint8)


def stripes() -> np.ndarray:
    wave = 128 + 100 * np.sin(np.arange(300) / 9 * 2 * np.pi)
    return np.broadcast_to(wave.astype(np.uint8), (300, 300)).copy()


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((300, 300), np.uint8),
        np.full((300, 300), 255, np.uint8),
        np.full((96, 96), 90, np.uint8),
        np.random.default_rng(1).integers(0, 256, (300, 300), np.uint8),
        stripes(),
        photograph(),
    ],
    ids=["black", "saturated", "small", "noise", "stripes", "photograph"],
)
def test_what_is_no_finger_is_refused_with_advice(extractor: FingerExtractor, image: np.ndarray) -> None:
    found = extractor.extract(image)
    assert isinstance(found, FingerRefusal)
    assert found.feedback in {Feedback.NO_FINGER, Feedback.NOT_A_PRINT, Feedback.COVER_MORE}


def test_a_model_of_other_bytes_is_refused():
    with pytest.raises(MalformedError, match="sallyport-models fetch"):
        FingerExtractor(b"not a network")


@pytest.fixture(scope="module")
def fingers(samples):
    names = ("finger-a-1.png", "finger-a-2.png", "finger-b-1.png")
    return [cv2.imread(str(samples / name), cv2.IMREAD_GRAYSCALE) for name in names]


def template(extractor: FingerExtractor, image: np.ndarray, dpi: float = 500) -> FingerTemplate:
    found = extractor.extract(image, dpi)
    assert isinstance(found, FingerTemplate)
    return found


def test_impressions_of_one_finger_match_and_of_two_do_not(extractor, fingers):
    a1, a2, b1 = (template(extractor, image) for image in fingers)
    assert compare(a1, a2) > MATCH
    assert compare(a1, b1) < NO_MATCH
    assert compare(a2, b1) < NO_MATCH
    assert a1.model == extractor.model


def test_extraction_is_deterministic(extractor, fingers):
    assert template(extractor, fingers[0]).to_bytes() == template(extractor, fingers[0]).to_bytes()


@pytest.mark.parametrize("degrees", [-30, 30])
def test_a_turned_finger_still_matches(extractor, fingers, degrees):
    height, width = fingers[0].shape
    motion = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    turned = cv2.warpAffine(fingers[0], motion, (width, height), borderValue=(255,))
    assert compare(template(extractor, turned), template(extractor, fingers[1])) > MATCH


@pytest.mark.parametrize("change", ["upside down", "mirrored", "flipped"])
def test_a_wrongly_mounted_sensor_never_matches(extractor, fingers, change):
    codes = {"upside down": cv2.ROTATE_180}
    image = (
        cv2.rotate(fingers[0], codes[change]) if change in codes else cv2.flip(fingers[0], int(change == "mirrored"))
    )
    found = extractor.extract(np.ascontiguousarray(image))
    assert isinstance(found, FingerRefusal) or compare(found, template(extractor, fingers[1])) < NO_MATCH


def test_the_resolution_is_a_parameter(extractor, fingers):
    fine = cv2.resize(fingers[0], None, fx=1.6, fy=1.6, interpolation=cv2.INTER_CUBIC)
    assert compare(template(extractor, fine, dpi=800), template(extractor, fingers[1])) > MATCH


def test_two_impressions_of_each_real_finger(extractor, prints):
    """A handful of each set: a smoke test of accuracy, not an evaluation."""
    for folder in sorted(path for path in prints.iterdir() if path.is_dir()):
        first = sorted({path.stem.split("_")[0] for path in folder.glob("*.png")})[0]
        images = [cv2.imread(str(folder / f"{first}_{number}.png"), cv2.IMREAD_GRAYSCALE) for number in (1, 2)]
        one, two = (template(extractor, image) for image in images)
        assert compare(one, two) > NO_MATCH, folder.name
