"""One ONNX network on a fixed number of threads."""

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from sallyport_protocol.errors import MalformedError

_Ran = tuple[npt.NDArray[np.float32], list[npt.NDArray[np.float32]]]
"""One input and what came of it."""


class Network:
    """A loaded model and its digest. Safe to call from one thread at a time."""

    def __init__(self, model: bytes, threads: int = 1) -> None:
        """Load; `MalformedError` when onnxruntime cannot use the bytes."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.digest = hashlib.sha256(model).digest()
        try:
            self._session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise MalformedError(f"the model cannot be loaded: {error}; fetch the models again") from error
        self._before: _Ran | None = None
        self._input = self._session.get_inputs()[0].name
        self.outputs: tuple[str, ...] = tuple(output.name for output in self._session.get_outputs())

    def run(self, values: npt.NDArray[np.float32]) -> list[npt.NDArray[np.float32]]:
        """The outputs in the order of `outputs`. Raises MalformedError for what no sound network gives: values that are
        not finite, or to the last bit the same for two different inputs."""
        results: Any = self._session.run(None, {self._input: values})
        if not all(np.isfinite(each).all() for each in results):
            raise MalformedError("a network gave values that are not numbers; treat the camera's pictures as faulty")
        before, self._before = self._before, (values, list(results))
        if before is not None and _gives_the_same(before, self._before):
            raise MalformedError("a network gives the same for different pictures; fetch the models again")
        return list(results)


def _gives_the_same(before: _Ran, after: _Ran) -> bool:
    """Whether two different inputs of one shape had equal outputs, all of them."""
    if not all(np.array_equal(one, other) for one, other in zip(before[1], after[1], strict=True)):
        return False
    return before[0].shape == after[0].shape and not np.array_equal(before[0], after[0])
