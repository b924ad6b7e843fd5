"""A reference photograph from the prison record: bytes that somebody else wrote, judged before they are unpacked."""

from collections.abc import Set

import cv2
import numpy as np

from sallyport_biometrics.face.parameters import parameters
from sallyport_biometrics.face.pipeline import FacePipeline
from sallyport_biometrics.face.template import FaceTemplate
from sallyport_biometrics.face.words import Feedback, Image
from sallyport_protocol.actions import Part
from sallyport_protocol.errors import MalformedError

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8"
SIZES = frozenset({*range(0xC0, 0xD0)}) - {0xC4, 0xC8, 0xCC}
"""JPEG markers that start a frame and carry its size (ITU-T T.81, table B.1)."""
LARGEST_FILE = 20_000_000
TOLERATED = frozenset({Feedback.TOO_FAR, Feedback.BLURRED, Feedback.EXPRESSION})
"""What an old record photograph may be: its quality says so, and the weight of a single frame does not matter."""


def decoded(data: bytes) -> Image:
    """[H, W, 3] uint8, BGR, of a whole JPEG or PNG of reasonable size; `MalformedError` otherwise."""
    if len(data) > LARGEST_FILE:
        raise MalformedError(f"the photograph's file has {len(data)} bytes; send one of less than 20 MB")
    width, height = size_of(data)
    if not 0 < width * height <= parameters().detector.largest_frame:
        raise MalformedError(f"the photograph is {width}x{height}; send one of at most 25 million pixels")
    if data.startswith(JPEG) and b"\xff\xd9" not in data[-64:]:
        raise MalformedError("the photograph ends in its middle; send it again")
    image = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise MalformedError("the photograph is damaged; send it again")
    return np.asarray(image, dtype=np.uint8)


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height that the file's header states; `MalformedError` when it is neither JPEG nor PNG."""
    if data.startswith(PNG) and data[12:16] == b"IHDR":
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    at = len(JPEG) if data.startswith(JPEG) else len(data)
    while at + 9 < len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if marker in SIZES:
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        at += 2 + length
    raise MalformedError("the photograph is neither a JPEG nor a PNG; send one of these")


def enrolled(pipeline: FacePipeline, data: bytes, covered: Set[Part] = frozenset()) -> FaceTemplate:
    """The template of one reference photograph, with its quality; `MalformedError` says why there is none.

    `covered` parts of the face stay so, as an officer recorded.
    """
    frame = decoded(data)
    analysis = pipeline.analyse(frame, covered)
    hindrances = [code for code in analysis.feedback if code not in TOLERATED]
    if analysis.face is None or analysis.quality is None or hindrances:
        found = hindrances[0] if hindrances else Feedback.NO_FACE
        raise MalformedError(f"the photograph cannot be enrolled: {found}; take another")
    weight = max(analysis.quality.overall, 0.01)
    return pipeline.template([(pipeline.embed(frame, analysis.face), weight)])
