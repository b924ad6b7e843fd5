"""A model that gives NaN, infinities or a constant: refused at the start, and a FAULT, never a match, if it runs.

Each is the real network with its outputs replaced, and approved by digest: what a broken export or a failing memory
would look like from outside.
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from kiosk_bench import Bench
from onnx import helper, numpy_helper

from sallyport_biometrics.calibration import Calibration
from sallyport_biometrics.face.network import Network
from sallyport_biometrics.face.pipeline import MODELS as FACE_MODELS
from sallyport_biometrics.face.pipeline import FacePipeline
from sallyport_biometrics.face.template import FaceTemplate
from sallyport_biometrics.finger import FingerExtractor
from sallyport_kiosk.face_reader import FaceReader
from sallyport_kiosk.finger_reader import FingerReader
from sallyport_kiosk.ports import FingerImage, Frame
from sallyport_models.known_answers import check_model, read_known_answers
from sallyport_models.manifest import Manifest
from sallyport_models.store import ModelStore, default_store
from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_protocol.messages import ModalityOutcome
from sallyport_protocol.subject import Modality, Reference

SAMPLES = Path(__file__).parents[2] / "var/samples"
BROKEN = {"nan": float("nan"), "inf": float("inf"), "constant": 0.25}
RUN = (*FACE_MODELS, "face-blendshapes", "leader")
AT_ONCE = Calibration("any", "00" * 32, 0.95, -1.0, (0.0, 1.0), (0.0, 1.0), (-1.0, 0.0), (-9.0, -9.1), (-8.9, -9.0))
"""Every score, however low, is worth 10^-8.9: only a fault can keep it from being a match."""


@cache
def sound(name: str) -> bytes:
    try:
        return ModelStore(default_store(), Manifest.read()).load(name).bytes
    except RoadError as error:
        pytest.skip(f"{error}")


@cache
def broken(name: str, how: str) -> bytes:
    """The real network, every float output times zero plus the broken value: its shapes and its input stay."""
    model = onnx.load_from_string(sound(name))
    graph = model.graph
    add = "nothing", "broken"
    graph.initializer.extend(
        numpy_helper.from_array(np.array(value, np.float32), each)
        for each, value in zip(add, (0.0, BROKEN[how]), strict=True)
    )
    for output in graph.output:
        for node in graph.node:
            node.output[:] = [f"{each}_sound" if each == output.name else each for each in node.output]
            node.input[:] = [f"{each}_sound" if each == output.name else each for each in node.input]
        graph.node.append(helper.make_node("Mul", [f"{output.name}_sound", add[0]], [f"{output.name}_none"]))
        graph.node.append(helper.make_node("Add", [f"{output.name}_none", add[1]], [output.name]))
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("name", RUN)
def test_a_kiosk_does_not_start_with_it(name: str) -> None:
    answers = read_known_answers()
    for how, words in (("nan", "is not finite"), ("inf", "is not finite"), ("constant", "is constant|is not what")):
        with pytest.raises(MalformedError, match=rf"{name}: output .* ({words})"):
            check_model(name, broken(name, how), answers)


@pytest.fixture
def picture() -> np.ndarray:
    path = SAMPLES / "subject-a-1.jpg"
    frame = cv2.imread(str(path)) if path.exists() else None
    if frame is None:
        pytest.skip("the samples are not here: run `sallyport-models samples`")
    return np.asarray(cv2.resize(frame, None, fx=0.5, fy=0.5))


class Pictures:
    """A camera that shows one picture, each time a little brighter, through the bench's own clock."""

    device = "pictures"

    def __init__(self, picture: np.ndarray, now: Callable[[], int]) -> None:
        self._picture, self._now, self._count = picture, now, 0

    def open(self) -> None: ...

    def close(self) -> None: ...

    def read(self) -> Frame:
        self._count += 1
        shown = cv2.add(self._picture, np.full_like(self._picture, self._count % 9))
        return Frame(np.asarray(shown), self._now(), self._count, self.device)


def face_reader(models: Mapping[str, bytes], bench: Bench, picture: np.ndarray) -> FaceReader:
    pipeline = FacePipeline(models)
    return FaceReader(Pictures(picture, bench.clock.monotonic_ms), pipeline, AT_ONCE, lambda reference: 1)


def anybody(models: tuple[bytes, ...]) -> Reference:
    """A face reference made by these networks; whose does not matter, since every score passes here."""
    embedding = np.zeros(128, np.float32)
    embedding[0] = 1.0
    template = FaceTemplate(embedding, models, 1, 1.0).to_bytes()
    return enrolled(Modality.FACE, 0, template)


def enrolled(modality: Modality, position: int, template: bytes) -> Reference:
    return Reference(
        modality=modality, position=position, template=template, captured_on="2026-01-01", record=b"r" * 32
    )


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("name", FACE_MODELS)
def test_a_face_network_that_broke_is_a_fault(name: str, how: str, bench: Bench, picture: np.ndarray) -> None:
    models = {each: sound(each) for each in FACE_MODELS} | {name: broken(name, how)}
    reader = face_reader(models, bench, picture)
    evidence, _ = reader.read((anybody(reader.pipeline.digests),), bench.stage())
    assert (evidence.outcome, evidence.fmr) == (ModalityOutcome.FAULT, None), evidence
    assert "network" in evidence.detail


def test_the_same_reader_with_sound_networks_is_a_match(bench: Bench, picture: np.ndarray) -> None:
    """So the faults above come from the networks and from nothing else."""
    reader = face_reader({each: sound(each) for each in FACE_MODELS}, bench, picture)
    assert reader.read((anybody(reader.pipeline.digests),), bench.stage())[0].outcome is ModalityOutcome.MATCH


@pytest.mark.parametrize("how", BROKEN)
def test_movements_of_a_broken_network_are_a_fault(how: str) -> None:
    network, rng = Network(broken("face-blendshapes", how)), np.random.default_rng(1)
    with pytest.raises(MalformedError, match="network"):
        for _ in range(2):
            network.run(rng.random((1, 146, 2)).astype(np.float32))


@cache
def print_and_template() -> tuple[np.ndarray, bytes]:
    path = SAMPLES / "finger-a-1.png"
    if not path.exists():
        pytest.skip("the samples are not here: run `sallyport-models samples`")
    image = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)
    template = FingerExtractor(sound("leader")).examine(image, 500.0).template
    assert template is not None
    return image, template.to_bytes()


class Sensor:
    """A sensor with one print on it."""

    device = "one print"

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now

    def open(self) -> None: ...

    def close(self) -> None: ...

    def led(self, light: object) -> None: ...

    def present(self) -> bool:
        return True

    def capture(self) -> FingerImage:
        return FingerImage(print_and_template()[0], 500.0, self._now(), self.device)


@pytest.mark.parametrize("how", BROKEN)
def test_a_finger_network_that_broke_is_a_fault(how: str, bench: Bench) -> None:
    mine = enrolled(Modality.FINGER, 2, print_and_template()[1])
    reader = FingerReader(
        Sensor(bench.clock.monotonic_ms), FingerExtractor(broken("leader", how)), AT_ONCE, lambda reference: 1
    )
    evidence = reader.read((mine,), bench.stage())
    assert (evidence.outcome, evidence.fmr) == (ModalityOutcome.FAULT, None), evidence
    assert "minutiae model" in evidence.detail
