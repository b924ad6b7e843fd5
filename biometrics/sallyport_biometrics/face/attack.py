"""Is this a picture of a picture? Signs and networks, each against what live faces show, in one score.

Three witnesses: our own signs, whose evidence was fitted on simulated attacks; our own network, which was taught on
them (`witness`); and the networks of an operator, which were trained on real ones. Each is compared with live faces
alone, so that nothing that a simulator lacks can speak another down: what it says is turned into how rarely a live face
shows as much (its surprise: -ln of that share), and the surprises are added (Fisher's method). None speaks for life.

Supporting evidence beside the challenge: a score of 0.5 and more says that live faces of the calibration's held-out
people were taken for attacks in at most a twentieth of their presentations there. Who has answered two challenges and
returned the screen's light is in good company: few pictures get so far, so a face has to look that much more like one
(`Weights.company`, counted in whole sessions by `sallyport-models calibrate company`). No weight is set by hand; the
file is `models/sallyport_models/calibration/attack.toml`, made by `sallyport-models calibrate attack`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np

from sallyport_biometrics.face.grids import spectra_about
from sallyport_biometrics.face.passive import ROOM, PassiveDetector
from sallyport_biometrics.face.signs import signs_of
from sallyport_biometrics.face.witness import SAID
from sallyport_biometrics.face.words import Box, Face, Image
from sallyport_protocol.errors import MalformedError

LIMIT = 0.5
"""A score of an attack; the same number as in the gateway's check 11."""
LARGEST = 5.0
"""Nats that company may be worth: more cannot be counted in some hundred sessions."""
BAR = 6
"""Greatest grey level of a bar."""
SMALLEST = 32
"""Pixels: what is left of a frame without bars."""
VERSIONS: Final = (2, 3)
"""Of the calibration's format that are understood: 2 knows no network of our own."""
COLOUR = "colours"
"""A sign that is there where the picture has colours."""

Seen = Mapping[str, float]
"""What one frame shows, by the name of the sign or network; a name that is absent could not be looked at."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Evidence over a sign's values, log odds: straight between its points, level beyond them, never below zero."""

    at: tuple[float, ...]
    """rising"""
    evidence: tuple[float, ...]

    def of(self, value: float) -> float:
        """A value that is no number is no evidence."""
        return float(np.interp(value, self.at, self.evidence)) if math.isfinite(value) else 0.0


@dataclass(frozen=True, slots=True)
class Tail:
    """How rare a value is among live faces: above `middle` each unit makes it `rate` nats rarer."""

    middle: float
    rate: float

    def surprise(self, value: float) -> float:
        """-ln of the share of live faces that show as much, about; 0 for the lower half."""
        return self.rate * max(0.0, value - self.middle)


SILENT: Final = Tail(0.0, 0.0)
"""Of what says nothing."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What our own signs and network are worth, in pictures with colour or in pictures without."""

    curves: Mapping[str, Curve]
    tail: Tail
    """of the sum of the curves"""
    witness: Tail = SILENT
    """of our own network's log odds"""

    def evidence(self, seen: Seen) -> float:
        """Of one frame: log odds, 0 and more."""
        return sum(curve.of(seen[name]) for name, curve in self.curves.items() if name in seen)

    def surprise(self, frames: Sequence[Seen]) -> float:
        """Of one presentation: the curves', and our own network's where it spoke."""
        said = [seen[SAID] for seen in frames if SAID in seen]
        witness = self.witness.surprise(sum(said) / len(said)) if said else 0.0
        return self.tail.surprise(sum(map(self.evidence, frames)) / len(frames)) + witness


@dataclass(frozen=True, slots=True)
class Weights:
    """What each witness is worth, for one set of networks."""

    networks: tuple[str, ...]
    """that take part"""
    colour: Signs
    grey: Signs
    network_tail: Tail
    """of the networks' mean log odds"""
    narrow: float
    """more of them in live faces for each unit by which the cut-out has less room; 0 or more"""
    limit: float
    """sum of surprises at the operating point, nats"""
    alone: float
    """the same where the supplied networks say nothing"""
    company: float = 0.0
    """Nats by which living people, rather than pictures of them, answer a challenge and return the screen's light."""

    def says(self, seen: Seen) -> float | None:
        """The supplied networks' mean log odds in one frame, less what a lack of room explains; None for silence."""
        odds = [seen[name] for name in self.networks if name in seen]
        return sum(odds) / len(odds) + self.narrow * min(0.0, seen.get(ROOM, 0.0)) if odds else None

    def odds(self, frames: Sequence[Seen], company: bool = False) -> float:
        """Surprises of one presentation, less the operating point's: 0 and more is suspicious. Frames are averaged.

        `company`: of somebody who answered, was doubted, answered again, and returned the screen's light.
        """
        surprise = (self.colour if coloured(frames) else self.grey).surprise(frames) - self.company * company
        said = [value for value in map(self.says, frames) if value is not None]
        if not said:
            return surprise - self.alone
        return surprise + self.network_tail.surprise(sum(said) / len(said)) - self.limit


def coloured(frames: Sequence[Seen]) -> bool:
    """Whether any of the frames has colours."""
    return any(COLOUR in frame for frame in frames)


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
            if tables["version"] not in VERSIONS or tables["modality"] != "face-attack":
                raise MalformedError(f"not a calibration of face attack detection, version {VERSIONS[-1]}")
            colour, grey = _signs(tables["colour"]), _signs(tables["grey"])
            company = _company(tables.get("company", {}))
            return cls(tuple(_weights(table, colour, grey, company) for table in tables["networks"]))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise MalformedError(f"calibration of face attack detection: {error!r}; install Sallyport again") from error


class AttackDetector:
    """Signs, networks and weights behind two verbs."""

    def __init__(self, models: Mapping[str, bytes], calibration: AttackCalibration, threads: int = 1) -> None:
        """`models` may hold any of `passive.ALL`."""
        self._passive = PassiveDetector(models, threads)
        self._weights = calibration.for_networks(self._passive.names)

    @property
    def digests(self) -> tuple[bytes, ...]:
        """Of the networks that take part."""
        return self._passive.digests

    def look(self, frame: Image, face: Face) -> dict[str, float]:
        """What this frame shows."""
        return seen_in(frame, face, self._passive)

    def score(self, frames: Sequence[Seen], company: bool = False) -> float | None:
        """0 (live) to 1 (attack) of one presentation's frames; `LIMIT` is the operating point; None without frames."""
        return score_of(frames, self._weights, company)


def seen_in(frame: Image, face: Face, passive: PassiveDetector) -> dict[str, float]:
    """Signs and networks of one frame; the supplied networks say nothing of a picture without colour."""
    frame, face = without_bars(frame, face)
    spectra = spectra_about(frame, face.box)
    seen = {**signs_of(frame, face, spectra), **passive.witnessed(frame, face.box, spectra)}
    return {**seen, **passive.read(frame, face)} if COLOUR in seen else seen


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


def score_of(frames: Sequence[Seen], weights: Weights, company: bool = False) -> float | None:
    """The frames' surprises less the operating point's, on a scale from 0 to 1; see `Weights.odds`."""
    if not frames:
        return None
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, weights.odds(frames, company)))))


def _weights(table: Mapping[str, Any], colour: Signs, grey: Signs, company: float) -> Weights:
    narrow, limit, alone = (float(table[name]) for name in ("narrow", "limit", "alone"))
    if not (narrow >= 0 and limit > 0 and alone > 0):
        raise ValueError("narrow must not be below zero, and both limits must be above it")
    return Weights(tuple(map(str, table["names"])), colour, grey, _tail(table), narrow, limit, alone, company)


def _company(table: Mapping[str, Any]) -> float:
    company = float(table.get("nats", 0.0))
    if not 0 <= company < LARGEST:
        raise ValueError(f"company must be worth 0 to {LARGEST} nats")
    return company


def _signs(table: Mapping[str, Any]) -> Signs:
    curves = {str(name): _curve(curve) for name, curve in table["curves"].items()}
    return Signs(curves, _tail(table), _tail(table["witness"]) if "witness" in table else SILENT)


def _tail(table: Mapping[str, Any]) -> Tail:
    tail = Tail(float(table["middle"]), float(table["rate"]))
    if not (math.isfinite(tail.middle) and tail.rate >= 0):
        raise ValueError("a tail's rate must not be below zero")
    return tail


def _curve(table: Mapping[str, Any]) -> Curve:
    curve = Curve(tuple(map(float, table["at"])), tuple(map(float, table["evidence"])))
    if len(curve.at) != len(curve.evidence) or len(curve.at) < 2 or not all(a < b for a, b in pairwise(curve.at)):
        raise ValueError("a curve needs as much evidence as places, two at least, and these must rise")
    if not all(0 <= each < math.inf for each in curve.evidence):
        raise ValueError("evidence must not be below zero: no sign speaks for life")
    return curve
