"""Colours for faces that were photographed without: skin, lips, a room and clothes. Pure and seeded.

Not like any person: photographs in colour are few, and a network that was shown mostly grey pictures would take colour
itself for a sign.
"""

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from sallyport_rig.recapture.camera import Picture
from sallyport_rig.recapture.scene import Photograph

Values = npt.NDArray[np.float32]


def tinted(photograph: Photograph, generator: np.random.Generator) -> Picture:
    """The picture of a photograph without colour, in colours of about the same luminance."""
    grey = photograph.picture.mean(axis=2).astype(np.float32)
    chroma = _room(grey, generator)
    skin = generator.uniform((9, -28), (32, -6)).astype(np.float32)
    for mask, colour in _regions(photograph, grey, skin, generator):
        chroma = chroma * (1 - mask[..., None]) + colour * mask[..., None]
    noise = generator.standard_normal((*grey.shape, 2), dtype=np.float32)
    chroma = cv2.GaussianBlur(chroma, (0, 0), 1.2) + cv2.GaussianBlur(noise, (0, 0), 1.0) * generator.uniform(0, 6)
    chroma = chroma * np.clip(np.sqrt(grey / 120), 0, 1.25)[..., None] + generator.normal(0, 2, 2).astype(np.float32)
    whole = np.dstack([grey, chroma + 128])
    return np.asarray(cv2.cvtColor(np.clip(whole, 0, 255).astype(np.uint8), cv2.COLOR_YCrCb2BGR), np.uint8)


def _room(grey: Values, generator: np.random.Generator) -> Values:
    """Red and blue differences of the background: a few patches, told apart by place and by luminance."""
    height, width = grey.shape
    rows, columns = int(generator.integers(2, 7)), int(generator.integers(2, 7))
    coarse = generator.normal(0, 14, (rows, columns, 2)).astype(np.float32)
    room = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    tones = generator.normal(0, 10, (5, 2)).astype(np.float32)
    return np.asarray(room + tones[np.clip(grey // 52, 0, 4).astype(int)], np.float32)


def _regions(
    photograph: Photograph, grey: Values, skin: Values, generator: np.random.Generator
) -> Iterator[tuple[Values, Values]]:
    """Where, 0 to 1, and in which red and blue difference: each over those before it."""
    rows, columns = np.mgrid[0 : grey.shape[0], 0 : grey.shape[1]].astype(np.float32)
    x, y = (columns - photograph.x) / photograph.face, (rows - photograph.y) / photograph.face
    wobble = cv2.resize(generator.normal(0, 1.5, (4, 4, 2)).astype(np.float32), grey.shape[::-1])
    hair = generator.uniform((0, -12), (10, 2)).astype(np.float32)
    clothes = generator.normal(0, 22, 2).astype(np.float32)
    head, face = np.hypot(x / 0.75, (y + 0.1) / 1.0), np.hypot(x / 0.52, y / 0.72)
    yield _soft(y, 0.85, generator), clothes
    yield 1 - _soft(head, 1.0, generator), hair
    yield (1 - _soft(np.abs(x), 0.3, generator)) * _soft(y, 0.3, generator) * (1 - _soft(y, 0.9, generator)), skin
    bright = np.clip((grey - np.median(grey[face < 1]) * 0.35) / 20, 0, 1)
    yield (1 - _soft(face, 1.0, generator)) * bright, skin + wobble
    lips = np.array([generator.uniform(2, 18), 2], np.float32)
    yield np.exp(-((x / 0.17) ** 2) - ((y - 0.37) / 0.07) ** 2), skin + lips


def _soft(values: Values, edge: float, generator: np.random.Generator) -> Values:
    """0 below the edge, 1 above it."""
    return np.asarray(1 / (1 + np.exp(np.clip((edge - values) * generator.uniform(15, 40), -30, 30))), np.float32)
