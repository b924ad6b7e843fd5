"""The page of the face pipeline on public photographs and on everything a camera may do wrong."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from sallyport_biometrics.face.compare import compare
from sallyport_biometrics.face.feedback import INSTRUCTIONS
from sallyport_biometrics.face.parameters import parameters
from sallyport_biometrics.face.pipeline import FacePipeline
from sallyport_biometrics.face.quality import complaints, eyes_open, mouth_open
from sallyport_biometrics.face.template import FaceTemplate
from sallyport_biometrics.face.words import Feedback, Image, Mesh
from sallyport_protocol.actions import Part
from sallyport_protocol.errors import MalformedError

Photograph = Callable[[str], Image]


def template(pipeline: FacePipeline, frame: Image) -> FaceTemplate:
    analysis = pipeline.analyse(frame)
    assert analysis.face is not None and analysis.quality is not None
    return pipeline.template([(pipeline.embed(frame, analysis.face), analysis.quality.overall)])


def test_same_person_scores_far_above_another(pipeline: FacePipeline, photograph: Photograph) -> None:
    first, second, other = (
        template(pipeline, photograph(name)) for name in ("subject-a-1", "subject-a-2", "subject-b-1")
    )
    assert compare(first, second) > 0.5
    assert compare(first, other) < 0.3


def test_a_good_photograph_is_usable(pipeline: FacePipeline, photograph: Photograph) -> None:
    analysis = pipeline.analyse(photograph("subject-a-1"))
    assert analysis.usable and analysis.quality is not None and analysis.quality.overall > 0.5


def test_template_names_its_models(pipeline: FacePipeline, photograph: Photograph) -> None:
    assert template(pipeline, photograph("subject-a-1")).models == pipeline.digests


UNUSABLE = {
    "tiny": np.zeros((16, 16, 3), np.uint8),
    "grey plane": np.zeros((480, 640), np.uint8),
    "wrong type": np.zeros((480, 640, 3), np.float32),
    "108 megapixels": np.broadcast_to(np.uint8(0), (9_000, 12_000, 3)),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_unusable_frames(pipeline: FacePipeline, name: str) -> None:
    analysis = pipeline.analyse(UNUSABLE[name])
    assert analysis.feedback == (Feedback.FRAME_UNUSABLE,) and analysis.face is None


@pytest.mark.parametrize(
    ("level", "code"), [(0, Feedback.TOO_DARK), (255, Feedback.TOO_BRIGHT), (128, Feedback.NO_FACE)]
)
def test_empty_frames(pipeline: FacePipeline, level: int, code: Feedback) -> None:
    assert pipeline.analyse(np.full((480, 640, 3), level, np.uint8)).feedback == (code,)


def test_noise_is_not_a_face(pipeline: FacePipeline) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    assert pipeline.analyse(noise).face is None


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda frame: (frame * 0.15).astype(np.uint8), Feedback.TOO_DARK),
        (lambda frame: np.clip(frame * 1.2 + 70.0, 0, 255).astype(np.uint8), Feedback.TOO_BRIGHT),
        (lambda frame: (frame * 0.25 + 90).astype(np.uint8), Feedback.LOW_CONTRAST),
        (lambda frame: cv2.GaussianBlur(frame, (0, 0), 5), Feedback.BLURRED),
        (lambda frame: np.hstack([frame, frame]), Feedback.SEVERAL_FACES),
        (lambda frame: np.tile(frame[:280], (2, 5, 1)), Feedback.SEVERAL_FACES),
        (lambda frame: cv2.resize(frame, None, fx=0.4, fy=0.4), Feedback.TOO_FAR),
        (lambda frame: cv2.resize(frame, None, fx=4.5, fy=4.5), Feedback.TOO_CLOSE),
        (lambda frame: frame[:, 195:], Feedback.OFF_CENTRE),
    ],
)
def test_each_fault_has_its_code(
    pipeline: FacePipeline, photograph: Photograph, spoil: Callable[[Image], Image], code: Feedback
) -> None:
    analysis = pipeline.analyse(np.ascontiguousarray(spoil(photograph("subject-a-1"))))
    assert code in analysis.feedback
    assert not analysis.usable


@pytest.mark.parametrize("covering", ["glasses", "mask"])
def test_a_covered_face_is_told_so(pipeline: FacePipeline, photograph: Photograph, covering: str) -> None:
    """Synthetic: plain dark patches over the eyes, or a plain light one over nose and mouth."""
    frame = photograph("subject-a-1").copy()
    face = pipeline.analyse(frame).face
    assert face is not None
    points = face.landmarks
    if covering == "glasses":
        for eye in (points.right_eye, points.left_eye):
            cv2.ellipse(frame, (round(eye[0]), round(eye[1])), (20, 15), 0, 0, 360, (20, 20, 20), -1)
    else:
        x, y = round(points.nose[0]), round((points.right_mouth[1] + points.left_mouth[1]) / 2)
        cv2.ellipse(frame, (x, y), (36, 28), 0, 0, 360, (215, 210, 205), -1)
    assert Feedback.FACE_COVERED in pipeline.analyse(frame).feedback
    own, other = (Part.EYES, Part.MOUTH) if covering == "glasses" else (Part.MOUTH, Part.EYES)
    assert Feedback.FACE_COVERED not in pipeline.analyse(frame, {own}).feedback, "an officer recorded it"
    assert Feedback.FACE_COVERED in pipeline.analyse(frame, {other}).feedback


@pytest.mark.parametrize(("part", "slant"), [(Part.MOUTH, 0), (Part.MOUTH, 20), (Part.EYES, 0), (Part.EYES, 15)])
def test_fingers_before_a_face_are_told_so(
    pipeline: FacePipeline, photograph: Photograph, part: Part, slant: int
) -> None:
    """Synthetic: skin with the edges of four fingers, which a measure of detail takes for a mouth or an eye."""
    frame = photograph("subject-a-1").copy()
    face = pipeline.analyse(frame).face
    assert face is not None
    points = face.landmarks.array()
    x, y = points[0] if part is Part.EYES else points[3:].mean(axis=0)
    reach = float(np.linalg.norm(points[1] - points[0])) * 0.55
    hand = np.full_like(frame, frame[round(points[2][1]) + 3, round(points[2][0])])
    turn = np.deg2rad(slant)
    for finger in np.arange(-1.5, 2.0, 0.5) * reach:
        middle = np.array([x + finger * np.cos(turn), y + finger * np.sin(turn)])
        along = np.array([-np.sin(turn), np.cos(turn)]) * 2 * reach
        ends = [tuple(round(value) for value in middle + side * along) for side in (-1, 1)]
        cv2.line(hand, *ends, (40, 50, 70), 3)
    shape = np.zeros(frame.shape[:2], np.uint8)
    cv2.circle(shape, (round(x), round(y)), round(reach), 255, -1)
    frame[shape > 0] = hand[shape > 0]
    assert Feedback.FACE_COVERED in pipeline.analyse(frame).feedback
    assert Feedback.FACE_COVERED not in pipeline.analyse(frame, {part}).feedback, "an officer recorded it"


def test_shut_eyes_and_an_open_mouth_are_told_so(pipeline: FacePipeline, photograph: Photograph) -> None:
    """On the mesh of a real face, its lids and lips moved."""
    analysis = pipeline.analyse(photograph("subject-a-1"))
    assert analysis.mesh is not None and analysis.quality is not None
    assert Feedback.EXPRESSION not in analysis.feedback
    shut, wide = analysis.mesh.points.copy(), analysis.mesh.points.copy()
    shut[[159, 386]] += 0.9 * (shut[[145, 374]] - shut[[159, 386]])
    wide[14] += 3.0 * (wide[14] - wide[13])
    for points, part in ((shut, Part.EYES), (wide, Part.MOUTH)):
        mesh = Mesh(points, 1.0)
        quality = replace(analysis.quality, eyes_open=eyes_open(mesh), mouth_open=mouth_open(mesh))
        assert complaints(quality, parameters()) == (Feedback.EXPRESSION,)
        assert complaints(quality, parameters(), {part}) == ()


def test_an_upside_down_face_is_not_usable(pipeline: FacePipeline, photograph: Photograph) -> None:
    analysis = pipeline.analyse(cv2.rotate(photograph("subject-a-1"), cv2.ROTATE_180))
    assert not analysis.usable


def test_every_code_has_one_instruction() -> None:
    assert set(INSTRUCTIONS) == set(Feedback)
    assert len(set(INSTRUCTIONS.values())) == len(Feedback)


def test_a_damaged_model_is_refused(models: dict[str, bytes]) -> None:
    with pytest.raises(MalformedError, match="cannot be loaded"):
        FacePipeline({**models, "sface": models["sface"][:1000]})
