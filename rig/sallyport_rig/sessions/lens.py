"""The kiosk's camera through one session: its habits stay, its noise is new in every frame. Fast enough for video."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.words import Image
from sallyport_rig.moving_face import HEIGHT, WIDTH
from sallyport_rig.recapture.camera import LEVELS, Camera, Light

SITES: Final = (600, 800)
"""Rows and columns of photosites."""
PER_PIXEL: Final = SITES[1] / WIDTH
KIOSK: Final = Camera(PER_PIXEL, 0.30, 5000, 3, 3.0, 0.4, 0.6, 1.05, 0.3, 0.04, (85, 95))
"""A camera module on a board, in a lit lobby."""
FACE_LIGHT: Final = (0.16, 0.28)
"""Linear light of the face after automatic exposure, as a share of white."""
_SPARE: Final = 128


class Lens:
    """Makes pictures of light on the photosites; exposure is set by the first and kept."""

    def __init__(self, generator: np.random.Generator) -> None:
        self._random = generator
        self._focus = KIOSK.lens + abs(float(generator.normal(0.0, 0.3)))
        self._flare = float(generator.uniform(0.0, KIOSK.flare))
        self._full = KIOSK.electrons / float(np.exp(generator.uniform(0.0, np.log(KIOSK.gain))))
        self._target = float(generator.uniform(*FACE_LIGHT))
        self._quality = int(generator.integers(*KIOSK.quality, endpoint=True))
        balance = generator.normal(1.0, (0.05, 0.02, 0.05))
        grey = np.full((3, 3), (1 - KIOSK.saturation) / 3)
        self._colours = (grey + KIOSK.saturation * np.eye(3)) @ np.diag(balance)
        self._tone = _tone(KIOSK.curve * float(generator.uniform(0.5, 1.0)))
        size = (SITES[0] + _SPARE, SITES[1] + _SPARE)
        self._noise = generator.standard_normal(size, dtype=np.float32)
        self._gain: float | None = None

    def picture(self, light: Light) -> Image:
        """[480, 640, 3], blue green red. `light` is [600, 800, 3], linear; white in the room is about 1."""
        if self._gain is None:
            face = light[SITES[0] // 3 : -SITES[0] // 3, SITES[1] * 2 // 5 : -SITES[1] * 2 // 5]
            self._gain = self._target / max(1e-4, float(face.mean()))
        seen = cv2.GaussianBlur(light * self._gain, (0, 0), self._focus)
        raw = self._noisy(_mosaic(np.asarray(seen + seen.mean() * self._flare, np.float32)))
        colour = cv2.cvtColor(raw, cv2.COLOR_BayerRGGB2RGB)  # the first photosite is blue
        smooth = cv2.GaussianBlur(colour, (0, 0), KIOSK.smoothing)
        balanced = cv2.transform(smooth.astype(np.float32), self._colours)
        toned = self._tone[np.clip(balanced, 0, LEVELS).astype(np.uint16)]
        small = cv2.resize(toned, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        sharp = cv2.addWeighted(
            small, 1 + KIOSK.sharpening, cv2.GaussianBlur(small, (0, 0), 1.0), -KIOSK.sharpening, 0.0
        )
        coded = cv2.imencode(".jpg", sharp, [cv2.IMWRITE_JPEG_QUALITY, self._quality])[1]
        return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)

    def _noisy(self, raw: Light) -> npt.NDArray[np.uint16]:
        """Shot and read noise, in steps of the converter."""
        top, left = (int(at) for at in self._random.integers(0, _SPARE, 2))
        noise = self._noise[top : top + SITES[0], left : left + SITES[1]]
        noise = noise[:, ::-1] if self._random.random() < 0.5 else noise
        electrons = np.maximum(raw, 0.0) * np.float32(self._full)
        electrons += np.sqrt(electrons + KIOSK.read_noise**2) * noise
        return np.asarray(np.clip(electrons * (LEVELS / self._full), 0, LEVELS), np.uint16)


def _mosaic(light: Light) -> Light:
    """One colour at each photosite, blue first."""
    raw = np.empty(light.shape[:2], np.float32)
    raw[0::2, 0::2] = light[0::2, 0::2, 0]
    raw[0::2, 1::2] = light[0::2, 1::2, 1]
    raw[1::2, 0::2] = light[1::2, 0::2, 1]
    raw[1::2, 1::2] = light[1::2, 1::2, 2]
    return raw


def _tone(curve: float) -> npt.NDArray[np.uint8]:
    """[4096]: levels of the converter to 0 to 255 (IEC 61966-2-1 and an S)."""
    value = np.arange(int(LEVELS) + 1) / LEVELS
    tone = np.where(value <= 0.0031308, 12.92 * value, 1.055 * np.power(np.maximum(value, 1e-6), 1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * ((1 - curve) * tone + curve * (3 * tone**2 - 2 * tone**3))), np.uint8)
