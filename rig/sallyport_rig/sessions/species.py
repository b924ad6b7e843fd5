"""The attacks, by species: how each is made of one person's photograph and of an earlier session of the same person."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np

from sallyport_biometrics.face.words import Image
from sallyport_protocol.actions import Action
from sallyport_rig.moving_face import MovingFace
from sallyport_rig.recapture.media import SPECIES as MEDIA
from sallyport_rig.sessions.instrument import Held, Instrument
from sallyport_rig.sessions.lens import Lens
from sallyport_rig.sessions.room import Room
from sallyport_rig.sessions.scenes import (
    AllActions,
    Content,
    Following,
    Hand,
    Injected,
    Lids,
    Person,
    Presented,
    Puppet,
    Scene,
    Steady,
    Video,
    at_rest,
)
from sallyport_rig.sitter import Sensor, Sitter

CAMERA: Final = "memory:camera"
ELSEWHERE: Final = "virtual:camera"
PRINTS: Final = ("print-laser", "print-inkjet", "print-photo", "print-bent")
DISPLAYS: Final = ("screen-phone", "screen-tablet", "screen-monitor")
COMPRESSION: Final = 85
TILTING: Final = (1.6, 2.3)


@dataclass(frozen=True, slots=True)
class Material:
    """What an attacker has."""

    face: MovingFace
    other: MovingFace
    """somebody else, for who comes as herself"""
    recorded: Sequence[Image]
    """pictures of an earlier session that matched; empty where there is none"""
    behind: Image
    room: Room
    seed: int

    def sitter(self, face: MovingFace | None = None) -> Sitter:
        """Who moves."""
        return Sitter(face or self.face, seed=self.seed % 1_000)


PRINT, DISPLAY = "print", "display"
Made = Callable[[Material, np.random.Generator], Scene]


@dataclass(frozen=True, slots=True)
class Species:
    """One kind of attack."""

    make: Made
    device: str = CAMERA
    """What the frames say of the camera they come from."""
    recorded: bool = False
    """Whether it needs an earlier session."""
    held: str = ""
    """What is held before the camera; a display that answers is a kind of its own; "" for nothing, and for a head."""


def genuine(material: Material, generator: np.random.Generator) -> Scene:
    """The person herself."""
    return Person(material.sitter(), material.room, Lens(generator))


def _another(material: Material, generator: np.random.Generator) -> Scene:
    return Person(material.sitter(material.other), material.room, Lens(generator))


def _held(generator: np.random.Generator, bend: float = 0.0, unrest: float = 2.0) -> Steady:
    turn, lean, roll = (float(angle) for angle in generator.normal(0.0, (6.0, 6.0, 3.0)))
    shift = (float(generator.normal(0, 8)), float(generator.normal(0, 8)))
    return Steady(Held(turn, lean, roll, shift, bend), unrest * float(generator.uniform(0.3, 1.0)))


def _presented(
    medium: str, material: Material, content: Content, hand: Hand, generator: np.random.Generator
) -> Presented:
    instrument = Instrument(MEDIA[medium], material.room, material.behind, generator)
    return Presented(instrument, content, hand, Lens(generator))


def _print_still(material: Material, generator: np.random.Generator) -> Scene:
    medium = str(generator.choice(PRINTS))
    hand = _held(generator, float(generator.uniform(0, MEDIA[medium].bend)))
    return _presented(medium, material, at_rest(material.face), hand, generator)


def _print_moved(material: Material, generator: np.random.Generator) -> Scene:
    hand = Following(material.sitter(), _held(generator), float(generator.uniform(*TILTING)))
    return _presented(str(generator.choice(PRINTS)), material, at_rest(material.face), hand, generator)


def _print_eyes(material: Material, generator: np.random.Generator) -> Scene:
    sitter = material.sitter()
    hand = Following(material.sitter(), _held(generator), float(generator.uniform(*TILTING)))
    return _presented(str(generator.choice(PRINTS[:3])), material, Lids(sitter), hand, generator)


def still_on(medium: str) -> Made:
    """A still picture of the person on this medium of `recapture`."""

    def make(material: Material, generator: np.random.Generator) -> Scene:
        return _presented(medium, material, at_rest(material.face), _held(generator), generator)

    return make


def _display(material: Material, content: Content, generator: np.random.Generator) -> Scene:
    return _presented(str(generator.choice(DISPLAYS)), material, content, _held(generator, unrest=1.0), generator)


def _screen_replay(material: Material, generator: np.random.Generator) -> Scene:
    return _display(material, Video(material.recorded), generator)


def _screen_order(material: Material, generator: np.random.Generator) -> Scene:
    order = [Action(str(each)) for each in generator.permutation([str(each) for each in Action])]
    return _display(material, AllActions(material.sitter(), order), generator)


def _screen_puppet(material: Material, generator: np.random.Generator) -> Scene:
    return _display(material, Puppet(material.sitter()), generator)


def _injected_replay(material: Material, generator: np.random.Generator) -> Scene:
    return Injected(Video(material.recorded))


def _injected_recompressed(material: Material, generator: np.random.Generator) -> Scene:
    return Injected(Video([_compressed(each) for each in material.recorded]))


def _injected_frozen(material: Material, generator: np.random.Generator) -> Scene:
    return Injected(Video([material.recorded[int(generator.integers(len(material.recorded)))]]))


def _injected_spliced(material: Material, generator: np.random.Generator) -> Scene:
    parts: list[Image] = []
    while len(parts) < 400:
        at = int(generator.integers(max(1, len(material.recorded) - 12)))
        parts += material.recorded[at : at + int(generator.integers(8, 40))]
    return Injected(Video(parts))


def _injected_puppet(material: Material, generator: np.random.Generator) -> Scene:
    return Injected(Puppet(material.sitter()), Sensor(material.seed % 1_000).seen)


def _compressed(frame: Image) -> Image:
    coded = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, COMPRESSION])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


SPECIES: Final[Mapping[str, Species]] = MappingProxyType(
    {
        "print-still": Species(_print_still, held=PRINT),
        "print-moved": Species(_print_moved, held=PRINT),
        "print-eyes": Species(_print_eyes, held=PRINT),
        **{name: Species(still_on(name), held=DISPLAY) for name in MEDIA if name.startswith("screen-")},
        "screen-replay": Species(_screen_replay, recorded=True, held=DISPLAY),
        "screen-order": Species(_screen_order, held=DISPLAY),
        "screen-puppet": Species(_screen_puppet, held="answering display"),
        "injected-replay": Species(_injected_replay, recorded=True),
        "injected-recompressed": Species(_injected_recompressed, recorded=True),
        "injected-spliced": Species(_injected_spliced, recorded=True),
        "injected-frozen": Species(_injected_frozen, recorded=True),
        "injected-puppet": Species(_injected_puppet, ELSEWHERE),
        "wire-puppet": Species(_injected_puppet),
        "another-person": Species(_another),
    }
)
"""Prints held still, tilted and bent at every cue, and with living lids; still pictures on displays (`recapture`); on
displays a recorded session, a video of all actions and a live puppet; streams in the camera's place under its own
name, under another's (`injected-puppet`) and a live puppet on the camera's own wire; somebody else, alive."""
