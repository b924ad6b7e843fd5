"""The camera that takes the second photograph: from light on the sensor to the bytes of a JPEG. Pure and seeded."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Light = npt.NDArray[np.float32]
"""[H, W, 3] float32, linear, blue green red; 1.0 is the white of a well exposed scene."""
Picture = npt.NDArray[np.uint8]
"""[H, W, 3] uint8, blue green red."""
LEVELS: Final = 4095.0
"""Of a 12-bit converter."""
RENDERED: Final = 2.0
"""Photosites for each pixel that are simulated one by one; what a finer mosaic adds is worked out (`media.beat`)."""


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera's habits; each capture varies about them."""

    oversampling: float
    """photosites for each pixel of the picture, along one side"""
    lens: float
    """standard deviation of the lens's blur, photosites; most of these cameras have no low-pass filter"""
    electrons: float
    """of a photosite at white and lowest gain: shot noise is its root"""
    gain: float
    """greatest analogue gain that the scene's light asks for"""
    read_noise: float
    """electrons"""
    smoothing: float
    """standard deviation of noise reduction, photosites"""
    sharpening: float
    """share of the lost detail that is added again"""
    saturation: float
    curve: float
    """0: the transfer function alone; 1: a strong S"""
    flare: float
    """greatest share of the picture's mean light that lens and body scatter over all of it"""
    quality: tuple[int, int]
    """range of JPEG quality"""


CAMERAS: Final = MappingProxyType(
    {
        "module": Camera(5.0, 0.35, 5000, 4, 3.0, 0.4, 0.5, 1.0, 0.2, 0.04, (85, 96)),
        "webcam": Camera(1.5, 0.30, 4000, 8, 4.0, 0.5, 1.0, 1.1, 0.4, 0.06, (60, 90)),
        "phone": Camera(6.0, 0.40, 4000, 4, 2.0, 0.6, 0.8, 1.2, 0.5, 0.03, (80, 95)),
        "dim": Camera(2.5, 0.45, 3000, 24, 4.0, 1.0, 0.6, 0.9, 0.1, 0.06, (70, 92)),
        "still": Camera(6.0, 0.30, 4000, 4, 2.0, 0.5, 0.5, 1.1, 0.4, 0.03, (80, 97)),
    }
)
"""A camera module on a board, a webcam, a telephone, a module in poor light, and a still camera scaled down."""


def expose(light: Light, camera: Camera, shape: tuple[int, int], generator: np.random.Generator) -> Picture:
    """The picture of `shape` (height, width) that this camera makes of the light on its photosites."""
    mosaic = _mosaic(_defocused(light, camera, generator), camera, generator)
    developed = _developed(mosaic, camera, generator)
    scaled = cv2.resize(developed, shape[::-1], interpolation=cv2.INTER_AREA)
    return _compressed(_sharpened(np.asarray(scaled, np.float32), camera), camera, generator)


def rendered(camera: Camera) -> float:
    """Photosites for each pixel of the picture that are simulated."""
    return min(camera.oversampling, RENDERED)


def transfer(frequency: float, camera: Camera) -> float:
    """What lens and photosite leave of a pattern's contrast; cycles a photosite."""
    lens = np.exp(-2.0 * (np.pi * camera.lens * frequency) ** 2)
    return float(lens * abs(np.sinc(frequency)))


def linear(picture: Picture) -> Light:
    """Light from sRGB (IEC 61966-2-1)."""
    value = np.arange(256) / 255.0
    table = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return np.asarray(table[picture], np.float32)


def _defocused(light: Light, camera: Camera, generator: np.random.Generator) -> Light:
    """Focus is never perfect, hands and heads move a little; the lens itself is in the patterns' transfer already."""
    blurred = cv2.GaussianBlur(light, (0, 0), camera.lens + abs(generator.normal(0.0, 0.4)))
    length = int(generator.integers(1, 4)) if generator.random() < 0.3 else 1
    if length > 1:
        kernel = np.eye(length, dtype=np.float32) if generator.random() < 0.5 else np.ones((1, length), np.float32)
        blurred = cv2.filter2D(blurred, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred + light.mean() * generator.uniform(0.0, camera.flare), np.float32)


def _mosaic(light: Light, camera: Camera, generator: np.random.Generator) -> npt.NDArray[np.uint16]:
    """One colour at each photosite (blue first), with shot and read noise, in steps of the converter."""
    height, width = light.shape[:2]
    raw = np.empty((height, width), np.float32)
    raw[0::2, 0::2] = light[0::2, 0::2, 0]
    raw[0::2, 1::2] = light[0::2, 1::2, 1]
    raw[1::2, 0::2] = light[1::2, 0::2, 1]
    raw[1::2, 1::2] = light[1::2, 1::2, 2]
    gain = float(np.exp(generator.uniform(0.0, np.log(camera.gain))))
    full = camera.electrons / gain
    electrons = np.maximum(raw, 0.0) * full
    spread = np.sqrt(electrons + camera.read_noise**2)
    noisy = electrons + spread * generator.standard_normal((height, width), dtype=np.float32)
    return np.asarray(np.clip(noisy / full * LEVELS, 0, LEVELS), np.uint16)


def _developed(mosaic: npt.NDArray[np.uint16], camera: Camera, generator: np.random.Generator) -> Light:
    """Demosaicing, noise reduction, white balance, saturation and tone: [H, W, 3] float32, 0 to 255."""
    code = cv2.COLOR_BayerRGGB2BGR if generator.random() < 0.5 else cv2.COLOR_BayerRGGB2BGR_EA
    colour = np.asarray(cv2.cvtColor(mosaic, code), np.float32)[..., ::-1] / LEVELS
    smooth = cv2.GaussianBlur(np.ascontiguousarray(colour), (0, 0), max(0.05, camera.smoothing))
    balanced = smooth * generator.normal(1.0, (0.06, 0.02, 0.06)).astype(np.float32)
    grey = balanced.mean(axis=2, keepdims=True)
    vivid = np.clip(grey + (balanced - grey) * camera.saturation, 0.0, 1.0)
    tone = np.where(vivid <= 0.0031308, 12.92 * vivid, 1.055 * np.power(np.maximum(vivid, 1e-6), 1 / 2.4) - 0.055)
    curve = camera.curve * float(generator.uniform(0.5, 1.0))
    curved = (1 - curve) * tone + curve * (3 * tone**2 - 2 * tone**3)
    return np.asarray(255.0 * curved, np.float32)


def _sharpened(picture: Light, camera: Camera) -> Picture:
    soft = cv2.GaussianBlur(picture, (0, 0), 1.0)
    return np.asarray(np.clip(picture + camera.sharpening * (picture - soft), 0, 255), np.uint8)


def _compressed(picture: Picture, camera: Camera, generator: np.random.Generator) -> Picture:
    quality = int(generator.integers(*camera.quality, endpoint=True))
    _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
