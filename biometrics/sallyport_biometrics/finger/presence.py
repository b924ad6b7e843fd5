"""A basic check that a finger, and not a still picture or a pattern, lies on the sensor.

What it was tested against: an identical frame twice (replay), blank and noisy frames, line gratings, photographs, and
another finger put down between two captures. What it was NOT tested against: moulds and casts of any material, printed
or displayed prints. It cannot be called presentation attack detection in the sense of ISO/IEC 30107-3, and an attack
score of 0 says no more than that none of the above was seen.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sallyport_biometrics.finger import parameters as p
from sallyport_biometrics.finger.flow import Flow, Gray, ridge_flow
from sallyport_biometrics.finger.image import normalised


class Suspicion(StrEnum):
    """Why a finger is doubted."""

    NO_RIDGES = "no ridges"
    NOT_PERIODIC = "not periodic like ridges"
    GRATING = "lines that do not bend"
    FROZEN = "two captures are the same picture"
    CHANGED = "two captures are not of one finger"


@dataclass(frozen=True, slots=True)
class Presence:
    """What two captures of one touch showed."""

    periodic: float
    """Share of the print whose strongest period is a ridge's, 0 to 1."""
    bend: float
    """0 (straight lines) to 1."""
    difference: float
    """Mean gray levels between the captures; -1 where there was only one."""
    consistency: float
    """Agreement of ridge flow between the captures, -1 to 1; 1 where there was only one."""
    suspicions: tuple[Suspicion, ...]

    @property
    def attack_score(self) -> float:
        """0 (nothing of what was tested against was seen) or 1."""
        return float(bool(self.suspicions))


def presence(first: NDArray[np.generic], second: NDArray[np.generic] | None = None, dpi: float = p.DPI) -> Presence:
    """Judges one capture, or two of one touch. Raises MalformedError as `normalised` does."""
    image = normalised(first, dpi)
    flow = ridge_flow(image)
    if not flow.mask.any():
        return Presence(0.0, 0.0, -1.0, 1.0, (Suspicion.NO_RIDGES,))
    periodic = _periodic_share(image, flow)
    bend = 1 - float(np.abs(flow.orientation[flow.mask].mean()))
    difference, consistency = -1.0, 1.0
    if second is not None:
        again = normalised(second, dpi)
        same_size = again.shape == image.shape
        difference = float(np.abs(image.astype(np.int16) - again).mean()) if same_size else 255.0
        consistency = _consistency(flow, ridge_flow(again)) if same_size else -1.0
    doubts = (
        (periodic < p.LEAST_PERIODIC, Suspicion.NOT_PERIODIC),
        (bend < 1 - p.STRIPE_COHERENCE, Suspicion.GRATING),
        (0 <= difference < p.FROZEN_DIFFERENCE, Suspicion.FROZEN),
        (consistency < p.LEAST_CONSISTENCY, Suspicion.CHANGED),
    )
    return Presence(periodic, bend, difference, consistency, tuple(what for seen, what in doubts if seen))


def _periodic_share(image: Gray, flow: Flow) -> float:
    """Of the blocks of the print, those whose strongest spatial period is between PERIODS."""
    half = p.BLOCK // 2
    window = np.outer(np.hanning(p.BLOCK), np.hanning(p.BLOCK)).astype(np.float32)
    frequency = np.hypot(np.fft.fftfreq(p.BLOCK)[:, None], np.fft.rfftfreq(p.BLOCK)[None, :])
    ridge = (frequency >= 1 / p.PERIODS[1]) & (frequency <= 1 / p.PERIODS[0])
    hits = []
    for row, column in np.argwhere(flow.mask)[::2]:
        y, x = row * p.CELL + p.CELL // 2, column * p.CELL + p.CELL // 2
        block = image[max(0, y - half) : y + half, max(0, x - half) : x + half].astype(np.float32)
        if block.shape == window.shape:
            power = np.abs(np.fft.rfft2((block - block.mean()) * window)) ** 2
            hits.append(power[ridge].sum() > power[~ridge].sum())
    return float(np.mean(hits)) if hits else 0.0


def _consistency(first: Flow, second: Flow) -> float:
    """Mean cosine of twice the angle between both flows where both have ridges; 0 where they share none."""
    both = first.mask & second.mask
    if not both.any():
        return 0.0
    return float((first.orientation[both] * np.conj(second.orientation[both])).real.mean())
