"""The witness's shape, and its arithmetic in JAX. Weights are a mapping from layer to (kernel, bias)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.witness import SHAPES
from sallyport_protocol.errors import RoadError

Weights = Mapping[str, tuple[Any, Any]]
"""Arrays of numpy or JAX: [height, width, in, out] or [in, out], and [out]."""
Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Convolution:
    """With a rectifier behind it."""

    name: str
    side: int
    stride: int
    source: int
    target: int


@dataclass(frozen=True, slots=True)
class Stream:
    """One view's own network."""

    name: str
    layers: tuple[Convolution, ...]
    placed: bool
    """whether it matters where something is: then every place is read apart, else mean and maximum"""


def _stream(name: str, placed: bool, *layers: tuple[int, int, int]) -> Stream:
    """`layers`: side, stride and channels."""
    channels = [3, *(layer[2] for layer in layers)]
    return Stream(
        name,
        tuple(
            Convolution(f"{name}{number}", side, stride, channels[number], target)
            for number, (side, stride, target) in enumerate(layers)
        ),
        placed,
    )


STREAMS: Final = (
    _stream("surround", True, (3, 2, 16), (3, 2, 24), (3, 1, 32), (3, 2, 48), (3, 1, 48), (3, 2, 48)),
    _stream("patch", False, (5, 2, 16), (3, 2, 32), (3, 1, 32), (3, 2, 48), (3, 1, 48)),
    _stream("spectra", True, (3, 1, 16), (3, 2, 24), (3, 2, 32), (3, 2, 32)),
)
"""In the order of the views (`sallyport_biometrics.face.witness.SHAPES`)."""
FEATURES, HIDDEN = 32, 48
"""Of each stream, and of the layer that joins them."""
LEAK: Final = 0.1
"""Slope below zero of these: no two pictures give quite the same."""


def drawn(seed: int) -> dict[str, tuple[Array, Array]]:
    """Weights to begin with (He 2015)."""
    generator = np.random.default_rng(seed)

    def layer(*shape: int) -> tuple[Array, Array]:
        spread = np.sqrt(2 / np.prod(shape[:-1]))
        return generator.normal(0, spread, shape).astype(np.float32), np.zeros(shape[-1], np.float32)

    found = {each.name: layer(each.side, each.side, each.source, each.target) for s in STREAMS for each in s.layers}
    for stream, shape in zip(STREAMS, SHAPES, strict=True):
        found[stream.name] = layer(_read(stream, shape), FEATURES)
        found[f"{stream.name} alone"] = layer(FEATURES, 1)
    found["joint"] = layer(FEATURES * len(STREAMS), HIDDEN)
    found["odds"] = layer(HIDDEN, 1)
    return found


def _read(stream: Stream, shape: tuple[int, int, int]) -> int:
    """Values that a stream's last layer gives to its features."""
    high, wide = shape[:2]
    for each in stream.layers:
        high, wide = -(-high // each.stride), -(-wide // each.stride)
    return (high * wide if stream.placed else 2) * stream.layers[-1].target


def odds(weights: Weights, views: Any, kept: Any | None = None) -> tuple[Any, list[Any]]:
    """[N] log odds of an attack, and those of each stream alone.

    `views`: [N, H, W, 3] each. `kept`: [N, streams] 1 or 0: streams that are hushed, so that none relies on another.
    """
    jax = one_core()
    features = [_features(weights, stream, view) for stream, view in zip(STREAMS, views, strict=True)]
    alone = [_dense(weights[f"{each.name} alone"], found)[:, 0] for each, found in zip(STREAMS, features, strict=True)]
    if kept is not None:
        features = [found * kept[:, number, None] for number, found in enumerate(features)]
    hidden = jax.nn.leaky_relu(_dense(weights["joint"], jax.numpy.concatenate(features, axis=1)), LEAK)
    return _dense(weights["odds"], hidden)[:, 0], alone


def _features(weights: Weights, stream: Stream, view: Any) -> Any:
    jax = one_core()
    for each in stream.layers:
        kernel, bias = weights[each.name]
        pads = [padding(side, each) for side in view.shape[1:3]]
        view = jax.lax.conv_general_dilated(
            view, kernel, (each.stride,) * 2, pads, dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        view = jax.nn.relu(view + bias)
    read = (
        view.reshape(view.shape[0], -1)
        if stream.placed
        else jax.numpy.concatenate([view.mean((1, 2)), view.max((1, 2))], axis=1)
    )
    return jax.nn.leaky_relu(_dense(weights[stream.name], read), LEAK)


def padding(side: int, layer: Convolution) -> tuple[int, int]:
    """Rows before and behind, so that a stride of one keeps the size and one of two halves it."""
    total = max(0, (-(-side // layer.stride) - 1) * layer.stride + layer.side - side)
    return total // 2, total - total // 2


def _dense(layer: tuple[Any, Any], values: Any) -> Any:
    return values @ layer[0] + layer[1]


def one_core() -> Any:
    """JAX on one core. Raises RoadError where it is not installed."""
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    try:
        import jax  # type: ignore[import-not-found]
    except ImportError as error:
        raise RoadError("teaching needs JAX; run `pip install jax==0.10.2`") from error
    return jax
