"""A person's face in one template: the quality-weighted mean of the embeddings of several frames."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from sallyport_biometrics.face.embed import unit
from sallyport_biometrics.face.words import Embedding
from sallyport_protocol.errors import MalformedError

MAGIC = b"SPFT"
VERSION = 1
HEADER = struct.Struct(">4sBBHfH")  # magic, version, models, frames, quality, dimensions
DIGEST = 32
LARGEST_DIMENSION = 2048


@dataclass(frozen=True, slots=True, eq=False)
class FaceTemplate:
    """`embedding` has length one, `frames` counts what went in, `quality` is their mean weight, 0 to 1.

    `models` are the SHA-256 digests of the networks that made it, in the order of use: templates of
    different networks never compare.
    """

    embedding: Embedding
    models: tuple[bytes, ...]
    frames: int
    quality: float

    def to_bytes(self) -> bytes:
        """The same template always gives the same bytes."""
        dimensions = len(self.embedding)
        header = HEADER.pack(MAGIC, VERSION, len(self.models), self.frames, self.quality, dimensions)
        return header + b"".join(self.models) + self.embedding.astype("<f4").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read back; `MalformedError` on anything but a whole template of this version."""
        if len(data) < HEADER.size or data[:4] != MAGIC:
            raise MalformedError("this is not a face template; enrol the person again")
        _, version, models, frames, quality, dimensions = HEADER.unpack_from(data)
        if version != VERSION:
            raise MalformedError(f"face template version {version} is unknown here; enrol the person again")
        start = HEADER.size + models * DIGEST
        if not 0 < dimensions <= LARGEST_DIMENSION or models == 0 or len(data) != start + 4 * dimensions:
            raise MalformedError("the face template has the wrong length; send it again")
        embedding = np.frombuffer(data, dtype="<f4", offset=start).astype(np.float32)
        length = float(np.linalg.norm(embedding))
        if not np.isfinite(length) or abs(length - 1.0) > 1e-3 or not 0.0 <= quality <= 1.0 or frames == 0:
            raise MalformedError("the face template's values are out of range; send it again")
        digests = tuple(data[at : at + DIGEST] for at in range(HEADER.size, start, DIGEST))
        return cls(embedding, digests, frames, quality)


def aggregate(frames: Sequence[tuple[Embedding, float]], models: tuple[bytes, ...]) -> FaceTemplate:
    """The template of several (embedding, weight) with weights above 0 and at most 1.

    `ValueError` when there is nothing to aggregate: no frame, no weight, or embeddings that cancel out.
    """
    weighted = [(embedding, weight) for embedding, weight in frames if weight > 0.0 and embedding.any()]
    if not weighted:
        raise ValueError("a template needs at least one usable frame")
    weights = np.array([weight for _, weight in weighted], dtype=np.float64)
    total = np.stack([embedding for embedding, _ in weighted]).astype(np.float64).T @ weights
    embedding = unit(np.asarray(total / weights.sum(), dtype=np.float32))
    if not embedding.any():
        raise ValueError("the frames contradict each other; capture again")
    return FaceTemplate(embedding, models, len(weighted), float(np.float32(min(1.0, weights.mean()))))
