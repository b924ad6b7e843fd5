"""Time and memory of the face's share of one session, beside dlib's face recognition on the same frames.

A session is five frames of 640x480, from detection to comparison, on one core. Each side runs in a process of its own,
so that its peak memory is its own. `python bench/face.py` prints a table; `--json` prints the figures.

The peer is what the package `face_recognition` does (HOG detector after one doubling, five-point alignment, ResNet),
called through dlib itself: the wheel `dlib-bin` and the weights of `face_recognition_models`, both by name from PyPI.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
PEER = ROOT / "var" / "bench" / "face-peer"
FRAMES, REPEATS = 5, 5
WEIGHTS = ("shape_predictor_5_face_landmarks.dat", "dlib_face_recognition_resnet_model_v1.dat")


def frames() -> tuple[list[Any], Any]:
    """Five frames of one public photograph, 640x480 with a little noise, and another photograph of the same person."""
    samples = ROOT / "var" / "samples"
    shots = [on_canvas(cv2.imread(str(samples / f"subject-a-{number}.jpg"))) for number in (1, 2)]
    generator = np.random.default_rng(1)
    noisy = [shots[0].astype(np.float32) + generator.normal(0, 2, shots[0].shape) for _ in range(FRAMES)]
    return [np.clip(frame, 0, 255).astype(np.uint8) for frame in noisy], shots[1]


def on_canvas(photograph: Any) -> Any:
    """The photograph at the height of a kiosk's frame, in the middle of grey."""
    scale = 480 / photograph.shape[0]
    small = cv2.resize(photograph, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:, :640]
    canvas = np.full((480, 640, 3), 128, np.uint8)
    left = (640 - small.shape[1]) // 2
    canvas[:, left : left + small.shape[1]] = small
    return canvas


def measured(session: Callable[[], float]) -> dict[str, float]:
    """The score, the least processor and wall time of a session, and the process's peak memory."""
    session()
    processor, wall, score = [], [], 0.0
    for _ in range(REPEATS):
        began, clock = time.process_time(), time.perf_counter()
        score = session()
        processor.append(time.process_time() - began)
        wall.append(time.perf_counter() - clock)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "processor_ms": 1000 * min(processor),
        "wall_ms": 1000 * min(wall),
        "peak_mib": peak,
        "score": score,
    }


def ours() -> dict[str, float]:
    """The kiosk's pipeline: detect, mesh, quality, attack detection, embed, aggregate, compare.

    The attack networks take part where an operator has supplied them.
    """
    from sallyport_biometrics.face.attack import AttackDetector
    from sallyport_biometrics.face.compare import compare
    from sallyport_biometrics.face.passive import ALL
    from sallyport_biometrics.face.pipeline import MODELS, FacePipeline
    from sallyport_models.attack_calibration import read_attack_calibration

    store = ROOT / os.environ.get("SALLYPORT_MODELS", "var/models")
    pipeline = FacePipeline({name: (store / f"{name}.onnx").read_bytes() for name in MODELS})
    supplied = {name: path.read_bytes() for name in ALL if (path := store / f"{name}.onnx").exists()}
    attack = AttackDetector(supplied, read_attack_calibration())
    shots, other = frames()

    def template(images: list[Any]) -> Any:
        taken, seen = [], []
        for image in images:
            analysis = pipeline.analyse(image)
            assert analysis.face is not None and analysis.quality is not None, analysis.feedback
            taken.append((pipeline.embed(image, analysis.face), analysis.quality.overall))
            seen.append(attack.look(image, analysis.face))
        attack.score(seen)
        return pipeline.template(taken)

    reference = template([other])
    return measured(lambda: compare(template(shots), reference))


def peer() -> dict[str, float]:
    """dlib, as the package face_recognition calls it."""
    sys.path.insert(0, str(PEER / "site"))
    import dlib  # type: ignore[import-not-found]

    detector = dlib.get_frontal_face_detector()
    aligner, network = (str(PEER / name) for name in WEIGHTS)
    points, embedder = dlib.shape_predictor(aligner), dlib.face_recognition_model_v1(network)
    shots, other = frames()

    def descriptor(images: list[Any]) -> Any:
        found = []
        for image in images:
            colour = np.ascontiguousarray(image[:, :, ::-1])
            box = max(detector(colour, 1), key=lambda each: each.area())
            found.append(np.array(embedder.compute_face_descriptor(colour, points(colour, box), 1)))
        return np.mean(found, axis=0)

    reference = descriptor([other])
    return measured(lambda: float(np.linalg.norm(descriptor(shots) - reference)))


def install_peer() -> str:
    """Brings the peer by name; returns why it could not, or nothing."""
    if all((PEER / name).exists() for name in WEIGHTS):
        return ""
    PEER.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    steps = (
        [*pip, "install", "--target", str(PEER / "site"), "--no-deps", "--only-binary=:all:", "dlib-bin"],
        [*pip, "download", "--dest", str(PEER), "--no-deps", "--no-binary=:all:", "face_recognition_models==0.3.0"],
    )
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, timeout=900, check=False)
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["pip failed"])[-1]
    archive = next(PEER.glob("face_recognition_models-*.tar.gz"))
    with tarfile.open(archive) as sdist:
        for member in sdist:
            name = Path(member.name).name
            content = sdist.extractfile(member) if name in WEIGHTS else None
            if content is not None:
                (PEER / name).write_bytes(content.read())
    archive.unlink()
    return ""


def run(side: str) -> dict[str, float]:
    """One side in a process of its own, on one core."""
    command = [sys.executable, __file__, "--side", side]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    output = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    found: dict[str, float] = json.loads(output)
    return found


def compared() -> dict[str, Any]:
    """Both sides and their ratios; `peer_missing` says why there is no peer."""
    report: dict[str, Any] = {"sallyport": run("ours")}
    missing = install_peer()
    if missing:
        return {**report, "peer_missing": missing}
    report["dlib"] = run("peer")
    keys = ("processor_ms", "wall_ms", "peak_mib")
    report["ratio"] = {key: report["sallyport"][key] / report["dlib"][key] for key in keys}
    return report


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--side", choices=["ours", "peer"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        cv2.setNumThreads(1)
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        sys.stdout.write(json.dumps(ours() if arguments.side == "ours" else peer()))
        return
    report = compared()
    if arguments.json:
        sys.stdout.write(json.dumps(report, indent=2) + "\n")
        return
    for name, row in report.items():
        line = row if isinstance(row, str) else "  ".join(f"{key} {value:.2f}" for key, value in row.items())
        sys.stdout.write(f"face, one session of {FRAMES} frames, {name}: {line}\n")


if __name__ == "__main__":
    main()
