"""Rendered people for whole sessions: who of a folder of photographs can be drawn doing everything that is asked."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from sallyport_biometrics.face.liveness import CLOSED_RISE, dwarfed, flattened, shares
from sallyport_biometrics.face.movement import Movement, MovementReader
from sallyport_biometrics.face.photograph import enrolled
from sallyport_biometrics.face.pipeline import FacePipeline
from sallyport_biometrics.face.words import Image
from sallyport_models.evaluate.pairs import find_images, person_of
from sallyport_protocol.actions import Action
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.subject import Modality, Reference
from sallyport_rig.moving_face import Bearing, MovingFace
from sallyport_rig.sitter import DOING, REST

ASKEW: Final = 12.0
"""Degrees: a head that is held further from straight is no neutral face to move."""
SMILES: Final = 0.35
SHUT: Final = 0.25
AGAPE: Final = 0.15
"""Of the blendshapes and of the mouth's width: what is drawn starts from a face at rest."""
SEEN: Final = 1.3
SEEN_SHUT: Final = 1.6
"""Least share of an action's threshold that its whole movement must reach, drawn without noise. On photographs
plainly closed eyes rise by 1.6 to 2.2 times the threshold; lids that are drawn less shut are no person's."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One person: the moving face, what the kiosk has of her, and a photograph to furnish a room with."""

    name: str
    face: MovingFace
    reference: Reference
    photograph: Image
    another: bool
    """The reference is of another photograph than the one that moves."""


@dataclass(frozen=True, slots=True)
class Left:
    """How many of the folder's people were left out, and why."""

    unfit: int
    """no single face that looks ahead, at rest, and can be enrolled"""
    undrawn: tuple[str, ...]
    """actions that the networks do not see in the drawing, one for each person left out for it"""


def people_in(
    folder: Path, pipeline: FacePipeline, movements: MovementReader, most: int, done: Callable[[], None] = lambda: None
) -> tuple[list[Rendered], Left]:
    """The first `most` people who can be drawn, by name; `done` is called after each photograph looked at."""
    found: list[Rendered] = []
    unfit, undrawn = 0, []
    for name, paths in _by_person(folder):
        if len(found) == most:
            break
        done()
        try:
            person = rendered(name, paths, pipeline, movements)
            missing = not_seen(person.face, pipeline, movements)
        except MalformedError:
            unfit += 1
            continue
        if missing:
            undrawn.append(missing)
        else:
            found.append(person)
    return found, Left(unfit, tuple(undrawn))


def rendered(name: str, paths: list[Path], pipeline: FacePipeline, movements: MovementReader) -> Rendered:
    """Moves the first photograph; the last is enrolled. Raises MalformedError for what cannot be used."""
    photograph = cv2.imread(str(paths[0]))
    if photograph is None:
        raise MalformedError(f"{paths[0]} is no image; take it out of the folder")
    image = np.asarray(photograph, np.uint8)
    analysis = pipeline.analyse(image)
    if analysis.mesh is None or analysis.quality is None:
        raise MalformedError(f"{paths[0]} shows no single face; take another")
    seen, pose = movements.read(image, analysis.mesh, analysis.quality.pose), analysis.quality.pose
    rest = seen.smile < SMILES and seen.blink < SHUT and analysis.quality.mouth_open < AGAPE
    if not rest or max(abs(pose.yaw), abs(pose.pitch)) > ASKEW:
        raise MalformedError(f"{paths[0]} shows no face at rest that looks ahead; take another")
    template = enrolled(pipeline, paths[-1].read_bytes()).to_bytes()
    reference = Reference(
        modality=Modality.FACE, position=0, template=template, captured_on="2026-06-01", record=bytes(32)
    )
    return Rendered(name, MovingFace(image, pipeline), reference, image, len(paths) > 1)


def not_seen(face: MovingFace, pipeline: FacePipeline, movements: MovementReader) -> str:
    """The first action that the kiosk's networks do not see in the whole movement, drawn; "" for none."""
    neutral = _movement(face, REST, pipeline, movements)
    if neutral is None:
        return "rest"
    for action, bearing in DOING.items():
        moved = _movement(face, bearing, pipeline, movements)
        if moved is None or not _shows(action, moved, neutral):
            return str(action)
    return ""


def _shows(action: Action, moved: Movement, neutral: Movement) -> bool:
    measured = shares(moved, neutral)
    others = {each for each, share in measured.items() if share >= 1.0} - {action}
    if action is Action.CLOSE_EYES:
        return not others and moved.blink - neutral.blink >= SEEN_SHUT * CLOSED_RISE
    clear = not flattened(action, moved, neutral) and others <= dwarfed(action, moved, neutral)
    return clear and measured[action] >= SEEN


def _movement(face: MovingFace, bearing: Bearing, pipeline: FacePipeline, movements: MovementReader) -> Movement | None:
    frame = face.frame(bearing)
    analysis = pipeline.analyse(frame)
    if analysis.mesh is None or analysis.quality is None:
        return None
    return movements.read(frame, analysis.mesh, analysis.quality.pose)


def _by_person(folder: Path) -> Iterator[tuple[str, list[Path]]]:
    """Everybody's photographs, in order; who has several comes first."""
    people: dict[str, list[Path]] = {}
    for name, path in sorted(find_images(folder).items()):
        people.setdefault(person_of(name), []).append(path)
    yield from sorted(people.items(), key=lambda each: len(each[1]) == 1)
