"""Fingerprint verification beside NBIS (mindtct and bozorth3, package `nbis-py`) on the same images.

Accuracy over all genuine and all impostor pairs of each set, extraction and match time on one core, peak memory; each
side in a process of its own. `--impressions 8` takes every impression of a finger (default 4: a quarter of the pairs).
`--json` prints the figures. Without real prints it times the sample images only; without NBIS it says so.

Our weights were fitted on these sets; `sallyport-models evaluate fingerprint DIR --refit` gives the figures with
weights of other fingers.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
SIDES = ("Sallyport", "NBIS")
REPEATS = 9
SENSOR = (288, 256)
"""Rows and columns of an R503's image."""


def data_folder() -> Path | None:
    """Real prints, if they are on this machine."""
    folder = Path(os.environ.get("SALLYPORT_DATA") or ROOT.parent / "shared" / "data") / "fingerprints"
    return folder if folder.is_dir() else None


def main() -> int:
    """Runs both sides and prints a table, or JSON; with `--side`, is one side."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--impressions", type=int, default=4)
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--side", choices=SIDES)
    given = arguments.parse_args()
    if given.side:
        json.dump(measured(given.side, given.impressions), sys.stdout)
        return 0
    figures = {side: run(side, given.impressions) for side in SIDES}
    sys.stdout.write(json.dumps(figures, indent=2) if given.json else table(figures))
    return 0


def run(side: str, impressions: int) -> dict[str, Any]:
    """One side in its own process; a side that cannot run gives its reason."""
    command = [sys.executable, __file__, "--side", side, "--impressions", str(impressions)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        return {"skipped": (done.stderr.strip().splitlines() or ["no reason given"])[-1]}
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def ours() -> tuple[Callable[[Any], Any], Callable[[Any, Any], float]]:
    """Extraction from a gray array to a described template, and comparison."""
    from sallyport_biometrics.finger import FingerExtractor, FingerTemplate, compare

    cv2.setNumThreads(1)
    models = Path(os.environ.get("SALLYPORT_MODELS") or "var/models")
    extractor = FingerExtractor((ROOT / models / "leader.onnx").read_bytes())

    def extract(image: Any) -> Any:
        found = extractor.extract(image)
        if isinstance(found, FingerTemplate):
            len(found.described)
            return found
        return None

    return extract, lambda a, b: -1.0 if a is None or b is None else compare(a, b)


def nbis() -> tuple[Callable[[Any], Any], Callable[[Any, Any], float]]:
    """The same of NBIS, which reads encoded images."""
    from nbis import NbisExtractorSettings, new_nbis_extractor

    settings = NbisExtractorSettings(
        min_quality=0.0, get_center=False, check_fingerprint=False, compute_nfiq2=False, ppi=500.0
    )
    extractor = new_nbis_extractor(settings)

    def extract(image: Any) -> Any:
        return extractor.extract_minutiae(bytes(cv2.imencode(".bmp", image)[1]))

    return extract, lambda a, b: float(a.compare(b))


def measured(side: str, impressions: int) -> dict[str, Any]:
    """All figures of one side."""
    extract, compare = {"Sallyport": ours, "NBIS": nbis}[side]()
    result: dict[str, Any] = {"extract_ms": extraction_times(extract)}
    folder = data_folder()
    if folder:
        result |= accuracy(folder, impressions, extract, compare)
    else:
        images = [gray(path) for path in sorted((ROOT / "var/samples").glob("finger-*.png"))]
        templates = [extract(image) for image in images]
        began = time.process_time()
        for _ in range(50):
            compare(templates[0], templates[1])
        result["match_ms"] = (time.process_time() - began) * 20
    result["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return result


def accuracy(
    folder: Path, impressions: int, extract: Callable[[Any], Any], compare: Callable[[Any, Any], float]
) -> dict[str, Any]:
    """Error rates of every set and pooled, and the mean CPU time of a comparison."""
    sets: dict[str, Any] = {}
    pooled: list[tuple[float, bool]] = []
    spent, count = 0.0, 0
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        paths = [path for path in sorted(place.glob("*_*.png")) if int(path.stem.split("_")[1]) <= impressions]
        fingers = [path.stem.split("_")[0] for path in paths]
        templates = [extract(gray(path)) for path in paths]
        pairs = [(i, j) for i in range(len(paths)) for j in range(i + 1, len(paths))]
        began = time.process_time()
        scores = [(compare(templates[i], templates[j]), fingers[i] == fingers[j]) for i, j in pairs]
        spent, count = spent + time.process_time() - began, count + len(pairs)
        sets[place.name] = rates(scores)
        pooled += scores
    return {"sets": {**sets, "pooled": rates(pooled)}, "match_ms": 1000 * spent / count}


def rates(scores: list[tuple[float, bool]]) -> dict[str, float]:
    """EER and FNMR at FMR 1e-3, %."""
    genuine = np.array([score for score, same in scores if same])
    impostor = np.array([score for score, same in scores if not same])
    thresholds = np.append(np.unique(np.concatenate([genuine, impostor])), np.inf)
    fmr = (impostor[None, :] >= thresholds[:, None]).mean(axis=1)
    fnmr = (genuine[None, :] < thresholds[:, None]).mean(axis=1)
    at = int(np.argmin(np.abs(fmr - fnmr)))
    return {
        "eer": 50 * float(fmr[at] + fnmr[at]),
        "fnmr_at_fmr_1e-3": 100 * float(fnmr[int(np.argmax(fmr <= 1e-3))]),
        "genuine": len(genuine),
        "impostor": len(impostor),
    }


def extraction_times(extract: Callable[[Any], Any]) -> dict[str, float]:
    """Least CPU time, whole image to template, by size, ms."""
    folder = data_folder()
    path = folder / "FVC2002_DB1_B" / "101_1.png" if folder else ROOT / "var/samples/finger-a-1.png"
    whole = gray(path)
    top, left = (whole.shape[0] - SENSOR[0]) // 2, (whole.shape[1] - SENSOR[1]) // 2
    sensor = np.ascontiguousarray(whole[top : top + SENSOR[0], left : left + SENSOR[1]])
    times = {}
    for image in (sensor, whole):
        extract(image)
        spent = []
        for _ in range(REPEATS):
            began = time.process_time()
            extract(image)
            spent.append(time.process_time() - began)
        times[f"{image.shape[1]}x{image.shape[0]}"] = 1000 * min(spent)
    return times


def gray(path: Path) -> Any:
    """An image file as 8-bit gray."""
    return cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)


def table(figures: dict[str, dict[str, Any]]) -> str:
    """Markdown: both sides, and how many times better ours is."""
    mine, theirs = (figures[side] for side in SIDES)
    if "skipped" in mine:
        return f"skipped: {mine['skipped']}\n"
    lines = ["| | Sallyport | NBIS | NBIS / Sallyport |", "|---|---:|---:|---:|"]
    for name, row in mine.get("sets", {}).items():
        other = theirs.get("sets", {}).get(name, {})
        lines.append(_row(f"{name}: EER, %", row["eer"], other.get("eer")))
        lines.append(_row(f"{name}: FNMR at FMR 1e-3, %", row["fnmr_at_fmr_1e-3"], other.get("fnmr_at_fmr_1e-3")))
    for size, value in mine["extract_ms"].items():
        lines.append(_row(f"extraction {size}, ms CPU", value, theirs.get("extract_ms", {}).get(size)))
    lines.append(_row("comparison, ms CPU", mine["match_ms"], theirs.get("match_ms")))
    lines.append(_row("peak memory, MiB", mine["peak_mib"], theirs.get("peak_mib")))
    if "skipped" in theirs:
        lines += ["", f"NBIS skipped: {theirs['skipped']}"]
    if "sets" in mine:
        pooled = mine["sets"]["pooled"]
        lines += ["", f"{pooled['genuine']} genuine and {pooled['impostor']} impostor pairs, all pairs within a set."]
        lines.append("Our weights were fitted on these sets; `evaluate fingerprint --refit` cross-validates them.")
    else:
        lines += ["", "No accuracy: real prints are not on this machine (set SALLYPORT_DATA)."]
    return "\n".join(lines) + "\n"


def _row(name: str, mine: float, theirs: float | None) -> str:
    if theirs is None:
        return f"| {name} | {mine:.2f} | | |"
    return (
        f"| {name} | {mine:.2f} | {theirs:.2f} | {theirs / mine:.2f} |"
        if mine
        else (f"| {name} | {mine:.2f} | {theirs:.2f} | |")
    )


if __name__ == "__main__":
    sys.exit(main())
