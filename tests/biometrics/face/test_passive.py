"""The cut-out is the published one, an absent network is no evidence, and certainty is bounded."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from sallyport_biometrics.face.detect import FaceDetector
from sallyport_biometrics.face.passive import LARGEST, ROOM, PassiveDetector, cut, room_of
from sallyport_biometrics.face.words import Box, Face, Image, Landmarks

DATA = Path(os.environ.get("SALLYPORT_DATA", Path(__file__).parents[3].parent / "shared" / "data"))
SAMPLES = Path(__file__).parents[3] / "var" / "samples"
MODELS = Path(os.environ.get("SALLYPORT_MODELS", Path(__file__).parents[3] / "var" / "models"))
FILES = {"minifasnet-v2": "2.7_80x80_MiniFASNetV2.onnx", "minifasnet-v1se": "4_0_0_80x80_MiniFASNetV1SE.onnx"}
FACE = Face(Box(220, 120, 200, 240), Landmarks((270, 210), (370, 210), (320, 260), (280, 300), (360, 300)), 0.9)


def numbered(height: int, width: int) -> Image:
    """Every pixel says where it is."""
    down, across = np.mgrid[0:height, 0:width]
    return np.stack([across % 256, across // 256 + 16 * (down // 256), down % 256], axis=2).astype(np.uint8)


def corners(chip: Image) -> tuple[int, int, int, int]:
    """Left, top, right and bottom pixel of a cut from `numbered`."""

    def place(pixel: Image) -> tuple[int, int]:
        return int(pixel[0]) + 256 * (int(pixel[1]) % 16), int(pixel[2]) + 256 * (int(pixel[1]) // 16)

    return *place(chip[0, 0]), *place(chip[-1, -1])


@pytest.mark.parametrize(
    ("size", "box", "scale", "wanted"),
    [
        ((480, 640), (270, 190, 100, 120), 2.7, (185, 88, 455, 412)),  # room on all sides
        ((480, 640), (10, 190, 100, 120), 2.7, (0, 88, 270, 412)),  # moved in from the left
        ((480, 640), (530, 350, 100, 120), 2.7, (369, 155, 639, 479)),  # and from right and below
        ((480, 640), (270, 140, 160, 200), 4.0, (158, 0, 541, 479)),  # shrunk to the frame's height
    ],
)
def test_the_cut_is_that_of_the_published_code(
    size: tuple[int, int], box: tuple[int, int, int, int], scale: float, wanted: tuple[int, int, int, int]
) -> None:
    """`wanted` follows by hand from `_get_new_box` of Silent-Face-Anti-Spoofing, both ends included."""
    assert corners(cut(numbered(*size), Box(*box), scale)) == wanted


@pytest.mark.parametrize(
    "box", [Box(-50, -50, 100, 100), Box(600, 440, 200, 200), Box(0, 0, 5000, 20), Box(9, 9, 0.5, 0.5)]
)
def test_a_cut_lies_in_the_frame(box: Box) -> None:
    chip = cut(numbered(480, 640), box, 2.7)
    assert chip.size > 0 and chip.ndim == 3


def test_no_networks_is_allowed_and_named() -> None:
    detector = PassiveDetector({})
    assert (detector.names, detector.digests, detector.read(numbered(480, 640), FACE)) == ((), (), {})


def test_the_networks_take_a_photograph_for_live_and_nothing_else_of_it() -> None:
    """Their order of channels and scale of values are right: turned about or divided, the photograph scores higher."""
    paths = {name: DATA / "models" / file for name, file in FILES.items()}
    sample, yunet = SAMPLES / "subject-b-1.jpg", MODELS / "yunet.onnx"
    if not all(path.exists() for path in (*paths.values(), sample, yunet)):
        pytest.skip("the operator's networks, the samples or the models are not here")
    detector = PassiveDetector({name: path.read_bytes() for name, path in paths.items()})
    picture = np.asarray(cv2.imread(str(sample)), np.uint8)
    face = FaceDetector(yunet.read_bytes()).detect(picture)[0]
    found = detector.read(picture, face)
    assert tuple(found) == (*detector.names, ROOM) == (*FILES, ROOM) and found[ROOM] == 0.0
    turned = detector.read(np.ascontiguousarray(picture[..., ::-1]), face)
    divided = detector.read((picture / 255).astype(np.uint8), face)
    for name in FILES:
        assert -LARGEST <= found[name] < -6.0
        assert turned[name] > found[name] + 1.0 and divided[name] > 2.0


def test_room_is_what_the_frame_leaves_of_the_cut_out() -> None:
    frame = numbered(480, 640)
    assert room_of(frame, Box(270, 190, 100, 120)) == 0.0
    assert room_of(frame, Box(270, 10, 200, 240)) == pytest.approx(np.log(479 / 240 / 2.7))
    assert room_of(frame, Box(-500, -500, 90_000, 90_000)) < -3
