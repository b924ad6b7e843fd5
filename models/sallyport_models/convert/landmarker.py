"""The two networks of MediaPipe's face landmarker (Google, Apache-2.0), taken out of its `.task` archive.

The runtime `mediapipe` is not needed: plain onnxruntime runs both, on the same threads and with the same memory as
our other networks.
"""

import io
import zipfile

from sallyport_models.convert.tflite import convert_tflite
from sallyport_protocol.errors import MalformedError


def convert_face_mesh(source: bytes) -> bytes:
    """Input `input_0` [1, 256, 256, 3] float32, RGB, 0 to 1.

    Outputs: `output_0` [1, 1, 1, 1434], 478 points of x, y, z in pixels of the input; `output_1` [1, 1, 1, 1], the
    face's presence before a logistic; `output_2` [1, 1], the tongue's presence.
    """
    return convert_tflite(_member(source, "face_landmarks_detector.tflite"))


def convert_blendshapes(source: bytes) -> bytes:
    """Input `input_0` [1, 146, 2] float32, x and y of 146 mesh points in pixels; output `output_0` [52], 0 to 1."""
    return convert_tflite(_member(source, "face_blendshapes.tflite"))


def _member(source: bytes, name: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(source)) as archive:
            return archive.read(name)
    except (zipfile.BadZipFile, KeyError) as error:
        raise MalformedError(f"this is no face landmarker task: {error}; fetch the model again") from error
