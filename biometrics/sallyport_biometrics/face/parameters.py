"""The thresholds of `parameters.toml`, read once."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Detector:
    score: float
    presence: float
    overlap: float
    longest_side: int
    largest_frame: int
    smallest_frame: int


@dataclass(frozen=True, slots=True)
class Frame:
    second_face: float
    eyes_far: float
    eyes_close: float
    inside: float


@dataclass(frozen=True, slots=True)
class Exposure:
    dark_median: float
    bright_median: float
    dark_level: int
    bright_level: int
    dark_share: float
    bright_share: float
    contrast: float


@dataclass(frozen=True, slots=True)
class PoseLimits:
    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, slots=True)
class Sharpness:
    least: float


@dataclass(frozen=True, slots=True)
class Covering:
    eyes: float
    mouth: float
    least_level: float
    most_level: float


@dataclass(frozen=True, slots=True)
class Expression:
    eyes: float
    mouth: float


@dataclass(frozen=True, slots=True)
class Overall:
    edge: float


@dataclass(frozen=True, slots=True)
class Parameters:
    """Units and sources stand in `parameters.toml`."""

    detector: Detector
    frame: Frame
    exposure: Exposure
    pose: PoseLimits
    sharpness: Sharpness
    covering: Covering
    expression: Expression
    overall: Overall


@cache
def parameters() -> Parameters:
    """The shipped thresholds."""
    text = files("sallyport_biometrics.face").joinpath("parameters.toml").read_text(encoding="utf-8")
    return parsed(tomllib.loads(text))


def parsed(tables: dict[str, Any]) -> Parameters:
    """Thresholds from their tables; an unknown or missing name is a `TypeError`."""
    return Parameters(
        detector=Detector(**tables["detector"]),
        frame=Frame(**tables["frame"]),
        exposure=Exposure(**tables["exposure"]),
        pose=PoseLimits(**tables["pose"]),
        sharpness=Sharpness(**tables["sharpness"]),
        covering=Covering(**tables["covering"]),
        expression=Expression(**tables["expression"]),
        overall=Overall(**tables["overall"]),
    )
