"""The presence check sees what it says it was tested against, and lets real prints pass."""

import cv2
import numpy as np
import pytest

from sallyport_biometrics.finger.presence import Suspicion, presence


@pytest.fixture(scope="module")
def finger_image(samples):
    return cv2.imread(str(samples / "finger-a-1.png"), cv2.IMREAD_GRAYSCALE)


def again(image: np.ndarray) -> np.ndarray:
    """The same touch a moment later: sensor noise."""
    noise = np.random.default_rng(2).normal(0, 2, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def test_two_captures_of_a_finger_pass(finger_image):
    found = presence(finger_image, again(finger_image))
    assert found.suspicions == ()
    assert found.attack_score == 0.0
    assert found.periodic > 0.8


def test_the_same_picture_twice_is_a_replay(finger_image):
    assert presence(finger_image, finger_image.copy()).suspicions == (Suspicion.FROZEN,)


def test_another_finger_between_the_captures_is_seen(finger_image, samples):
    other = cv2.imread(str(samples / "finger-b-1.png"), cv2.IMREAD_GRAYSCALE)
    assert Suspicion.CHANGED in presence(finger_image, cv2.rotate(again(other), cv2.ROTATE_180)).suspicions
    assert Suspicion.CHANGED in presence(finger_image, again(other)[:-20]).suspicions


@pytest.mark.parametrize("tone", [0, 255])
def test_a_blank_sensor_has_no_ridges(tone: int) -> None:
    found = presence(np.full((300, 300), tone, np.uint8))
    assert found.suspicions == (Suspicion.NO_RIDGES,)
    assert found.attack_score == 1.0


def test_lines_are_not_a_finger():
    wave = 128 + 100 * np.sin(np.arange(300) / 9 * 2 * np.pi)
    grating = np.broadcast_to(wave.astype(np.uint8), (300, 300)).copy()
    assert Suspicion.GRATING in presence(grating).suspicions


def test_a_coarse_picture_is_not_periodic_like_ridges():
    rng = np.random.default_rng(5)
    picture = cv2.GaussianBlur(rng.normal(size=(300, 300)).astype(np.float32), (0, 0), 9)
    image = np.clip(128 + 60 * picture / picture.std(), 0, 255).astype(np.uint8)
    assert Suspicion.NOT_PERIODIC in presence(image).suspicions


def test_real_prints_pass(prints):
    for path in sorted(prints.glob("*/*_1.png"))[::4]:
        image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        assert presence(image, again(image)).suspicions == (), path.name
