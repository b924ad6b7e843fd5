"""Known-answer tests: a model that is intact on disk must also compute what it computed when it was approved.

Each model gets one fixed input (a smooth pattern made from its shape and range) and must give the outputs that
`known_answers.toml` records (by `sallyport-models answers`), within a tolerance for other processors' arithmetic.
NaN, infinities and outputs that became constant never pass.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from sallyport_biometrics.face.witness import LENGTH
from sallyport_protocol.errors import MalformedError, RoadError

FILE: Final = Path(__file__).resolve().parent / "known_answers.toml"
TOLERANCE: Final = 0.02
"""Largest difference of a recorded value, as a share of the output's spread: other processors round otherwise."""
_SAMPLES: Final = 8

Array = NDArray[np.float32]

INPUTS: Final[Mapping[str, tuple[tuple[int, ...], float, float]]] = {
    "leader": ((1, 1, 128, 128), 0.0, 255.0),
    "yunet": ((1, 3, 160, 160), 0.0, 255.0),
    "sface": ((1, 3, 112, 112), 0.0, 255.0),
    "face-mesh": ((1, 256, 256, 3), 0.0, 1.0),
    "face-blendshapes": ((1, 146, 2), 0.0, 1.0),
    "attack-witness": ((1, LENGTH), -1.0, 1.0),
    "minifasnet-v2": ((1, 3, 80, 80), 0.0, 255.0),
    "minifasnet-v1se": ((1, 3, 80, 80), 0.0, 255.0),
}
"""Shape and range of the input that `record` makes for each model."""


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """One model's input and what it gives for it."""

    shape: tuple[int, ...]
    low: float
    high: float
    outputs: Mapping[str, tuple[float, ...]]
    """By output: mean, standard deviation, and values at evenly spaced places."""


def read_known_answers(path: Path = FILE) -> dict[str, KnownAnswer]:
    """By model, as installed. Raises RoadError (missing) or MalformedError; both name the file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RoadError(f"{path}: {error.strerror}; install Sallyport again") from error
    return parse_known_answers(content, path)


def parse_known_answers(content: bytes, path: Path = FILE) -> dict[str, KnownAnswer]:
    """By model, from the file's bytes. Raises MalformedError naming `path`."""
    try:
        return {
            name: KnownAnswer(
                tuple(entry["shape"]),
                float(entry["low"]),
                float(entry["high"]),
                {output: tuple(map(float, values)) for output, values in entry["outputs"].items()},
            )
            for name, entry in tomllib.loads(content.decode()).items()
        }
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise MalformedError(f"{path}: {error!r}; install Sallyport again") from error


def check_model(name: str, content: bytes, known: Mapping[str, KnownAnswer]) -> None:
    """Raises MalformedError when the model does not give its known answer, or when none is recorded."""
    answer = known.get(name)
    if answer is None:
        raise MalformedError(f"{name} has no known answer; record it with `sallyport-models answers`")
    given = outputs_of(content, answer)
    if given.keys() != answer.outputs.keys():
        raise MalformedError(f"{name} has other outputs than when it was approved; fetch the models again")
    for output, values in given.items():
        wrong = _difference(values, answer.outputs[output])
        if wrong is not None:
            raise MalformedError(f"{name}: output {output} {wrong}; do not use this machine before it is explained")


def record(models: Mapping[str, bytes]) -> str:
    """The text of `known_answers.toml` for these models; those without an entry in `INPUTS` are left out."""
    lines = [
        "# What each approved model gives for its known input. Written by `sallyport-models answers`; do not edit."
    ]
    for name in sorted(models.keys() & INPUTS.keys()):
        shape, low, high = INPUTS[name]
        given = outputs_of(models[name], KnownAnswer(shape, low, high, {}))
        lines += ["", f"[{name}]", f"shape = {list(shape)}", f"low = {low}", f"high = {high}", f"[{name}.outputs]"]
        for output, values in given.items():
            lines.append(f'"{output}" = [{", ".join(f"{value:.6g}" for value in values)}]')
    return "\n".join(lines) + "\n"


def outputs_of(content: bytes, answer: KnownAnswer) -> dict[str, tuple[float, ...]]:
    """What the model gives for the known input. Raises MalformedError when it cannot be run."""
    try:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        names = [each.name for each in session.get_outputs()]
        arrays: Sequence[Array] = session.run(names, {session.get_inputs()[0].name: pattern(answer)})
    except Exception as error:  # onnxruntime's errors share no base of their own
        raise MalformedError(f"the model cannot be run: {str(error)[:120]}") from error
    return {name: summary(array) for name, array in zip(names, arrays, strict=True)}


def pattern(answer: KnownAnswer) -> Array:
    """A smooth input that differs everywhere: [shape] float32 in [low, high]."""
    count = int(np.prod(answer.shape))
    wave = 0.5 + 0.5 * np.sin(np.arange(count, dtype=np.float64) * 0.011) * np.cos(np.arange(count) * 0.00037)
    spread = answer.low + (answer.high - answer.low) * wave
    return np.asarray(spread.reshape(answer.shape), dtype=np.float32)


def summary(array: Any) -> tuple[float, ...]:
    """Mean, standard deviation and evenly spaced values; all NaN when any value is not finite."""
    flat = np.asarray(array, dtype=np.float64).ravel()
    if not np.isfinite(flat).all():
        return (float("nan"),) * (_SAMPLES + 2)
    places = np.linspace(0, len(flat) - 1, _SAMPLES).astype(int)
    return (float(flat.mean()), float(flat.std()), *(float(flat[place]) for place in places))


def _difference(given: Sequence[float], recorded: Sequence[float]) -> str | None:
    if not np.isfinite(given).all():
        return "is not finite"
    if given[1] < 1e-9 <= recorded[1]:
        return "is constant"
    spread = max(recorded[1], 0.05 * abs(recorded[0]), 1e-3)
    if len(given) != len(recorded):
        return "has another size than when the model was approved"
    if max(abs(a - b) for a, b in zip(given, recorded, strict=True)) > TOLERANCE * spread:
        return "is not what it was when the model was approved"
    return None
