"""Synthetic fingers, the real model where it was fetched, and real prints where they are."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from sallyport_biometrics.finger import FingerExtractor, FingerTemplate
from sallyport_biometrics.finger.flow import Flow
from sallyport_biometrics.finger.minutiae import Minutiae

ROOT = Path(__file__).resolve().parents[3]
MODEL = bytes(range(32))
SIDE = 300


@dataclass(frozen=True)
class FakeFinger:
    """Minutiae with directions along a smooth ridge flow, y up, around the origin."""

    place: np.ndarray
    direction: np.ndarray
    bend: float

    def flow_angle(self, place: np.ndarray) -> np.ndarray:
        return 0.4 * np.sin(place.real / 60 * self.bend) + place.imag / 150 * self.bend

    def impression(
        self,
        angle: float = 0.0,
        shift: complex = 0j,
        noise: float = 0.0,
        kept: float = 1.0,
        seed: int = 0,
        mirrored: bool = False,
        window: tuple[float, float] = (-1e9, 1e9),
    ) -> FingerTemplate:
        """A template of this finger, turned by `angle` (rad), shifted, with minutiae lost and moved."""
        rng = np.random.default_rng(seed)
        turn = np.exp(1j * angle)
        chosen = (rng.random(len(self.place)) < kept) & (self.place.imag > window[0]) & (self.place.imag < window[1])
        place = self.place[chosen] + noise * (rng.normal(size=chosen.sum()) + 1j * rng.normal(size=chosen.sum()))
        direction = self.direction[chosen] + noise * 0.02 * rng.normal(size=chosen.sum())
        where, heading = place * turn + shift, direction + angle
        if mirrored:
            where, heading = -np.conj(where), np.pi - heading
        centre = SIDE / 2
        minutiae = Minutiae(
            (where.real + centre).astype(np.float32),
            (centre - where.imag).astype(np.float32),
            np.angle(np.exp(1j * heading)).astype(np.float32),
            np.linspace(0.95, 0.6, len(where), dtype=np.float32),
            np.ones(len(where), np.float32),
        )
        inside = (minutiae.x >= 0) & (minutiae.y >= 0)
        return FingerTemplate.of(MODEL, 0.8, minutiae.kept(inside), self._flow(turn, shift, mirrored, window))

    def _flow(self, turn: complex, shift: complex, mirrored: bool, window: tuple[float, float]) -> Flow:
        cells = SIDE // 12
        rows, columns = np.mgrid[0:cells, 0:cells]
        seen = (columns * 12 + 6 - SIDE / 2) + 1j * (SIDE / 2 - rows * 12 - 6)
        seen = -np.conj(seen) if mirrored else seen
        own = (seen - shift) / turn
        angle = self.flow_angle(own) + np.angle(turn)
        angle = np.pi - angle if mirrored else angle
        mask = (np.abs(own.real) < 110) & (np.abs(own.imag) < 130) & (own.imag > window[0]) & (own.imag < window[1])
        ones = np.ones(mask.shape, np.float32)
        return Flow(np.exp(2j * angle).astype(np.complex64), ones, ones, mask)


def fake_finger(seed: int) -> FakeFinger:
    """The same seed gives the same finger."""
    rng = np.random.default_rng(seed)
    places: list[complex] = []
    while len(places) < 45:
        candidate = complex(rng.uniform(-105, 105), rng.uniform(-125, 125))
        if all(abs(candidate - other) > 14 for other in places):
            places.append(candidate)
    finger = FakeFinger(np.array(places), np.zeros(45), float(rng.uniform(0.5, 1.5)))
    direction = finger.flow_angle(finger.place) + np.pi * rng.integers(0, 2, 45)
    return FakeFinger(finger.place, direction, finger.bend)


@pytest.fixture(scope="session")
def finger() -> Callable[[int], FakeFinger]:
    return fake_finger


@pytest.fixture(scope="session")
def extractor() -> FingerExtractor:
    """The real network."""
    model = Path(os.environ.get("SALLYPORT_MODELS") or ROOT / "var/models")
    model = (model if model.is_absolute() else ROOT / model) / "leader.onnx"
    if not model.is_file():
        pytest.skip("the minutiae model is missing: run `sallyport-models fetch`")
    return FingerExtractor(model.read_bytes())


@pytest.fixture(scope="session")
def prints() -> Path:
    """Real fingerprint sets, for measurement only."""
    folder = Path(os.environ.get("SALLYPORT_DATA") or ROOT.parent / "shared/data") / "fingerprints"
    if not folder.is_dir():
        pytest.skip("real fingerprints are absent: set SALLYPORT_DATA to a folder that holds fingerprints/")
    return folder


@pytest.fixture(scope="session")
def samples() -> Path:
    """The demonstration's public images."""
    folder = ROOT / "var/samples"
    if not (folder / "finger-a-1.png").is_file():
        pytest.skip("the sample images are missing: run `sallyport-models samples`")
    return folder
