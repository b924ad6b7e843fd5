"""Teaching the third witness: marks that show, samples as a kiosk cuts them, an ONNX file that computes the same."""

import numpy as np
import onnxruntime as ort
import pytest

from sallyport_biometrics.face.grids import spectra_about
from sallyport_biometrics.face.witness import LARGEST, LENGTH, SAID, SHAPES, Witness
from sallyport_biometrics.face.words import Box
from sallyport_rig.recapture.people import Part, is_kept, of_part
from sallyport_rig.recapture.scene import Photograph
from sallyport_rig.witness.export import to_onnx
from sallyport_rig.witness.marks import MARKS, marked
from sallyport_rig.witness.network import LEAK, STREAMS, Array, Convolution, Weights, drawn, padding
from sallyport_rig.witness.samples import finished
from sallyport_rig.witness.tint import tinted
from sallyport_rig.witness.training import BATCH, batches


def face(seed: int = 1) -> Array:
    """A soft bright oval before a room; synthetic."""
    y, x = np.mgrid[0:160, 0:140].astype(np.float32)
    oval = 110 * np.exp(-(((x - 70) / 34) ** 2) - ((y - 80) / 44) ** 2)
    rough = np.random.default_rng(seed).normal(0, 2, (160, 140, 1))
    return np.asarray(50 + oval[..., None] * [0.7, 0.85, 1.0] + rough, np.float32)


@pytest.mark.parametrize("name", sorted(MARKS))
def test_a_mark_shows_and_the_same_seed_draws_it_again(name: str) -> None:
    first, again = (MARKS[name](face(), face(2), np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first, again) and first.dtype == np.float32 and first.shape[2] == 3
    assert first.shape != face().shape or np.abs(first - face()).mean() > 0.5
    assert np.isfinite(first).all()


def test_every_marked_picture_has_a_mark_that_shows() -> None:
    for seed in range(8):
        light, names = marked(face(), face(2), np.random.default_rng(seed))
        assert set(names) - {"cast", "mirrored", "banded"}
        picture = finished(light, np.random.default_rng(seed))
        assert picture.dtype == np.uint8 and picture.shape == light.shape


def test_a_tint_brings_colour_and_keeps_luminance() -> None:
    grey = np.repeat(face().mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    colour = tinted(Photograph(grey, 70, 80, 70), np.random.default_rng(1)).astype(float)
    luminance = colour @ [0.114, 0.587, 0.299]
    assert np.abs(luminance - grey[..., 0]).mean() < 3
    blue, red = colour[70:90, 60:80, 0].mean(), colour[70:90, 60:80, 2].mean()
    assert red > blue + 10, "skin is warm"


def test_people_are_kept_by_name_alone() -> None:
    from pathlib import Path

    images = [(f"P{number}_{take:04d}", Path("x")) for number in range(300) for take in (1, 2)]
    kept, teaching = of_part(images, Part.KEPT), of_part(images, Part.TEACHING)
    assert len(kept) + len(teaching) == len(of_part(images, Part.ALL)) == 600
    assert 30 * 2 < len(kept) < 90 * 2 and len(kept) % 2 == 0
    assert is_kept("P1") == any(name.startswith("P1_") for name, _ in kept)


def test_every_sample_is_shown_once_in_each_round() -> None:
    indices = np.arange(3 * BATCH)
    shown = list(batches(indices, 2, np.random.default_rng(1)))
    assert len(shown) == 6 and sorted(np.concatenate(shown[:3]).tolist()) == indices.tolist()
    assert not np.array_equal(shown[0], shown[3])


def test_the_file_computes_what_the_network_is_by_hand() -> None:
    weights = {
        name: (kernel, np.linspace(-0.1, 0.1, len(bias), dtype=np.float32)) for name, (kernel, bias) in drawn(1).items()
    }
    views = np.random.default_rng(2).normal(0, 1, (1, LENGTH)).astype(np.float32)
    content = to_onnx(weights)
    assert content == to_onnx(weights) and len(content) < 1_000_000
    session = ort.InferenceSession(content, providers=["CPUExecutionProvider"])
    (odds,) = session.run(["odds"], {"views": views})
    assert odds[0, 0] == pytest.approx(by_hand(weights, views[0]), abs=0.02)


def test_a_kiosk_reads_it_and_no_two_faces_get_the_same() -> None:
    witness, box = Witness(to_onnx(drawn(1))), Box(35, 35, 70, 90)
    frames = [np.clip(face(seed), 0, 255).astype(np.uint8) for seed in (1, 2)]
    first, second = (witness.read(frame, box, spectra_about(frame, box))[SAID] for frame in frames)
    assert first != second and max(abs(first), abs(second)) <= LARGEST


def by_hand(weights: Weights, views: Array) -> float:
    """The network without any library of networks."""
    features, at = [], 0
    for stream, shape in zip(STREAMS, SHAPES, strict=True):
        size = int(np.prod(shape))
        view = views[at : at + size].reshape(shape)
        at += size
        for layer in stream.layers:
            view = np.maximum(convolved(view, layer, *weights[layer.name]), 0)
        read = view.ravel() if stream.placed else np.concatenate([view.mean((0, 1)), view.max((0, 1))])
        features.append(leaky(read @ weights[stream.name][0] + weights[stream.name][1]))
    hidden = leaky(np.concatenate(features) @ weights["joint"][0] + weights["joint"][1])
    return float((hidden @ weights["odds"][0] + weights["odds"][1])[0])


def convolved(view: Array, layer: Convolution, kernel: Array, bias: Array) -> Array:
    wide = np.pad(view, (*(padding(side, layer) for side in view.shape[:2]), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(wide, (layer.side, layer.side), (0, 1))
    windows = windows[:: layer.stride, :: layer.stride]
    return np.asarray(np.einsum("yxcij,ijcd->yxd", windows, kernel) + bias, np.float32)


def leaky(values: Array) -> Array:
    return np.where(values > 0, values, LEAK * values)
