"""Embeddings of a folder of faces, on several processes, and every score between them."""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.pipeline import FacePipeline
from sallyport_biometrics.face.words import Embedding, Face, Image
from sallyport_models.evaluate.pairs import person_of
from sallyport_protocol.errors import MalformedError

BLOCK = 1024


@dataclass(frozen=True, slots=True)
class Enrolled:
    """One image's outcome: no embedding is a failure to acquire."""

    name: str
    embedding: Embedding | None
    quality: float
    feedback: tuple[str, ...]
    seconds: float


def enrol_all(
    images: Mapping[str, Path], models: Mapping[str, bytes], processes: int, tell: Callable[[int], None]
) -> tuple[Enrolled, ...]:
    """Every image in the order of its name; `tell` receives how many are done."""
    names = sorted(images)
    work = [(name, str(images[name])) for name in names]
    found = []
    for enrolled in _mapped(work, models, processes):
        found.append(enrolled)
        tell(len(found))
    return tuple(found)


def enrol(pipeline: FacePipeline, name: str, frame: Image | None) -> Enrolled:
    """The most central face of a still: what such sets mean when others stand in the background."""
    started = time.perf_counter()
    if frame is None:
        return Enrolled(name, None, 0.0, ("UNREADABLE",), time.perf_counter() - started)
    analysis = pipeline.analyse(frame)
    face, meant = analysis.face, central(analysis.faces, frame)
    if meant is not None and (face is None or face.box != meant.box):
        face = pipeline.refine(frame, meant)[0]
    embedding = pipeline.embed(frame, face) if face else None
    usable = embedding if embedding is not None and embedding.any() else None
    quality = analysis.quality.overall if analysis.quality else 0.0
    codes = tuple(str(code) for code in analysis.feedback)
    return Enrolled(name, usable, quality, codes, time.perf_counter() - started)


def central(faces: Sequence[Face], frame: Image) -> Face | None:
    """The face nearest to the middle of the frame."""
    middle = (frame.shape[1] / 2, frame.shape[0] / 2)
    return min(faces, key=lambda face: float(np.hypot(*np.subtract(face.box.centre, middle))), default=None)


@dataclass(frozen=True, slots=True)
class AllPairs:
    """Scores between all images of a set; `identities` is the person of every genuine score."""

    genuine: npt.NDArray[np.float32]
    identities: npt.NDArray[np.int64]
    impostor: npt.NDArray[np.float32]


def all_pairs(enrolled: Sequence[Enrolled]) -> AllPairs:
    """Every unordered pair once. Needs 4 bytes a pair: 30 MiB for 4,000 images.

    Genuine pairs with a failure to acquire score `-inf`; impostor pairs with one are left out, which raises the FMR.
    Raises MalformedError when no image at all shows a face.
    """
    if all(item.embedding is None for item in enrolled):
        raise MalformedError(f"no face is found in any of the {len(enrolled)} images; name the folder of a face set")
    people = np.unique([person_of(item.name) for item in enrolled], return_inverse=True)[1]
    usable = np.array([item.embedding is not None for item in enrolled])
    dimensions = next(len(item.embedding) for item in enrolled if item.embedding is not None)
    blank = np.zeros(dimensions, dtype=np.float32)
    matrix = np.stack([blank if item.embedding is None else item.embedding for item in enrolled])
    genuine, identities, impostor = [], [], []
    for start in range(0, len(matrix), BLOCK):
        scores = matrix[start : start + BLOCK] @ matrix.T
        rows = np.arange(start, start + len(scores))
        upper = rows[:, None] < np.arange(len(matrix))
        same = people[rows][:, None] == people
        both = usable[rows][:, None] & usable
        scores[~both] = -np.inf
        genuine.append(scores[upper & same])
        identities.append(np.broadcast_to(people[rows][:, None], scores.shape)[upper & same])
        impostor.append(scores[upper & ~same & both])
    return AllPairs(np.concatenate(genuine), np.concatenate(identities), np.concatenate(impostor))


def _mapped(work: Sequence[tuple[str, str]], models: Mapping[str, bytes], processes: int) -> Iterator[Enrolled]:
    if processes <= 1:
        _start(dict(models))
        yield from map(_one, work)
        return
    with multiprocessing.get_context("spawn").Pool(processes, _start, (dict(models),)) as pool:
        yield from pool.imap(_one, work, chunksize=8)


_pipeline: FacePipeline | None = None


def _start(models: dict[str, bytes]) -> None:
    global _pipeline
    cv2.setNumThreads(1)
    _pipeline = FacePipeline(models)


def _one(item: tuple[str, str]) -> Enrolled:
    assert _pipeline is not None
    name, path = item
    frame = cv2.imread(path)
    return enrol(_pipeline, name, None if frame is None else np.asarray(frame, dtype=np.uint8))
