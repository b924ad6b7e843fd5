"""What the network is shown: pictures from both teachers, cut out as a kiosk cuts them. Seeded; one stream an image."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.attack import without_bars
from sallyport_biometrics.face.detect import FaceDetector
from sallyport_biometrics.face.grids import spectra_about
from sallyport_biometrics.face.witness import patch_of, surround_of
from sallyport_biometrics.face.words import Box, Image
from sallyport_models.evaluate.attack_presentations import WIDEST, at_most
from sallyport_rig.recapture.camera import CAMERAS, Camera, Light, Picture
from sallyport_rig.recapture.captures import any_camera, attack, live, varied
from sallyport_rig.recapture.media import SPECIES
from sallyport_rig.recapture.scene import Photograph
from sallyport_rig.witness.marks import marked
from sallyport_rig.witness.tint import tinted

LIVE = "live"
CAPTURED, PLAIN = 2, 2
"""Of each image: live captures and plain photographs."""
ATTACKS, MARKED = 3, 3
"""Of each image: captured attacks and pictures with marks."""
RARE = {"screen-bezel": 0.35, "print-inkjet": 0.8}
"""Share of the species that take longest."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture, cut out."""

    surround: Image
    patch: Image
    spectra: npt.NDArray[np.float16]
    """[3, TILE, TILE / 2 + 1]"""
    kind: str
    """`live`, a species, or marks joined by plus; then the camera, `plain` or `marks`"""


def samples_of(
    photograph: Photograph, other: Picture, detector: FaceDetector, generator: np.random.Generator
) -> Iterator[Sample]:
    """All samples of one image; pictures in which no face is found are left out."""
    grey = bool(np.abs(photograph.picture.astype(int) - photograph.picture[..., 1:2]).mean() < 1)
    for kind, picture in _pictures(photograph, other, grey, generator):
        if (sample := cut(kind, picture, detector, generator)) is not None:
            yield sample


def _pictures(
    photograph: Photograph, other: Picture, grey: bool, generator: np.random.Generator
) -> Iterator[tuple[str, Picture]]:
    habits = [*CAMERAS, "any"]
    species = list(SPECIES)
    worth = np.array([RARE.get(name, 1.0) for name in species])

    def shown() -> Photograph:
        return (
            replace(photograph, picture=tinted(photograph, generator))
            if grey and generator.random() < 0.6
            else photograph
        )

    def camera() -> tuple[str, Camera]:
        habit = str(generator.choice(habits))
        return habit, any_camera(generator) if habit == "any" else varied(CAMERAS[habit], generator)

    captured = []
    for _ in range(CAPTURED):
        habit, taken = camera()
        captured.append(live(shown(), taken, generator))
        yield f"live {habit}", captured[-1]
    for _ in range(PLAIN):
        yield "live plain", finished(_sized(shown().picture, generator), generator)
    for name in generator.choice(species, ATTACKS, p=worth / worth.sum()):
        habit, taken = camera()
        yield f"{name} {habit}", attack(shown(), SPECIES[str(name)], taken, other, generator)
    for _ in range(MARKED):
        base = captured[int(generator.integers(CAPTURED))] if generator.random() < 0.4 else shown().picture
        light, marks = marked(_sized(base, generator), _sized(other, generator), generator)
        yield f"{'+'.join(marks)} marks", finished(light, generator)


def _sized(picture: Picture, generator: np.random.Generator) -> Light:
    """Larger or smaller, and lit otherwise: what any photograph may be."""
    scale = min(float(np.exp(generator.uniform(np.log(0.7), np.log(1.8)))), 520 / max(picture.shape[:2]))
    if generator.random() < 0.3:
        scale = min(1.0, 520 / max(picture.shape[:2]))
    method = cv2.INTER_AREA if scale < 1 else int(generator.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
    light = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=method), np.float32)
    if generator.random() < 0.5:
        return light
    lit = 255 * np.power(light / 255, generator.uniform(0.8, 1.25)) * generator.uniform(0.75, 1.1)
    grey = lit.mean(axis=2, keepdims=True)
    warm = np.exp(generator.normal(0, (0.05, 0.0, 0.05))).astype(np.float32)
    return np.asarray(np.clip((grey + (lit - grey) * generator.uniform(0.6, 1.3)) * warm, 0, 255), np.float32)


def finished(light: Light, generator: np.random.Generator) -> Picture:
    """Focus, noise and compression, alike for live faces and for marked ones."""
    if generator.random() < 0.35:
        light = np.asarray(cv2.GaussianBlur(light, (0, 0), generator.uniform(0.3, 1.5)), np.float32)
    if generator.random() < 0.25:
        light = light + generator.uniform(0.2, 1.0) * (light - cv2.GaussianBlur(light, (0, 0), 1.0))
    if generator.random() < 0.7:
        noise = generator.standard_normal(light.shape, dtype=np.float32) * generator.uniform(0.3, 6.0)
        light = light + (noise if generator.random() < 0.6 else noise[..., :1])
    picture = np.clip(np.rint(light), 0, 255).astype(np.uint8)
    for _ in range(int(generator.choice([0, 1, 1, 2]))):
        picture = _compressed(picture, int(generator.integers(55, 99)))
    return picture


def _compressed(picture: Picture, quality: int) -> Picture:
    coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def cut(kind: str, picture: Picture, detector: FaceDetector, generator: np.random.Generator) -> Sample | None:
    """The views of the picture's face, its box a little off; None where there is none."""
    faces = detector.detect(picture)
    if not faces:
        return None
    frame, face = without_bars(*at_most(picture, faces[0], WIDEST))
    box, (x, y, size) = face.box, generator.normal(0, 0.02, 3)
    width, height = box.width * (1 + size), box.height * (1 + size)
    box = Box(box.left + x * box.width, box.top + y * box.height, width, height)
    spectra = np.stack(spectra_about(frame, box)).astype(np.float16)
    return Sample(surround_of(frame, box), np.ascontiguousarray(patch_of(frame, box)), spectra, kind)
