"""One ONNX network on a fixed number of threads."""

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from sallyport_protocol.errors import MalformedError


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
        self._input = self._session.get_inputs()[0].name
        self.outputs: tuple[str, ...] = tuple(output.name for output in self._session.get_outputs())

    def run(self, values: npt.NDArray[np.float32]) -> list[npt.NDArray[np.float32]]:
        """The outputs in the order of `outputs`."""
        results: Any = self._session.run(None, {self._input: values})
        return list(results)
