"""Movements are read from real photographs, when the models and samples are here."""

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from sallyport_biometrics.face.challenge import Action
from sallyport_biometrics.face.liveness import actions_in, flattened
from sallyport_biometrics.face.mesh import pose_of
from sallyport_biometrics.face.movement import BLENDSHAPE_POINTS, Movement, MovementReader, skin_colour
from sallyport_biometrics.face.pipeline import FacePipeline
from sallyport_biometrics.face.words import Image
from sallyport_rig.moving_face import Bearing, MovingFace

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def reader() -> MovementReader:
    path = ROOT / os.environ.get("SALLYPORT_MODELS", "var/models") / "face-blendshapes.onnx"
    if not path.exists():
        pytest.skip(f"{path} is not here; run `sallyport-models fetch`")
    return MovementReader(path.read_bytes())


def movement(pipeline: FacePipeline, reader: MovementReader, frame: Image) -> Movement:
    analysis = pipeline.analyse(frame)
    assert analysis.mesh is not None
    return reader.read(frame, analysis.mesh, pose_of(analysis.mesh))


def test_a_smiling_portrait_with_open_eyes(
    pipeline: FacePipeline, reader: MovementReader, photograph: Callable[[str], Image]
) -> None:
    seen = movement(pipeline, reader, photograph("subject-a-1"))
    assert seen.smile > 0.4
    assert seen.blink < 0.35
    assert abs(seen.pose.yaw) < 8.0


def test_the_mirror_image_turns_the_other_way(
    pipeline: FacePipeline, reader: MovementReader, photograph: Callable[[str], Image]
) -> None:
    frame = photograph("subject-a-2")
    straight, mirrored = (movement(pipeline, reader, view) for view in (frame, np.ascontiguousarray(frame[:, ::-1])))
    assert straight.pose.yaw == pytest.approx(-mirrored.pose.yaw, abs=5.0)
    assert abs(straight.pose.yaw) > 8.0


def test_a_turned_picture_is_a_tilted_head(
    pipeline: FacePipeline, reader: MovementReader, photograph: Callable[[str], Image]
) -> None:
    frame = photograph("subject-a-1")
    matrix = cv2.getRotationMatrix2D((205, 105), -15, 1.0)
    turned = np.asarray(cv2.warpAffine(frame, matrix, (480, 480)), dtype=np.uint8)
    assert movement(pipeline, reader, turned).pose.roll == pytest.approx(15.0, abs=4.0)


def test_a_picture_that_leans_back_is_told_from_a_head_that_looks_up(
    pipeline: FacePipeline, reader: MovementReader, photograph: Callable[[str], Image]
) -> None:
    head = MovingFace(photograph("subject-a-3"), pipeline)
    neutral, raised = (movement(pipeline, reader, head.frame(Bearing(pitch=pitch))) for pitch in (0.0, 18.0))
    leaning = movement(pipeline, reader, leaned(head.frame(Bearing()), 60.0))
    for seen in (raised, leaning):
        assert Action.LOOK_UP in actions_in(seen, neutral)
    assert flattened(Action.LOOK_UP, leaning, neutral) and not flattened(Action.LOOK_UP, raised, neutral)


def leaned(frame: Image, degrees: float) -> Image:
    """A flat picture, leaned back about its middle, three faces away; synthetic."""
    away, lean = 450.0, np.radians(degrees)
    camera = np.array([[away, 0, 320], [0, away, 240], [0, 0, 1]])
    plane = np.array([[1, 0, 0], [0, np.cos(lean), 0], [0, -np.sin(lean), away]])
    back = camera @ plane @ np.array([[1, 0, -320], [0, 1, -240], [0, 0, 1.0]])
    return np.asarray(cv2.warpPerspective(frame, back, (640, 480), borderValue=(90, 100, 110)), np.uint8)


def test_the_networks_points_are_distinct() -> None:
    assert len(BLENDSHAPE_POINTS) == len(set(BLENDSHAPE_POINTS)) == 146


def test_skin_outside_the_frame_is_black() -> None:
    assert skin_colour(np.zeros((10, 10, 3), np.uint8), np.full((478, 3), 500, np.float32)) == (0.0, 0.0, 0.0)
