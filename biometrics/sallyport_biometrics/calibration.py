"""What a comparison score is worth: its log-likelihood ratio and the false match rate it can honestly claim.

A calibration is data (`sallyport_models/calibration/*.toml`), fitted on one set of identities and reported on another.
It holds two monotone curves as knots: score to natural-log likelihood ratio, and score to log10 of the false match rate
with its upper confidence bound. Between knots both are linear; outside them they are flat, so no score, however high,
claims more than the last knot does.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np

from sallyport_protocol.errors import MalformedError

VERSION = 2


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a calibration was fitted on, as its file says: without it nobody could answer for its rates."""

    data: str
    """The sets, by name."""
    data_sha256: str
    """Over a line `sha256 name` for each image, by name: which data exactly, without keeping any."""
    identities: int
    genuine: int
    impostor: int
    method: str

    @classmethod
    def from_toml_dict(cls, content: dict[str, Any]) -> Self:
        """The `[provenance]` table. Raises KeyError, TypeError or ValueError."""
        table = content["provenance"]
        found = cls(**{name: table[name] for name in cls.__slots__})
        if not (found.data and found.method and len(bytes.fromhex(found.data_sha256)) == 32):
            raise ValueError("provenance")
        if min(found.identities, found.genuine, found.impostor) < 1:
            raise ValueError("provenance: no data")
        return found


@dataclass(frozen=True, slots=True)
class StatedFmr:
    """A false match rate as stated: the point and its upper confidence bound, both as log10, and how it is known."""

    point_log10: float
    upper_log10: float
    extrapolated: bool
    """True where the rate is smaller than the calibration data alone resolve."""

    def __post_init__(self) -> None:
        if not self.point_log10 <= self.upper_log10 <= 0.0:
            raise ValueError("a stated FMR needs point <= upper bound <= 1")

    @property
    def point(self) -> float:
        """The rate, 0 to 1."""
        return float(10.0**self.point_log10)

    @property
    def upper(self) -> float:
        """The upper confidence bound of the rate, 0 to 1."""
        return float(10.0**self.upper_log10)


CERTAIN_MATCH_RATE = StatedFmr(0.0, 0.0, False)
"""What an absent or refused comparison claims: every impostor would pass."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The two curves of one modality and one model."""

    modality: str
    model: str
    """Hexadecimal sha256 of the model whose scores these are."""
    confidence: float
    """Of the upper bound, 0 to 1."""
    resolved_log10: float
    """log10 of the smallest rate that the data resolve without extrapolation."""
    llr_scores: tuple[float, ...]
    llr_values: tuple[float, ...]
    fmr_scores: tuple[float, ...]
    fmr_points: tuple[float, ...]
    fmr_uppers: tuple[float, ...]
    provenance: Provenance | None = None
    """What it was fitted on; a file without it is refused."""

    @classmethod
    def from_toml_dict(cls, content: dict[str, Any]) -> Self:
        """Reads a parsed calibration file. Raises MalformedError naming the field that cannot be used."""
        try:
            if content["version"] != VERSION:
                raise MalformedError(f"calibration: version {content['version']} is unknown; expected {VERSION}")
            llr, fmr = content["llr"], content["fmr"]
            calibration = cls(
                modality=str(content["modality"]),
                model=str(content["model"]),
                confidence=float(fmr["confidence"]),
                resolved_log10=float(fmr["resolved_log10"]),
                llr_scores=_numbers(llr["score"]),
                llr_values=_numbers(llr["value"]),
                fmr_scores=_numbers(fmr["score"]),
                fmr_points=_numbers(fmr["point_log10"]),
                fmr_uppers=_numbers(fmr["upper_log10"]),
                provenance=Provenance.from_toml_dict(content),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise MalformedError(f"calibration: {error!r} is missing or unusable; restore the file") from error
        calibration._check()
        return calibration

    def llr(self, score: float) -> float:
        """Natural-log likelihood ratio, genuine over impostor, of a score."""
        return float(np.interp(_finite(score), self.llr_scores, self.llr_values))

    def fmr(self, score: float) -> StatedFmr:
        """The false match rate at a threshold set exactly at this score."""
        value = _finite(score)
        point = float(np.interp(value, self.fmr_scores, self.fmr_points))
        upper = float(np.interp(value, self.fmr_scores, self.fmr_uppers))
        return StatedFmr(point, max(point, upper), point < self.resolved_log10)

    def _check(self) -> None:
        for name, scores in (("llr.score", self.llr_scores), ("fmr.score", self.fmr_scores)):
            if len(scores) < 2 or any(a >= b for a, b in pairwise(scores)):
                raise MalformedError(f"calibration: {name} must rise strictly; restore the file")
        if len(self.llr_values) != len(self.llr_scores) or any(a > b for a, b in pairwise(self.llr_values)):
            raise MalformedError("calibration: llr.value must have a value per score and never fall")
        for name, values in (("point_log10", self.fmr_points), ("upper_log10", self.fmr_uppers)):
            if len(values) != len(self.fmr_scores) or any(a < b for a, b in pairwise(values)) or max(values) > 0.0:
                raise MalformedError(f"calibration: fmr.{name} must have a value per score, never rise, and be <= 0")
        if any(point > upper for point, upper in zip(self.fmr_points, self.fmr_uppers, strict=True)):
            raise MalformedError("calibration: fmr.upper_log10 must not be below fmr.point_log10")
        if not 0.5 <= self.confidence < 1.0 or self.resolved_log10 > 0.0:
            raise MalformedError("calibration: fmr.confidence or fmr.resolved_log10 is out of range")


def _numbers(values: Sequence[Any]) -> tuple[float, ...]:
    numbers = tuple(float(value) for value in values)
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError("a knot is not a finite number")
    return numbers


def _finite(score: float) -> float:
    if not math.isfinite(score):
        raise MalformedError("the comparison gave no finite score; treat the modality as faulty")
    return score
