"""Is this a picture of a picture? Signs and networks weighed by a calibration into one score.

Supporting evidence beside the challenge: a score of 0.5 and more says that live faces of the calibration's held-out
people were taken for attacks in at most a twentieth of their presentations there. No weight is set by hand; the file
is `models/sallyport_models/calibration/attack.toml`, made by `sallyport-models calibrate attack`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sallyport_biometrics.face.passive import PassiveDetector
from sallyport_biometrics.face.signs import signs_of
from sallyport_biometrics.face.words import Box, Face, Image
from sallyport_protocol.errors import MalformedError

LIMIT = 0.5
"""A score of an attack; the same number as in the gateway's check 11."""
FARTHEST = 6.0
"""Spreads from the middle beyond which a sign counts no more."""
BEND = 1.0
"""Spreads from the middle where the evidence of a sign may take another slope."""
BAR = 6
"""Greatest grey level of a bar."""
SMALLEST = 32
"""Pixels: what is left of a frame without bars."""

COLUMNS = ("middle", "spread", "weight", "above", "below")
"""Of the calibration file, a value for each sign."""

Seen = Mapping[str, float]
"""What one frame shows, by the name of the sign or network; a name that is absent could not be looked at."""


@dataclass(frozen=True, slots=True)
class Weights:
    """One logistic regression: each sign's middle and spread over the calibration's live faces, and its weight."""

    networks: tuple[str, ...]
    """that took part"""
    middle: Mapping[str, float]
    spread: Mapping[str, float]
    weight: Mapping[str, float]
    threshold: float
    """log odds at the operating point"""
    above: Mapping[str, float] = field(default_factory=dict)
    """weight of what a sign stands above `BEND` spreads; `weight` is for what lies between"""
    below: Mapping[str, float] = field(default_factory=dict)
    """weight of what it stands below as much"""

    def odds(self, seen: Seen) -> float:
        """Log odds of an attack, less the operating point's: 0 and more is suspicious."""
        return sum(self._evidence(name, seen[name]) for name in self.weight if name in seen) - self.threshold

    def _evidence(self, name: str, value: float) -> float:
        low, middle, high = pieces(self._standing(name, value))
        return self.below.get(name, 0.0) * low + self.weight[name] * middle + self.above.get(name, 0.0) * high

    def _standing(self, name: str, value: float) -> float:
        standing = (value - self.middle[name]) / self.spread[name]
        return max(-FARTHEST, min(FARTHEST, standing)) if math.isfinite(standing) else 0.0


def pieces(standing: float) -> tuple[float, float, float]:
    """What lies below, between and above the bends: a sign's evidence may take another slope there."""
    middle = max(-BEND, min(BEND, standing))
    return min(0.0, standing + BEND), middle, max(0.0, standing - BEND)


@dataclass(frozen=True, slots=True)
class AttackCalibration:
    """One set of weights for each set of networks that may be here."""

    weights: tuple[Weights, ...]

    def for_networks(self, names: Sequence[str]) -> Weights:
        """The weights for exactly these networks. Raises MalformedError that says what to do."""
        for each in self.weights:
            if set(each.networks) == set(names):
                return each
        raise MalformedError(f"attack.toml knows no weights with {', '.join(names) or 'no network'}; calibrate again")

    @classmethod
    def from_toml_dict(cls, tables: Mapping[str, Any]) -> "AttackCalibration":
        """From the calibration file's content. Raises MalformedError."""
        try:
            if tables["version"] != 1 or tables["modality"] != "face-attack":
                raise MalformedError("not a calibration of face attack detection, version 1")
            return cls(tuple(_weights(table) for table in tables["weights"]))
        except (KeyError, TypeError, ValueError) as error:
            raise MalformedError(f"calibration of face attack detection: {error!r}; install Sallyport again") from error


class AttackDetector:
    """Signs, networks and weights behind two verbs."""

    def __init__(self, models: Mapping[str, bytes], calibration: AttackCalibration, threads: int = 1) -> None:
        """`models` may hold any of `passive.NETWORKS`."""
        self._passive = PassiveDetector(models, threads)
        self._weights = calibration.for_networks(self._passive.names)

    @property
    def digests(self) -> tuple[bytes, ...]:
        """Of the networks that take part."""
        return self._passive.digests

    def look(self, frame: Image, face: Face) -> dict[str, float]:
        """What this frame shows."""
        return seen_in(frame, face, self._passive)

    def score(self, frames: Sequence[Seen]) -> float | None:
        """0 (live) to 1 (attack) of one presentation's frames; `LIMIT` is the operating point; None without frames."""
        return score_of(frames, self._weights)


def seen_in(frame: Image, face: Face, passive: PassiveDetector) -> dict[str, float]:
    """Signs and networks of one frame; the networks say nothing of a picture without colour."""
    frame, face = without_bars(frame, face)
    signs = signs_of(frame, face)
    return {**signs, **passive.read(frame, face)} if "colours" in signs else signs


def without_bars(frame: Image, face: Face) -> tuple[Image, Face]:
    """The frame without the black bars that fill up a format, which are no edges: no camera sees such a black."""
    columns = np.flatnonzero(frame[::8].max(axis=0).max(axis=1) > BAR)
    rows = np.flatnonzero(frame[:, ::8].reshape(len(frame), -1).max(axis=1) > BAR)
    if len(columns) < SMALLEST or len(rows) < SMALLEST:
        return frame, face
    left, top = int(columns[0]), int(rows[0])
    cut = np.ascontiguousarray(frame[top : int(rows[-1]) + 1, left : int(columns[-1]) + 1])
    box = face.box
    return cut, replace(face, box=Box(box.left - left, box.top - top, box.width, box.height))


def score_of(frames: Sequence[Seen], weights: Weights) -> float | None:
    """The mean of the frames' log odds, as a probability about the operating point."""
    if not frames:
        return None
    odds = sum(weights.odds(each) for each in frames) / len(frames)
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, odds))))


def _weights(table: Mapping[str, Any]) -> Weights:
    names = [str(name) for name in table["signs"]]
    columns = [dict(zip(names, map(float, table[key]), strict=True)) for key in COLUMNS]
    if not all(value > 0 for value in columns[1].values()):
        raise ValueError("a spread must be above zero")
    middle, spread, weight, above, below = columns
    return Weights(tuple(map(str, table["networks"])), middle, spread, weight, float(table["threshold"]), above, below)
