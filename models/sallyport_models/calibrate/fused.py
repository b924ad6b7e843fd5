"""`sallyport-models calibrate fused DIR`: what face and finger are worth together, fitted again from both sets."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from rich.console import Console

from sallyport_biometrics.calibration import Provenance
from sallyport_biometrics.fusion import FACE, FINGER, FusedCalibration
from sallyport_models.calibrate import app, face_fit, finger_fit
from sallyport_models.calibrate.face_fit import PeopleScores
from sallyport_models.calibrate.finger_weights import refitted
from sallyport_models.calibrate.fused_fit import fit_fused
from sallyport_models.calibrate.logistic import cllr, minimum_cllr
from sallyport_models.calibrate.provenance import digest_of_files, provenance_table
from sallyport_models.calibrations import FUSED_VERSION, MODALITIES, path_of, read_calibration
from sallyport_models.evaluate.chimeras import Trials, training_trials, trials_of
from sallyport_models.evaluate.face import enrol_with_progress, load_models
from sallyport_models.evaluate.finger_figures import Scores, joined
from sallyport_models.evaluate.finger_images import files_of, find_sets
from sallyport_models.evaluate.fingerprint import MODEL, numbered, score_all
from sallyport_models.evaluate.pairs import find_images
from sallyport_models.manifest import DEFAULT_MANIFEST
from sallyport_models.options import ManifestPath, Processes, StorePath, count_of, open_store
from sallyport_models.store import write_atomically

SEED: Final = 1
OUTPUT: Final = path_of("fused")


@app.command("fused")
def calibrate_fused(
    folder: Annotated[Path, typer.Argument(help="A folder with `fingerprints/` and `faces/`")],
    output: Annotated[Path, typer.Option(help="The calibration file", show_default=False)] = OUTPUT,
    processes: Processes = 0,
    store: StorePath = None,
    manifest: ManifestPath = DEFAULT_MANIFEST,
) -> None:
    """Fit four numbers from chimeric trials, after `calibrate face` and `calibrate fingerprint`; held-out costs."""
    models, count = open_store(store, manifest), count_of(processes)
    sets, images = find_sets(folder / "fingerprints"), find_images(folder / "faces")
    prints = score_all(sets, models.load(MODEL).bytes, 500.0, count)
    faces = PeopleScores.of(list(enrol_with_progress(images, load_models(models), count)))
    scores = numbered(prints)
    fingers = joined(refitted(prints, scores))
    names = [*(each.name for each in sets), (folder / "faces").name]
    files = {**files_of(sets), **images}
    text = calibration_text(faces, fingers, trials_of(faces, joined(scores)), ", ".join(names), digest_of_files(files))
    write_atomically(output, text.encode())
    Console(stderr=True).print(f"{output}: written")


def fit_all(faces: PeopleScores, fingers: Scores) -> FusedCalibration:
    """Fitted on everybody: what a kiosk uses."""
    face, finger = face_fit.fit_llr(faces), finger_fit.fit_llr(fingers)
    return fit_fused(*training_trials(faces, fingers, face, finger, np.random.default_rng(SEED)))


def calibration_text(faces: PeopleScores, fingers: Scores, held_out: Trials, data: str, digest: str) -> str:
    """The whole file; `sallyport_models.calibrations` reads it."""
    fitted = fit_all(faces, fingers)
    identities = int(faces.people.max()) + 1 + len(np.unique(fingers.fingers))
    provenance = Provenance(data, digest, identities, int(held_out.genuine.sum()), int((~held_out.genuine).sum()),
                            "bounded sum of log-likelihood ratios, logistic, on chimeric people")  # fmt: skip
    lines = [
        "# What face and finger are worth together. Made by `sallyport-models calibrate fused DIR`; do not edit.",
        "# failed_share: of genuine captures, so many fail; no ratio of that modality is below its logarithm.",
        f"# numpy {version('numpy')}, onnxruntime {version('onnxruntime')}.",
        "",
        f"version = {FUSED_VERSION}",
        f"scale = {fitted.scale:.5f}",
        f"shift = {fitted.shift:.5f}",
        "",
        "[failed_share]",
        *(f"{name} = {fitted.failed_share[name]:g}" for name in (FACE, FINGER)),
        "",
        "[models]",
        *(f'{name} = "{read_calibration(name).model}"' for name in MODALITIES),
        "",
        *provenance_table(provenance),
        "",
        *_held_out(held_out),
    ]
    return "\n".join(lines) + "\n"


def _held_out(trials: Trials) -> Sequence[str]:
    return [
        "# Fitted on some people and fingers, reported on others (five folds), bits.",
        "[held_out]",
        f"cllr = {cllr(trials.fused, trials.genuine):.5f}",
        f"minimum_cllr = {minimum_cllr(trials.fused, trials.genuine):.5f}",
    ]
