"""Runs the fingerprint pipeline over a set, on several processes: every template, then every pair."""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sallyport_biometrics.finger import FingerExtractor, FingerTemplate
from sallyport_biometrics.finger.match import MEASUREMENTS, measure
from sallyport_models.evaluate.finger_images import PrintSet, read_gray

Tell = Callable[[str, int, int], None]
"""Receives what is being done, how much is done, and how much there is."""

_PAIRS_A_TASK = 400


@dataclass(frozen=True, slots=True)
class Enrolled:
    """One image after extraction."""

    template: bytes | None
    good: bool
    """Whether the quality gate asked for no other attempt."""
    quality: float
    seconds: float
    """Wall time, image to described template, on one thread."""


@dataclass(frozen=True, slots=True)
class SetScores:
    """All pairs of one set."""

    name: str
    finger: NDArray[np.intp]
    """[images] 0, 1, 2, ..."""
    enrolled: tuple[Enrolled, ...]
    pairs: NDArray[np.intp]
    """[pairs, 2] images, the first below the second."""
    measured: NDArray[np.float64]
    """[pairs, measurements]; rows of NaN where no comparison was possible."""
    match_seconds: float
    """CPU time of a comparison of described templates, mean."""

    @property
    def genuine(self) -> NDArray[np.bool_]:
        """[pairs]"""
        return np.asarray(self.finger[self.pairs[:, 0]] == self.finger[self.pairs[:, 1]])


@contextmanager
def workers(model: bytes, processes: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that each hold the network on one thread."""
    before = {name: os.environ.get(name) for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")}
    os.environ.update(dict.fromkeys(before, "1"))
    try:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(processes, context, _start, (model,)) as pool:
            yield pool
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def score_set(prints: PrintSet, pool: ProcessPoolExecutor, dpi: float, tell: Tell) -> SetScores:
    """Extracts every image and measures every pair."""
    count = len(prints.impressions)
    paths = [item.path for item in prints.impressions]
    enrolled = []
    for done, item in enumerate(pool.map(_extract, paths, [dpi] * count), 1):
        enrolled.append(item)
        tell(f"{prints.name}: extracting", done, count)
    pairs = np.stack(np.triu_indices(count, 1), axis=1)
    templates = [item.template for item in enrolled]
    tasks = [pairs[start : start + _PAIRS_A_TASK] for start in range(0, len(pairs), _PAIRS_A_TASK)]
    rows, seconds = [], 0.0
    for done, (values, spent) in enumerate(pool.map(_measure, [templates] * len(tasks), tasks), 1):
        rows.append(values)
        seconds += spent
        tell(f"{prints.name}: comparing", min(done * _PAIRS_A_TASK, len(pairs)), len(pairs))
    names = sorted({item.finger for item in prints.impressions})
    finger = np.array([names.index(item.finger) for item in prints.impressions], np.intp)
    measured = np.concatenate(rows) if rows else np.zeros((0, len(MEASUREMENTS)))
    return SetScores(prints.name, finger, tuple(enrolled), pairs, measured, seconds / max(1, len(pairs)))


_extractor: FingerExtractor | None = None


def _start(model: bytes) -> None:
    import cv2

    global _extractor
    cv2.setNumThreads(1)
    _extractor = FingerExtractor(model)


def _extract(path: Path, dpi: float) -> Enrolled:
    assert _extractor is not None
    image = read_gray(path)
    start = time.perf_counter()
    found = _extractor.examine(image, dpi)
    if found.template is not None:
        len(found.template.described)
    seconds = time.perf_counter() - start
    content = found.template.to_bytes() if found.template else None
    return Enrolled(content, found.quality.good, found.quality.value, seconds)


def _measure(templates: list[bytes | None], pairs: NDArray[np.intp]) -> tuple[NDArray[np.float64], float]:
    """The measurements of these pairs, and the CPU time they took once every template was described."""
    used = np.unique(pairs)
    ready = {index: FingerTemplate.from_bytes(content) for index in used if (content := templates[index])}
    for template in ready.values():
        len(template.described)
    rows = np.full((len(pairs), len(MEASUREMENTS)), np.nan)
    start = time.process_time()
    for row, (first, second) in enumerate(pairs):
        if first in ready and second in ready:
            values = measure(ready[first], ready[second])
            if values is not None:
                rows[row] = values
    return rows, time.process_time() - start
