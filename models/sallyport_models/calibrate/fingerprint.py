"""`sallyport-models calibrate fingerprint DIR`: fits the comparison's weights and what its scores are worth."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

import sallyport_biometrics.finger.weights
from sallyport_biometrics.calibration import Provenance
from sallyport_biometrics.finger.match import SPREAD
from sallyport_models.calibrate import app
from sallyport_models.calibrate.finger_fit import CONFIDENCE, fit_fmr, fit_llr
from sallyport_models.calibrate.finger_weights import fit_weights, refitted
from sallyport_models.calibrate.logistic import cllr, minimum_cllr
from sallyport_models.calibrate.provenance import digest_of_files, numbers, provenance_table
from sallyport_models.evaluate.finger_figures import Scores, Values, folds_of, joined
from sallyport_models.evaluate.finger_images import files_of, find_sets
from sallyport_models.evaluate.finger_scores import SetScores
from sallyport_models.evaluate.fingerprint import MODEL, numbered, score_all
from sallyport_models.manifest import DEFAULT_MANIFEST
from sallyport_models.options import ManifestPath, Processes, StorePath, count_of, open_store
from sallyport_models.store import write_atomically

CALIBRATION = Path(__file__).resolve().parent.parent / "calibration" / "finger.toml"
WEIGHTS = Path(sallyport_biometrics.finger.weights.__file__)


@app.command("fingerprint")
def calibrate_fingerprint(
    folder: Annotated[Path, typer.Argument(help="FINGER_IMPRESSION.png|tif|bmp, or one folder for each set")],
    output: Annotated[Path, typer.Option(help="The calibration file", show_default=False)] = CALIBRATION,
    weights: Annotated[Path, typer.Option(help="The comparison's weights", show_default=False)] = WEIGHTS,
    processes: Processes = 0,
    store: StorePath = None,
    manifest: ManifestPath = DEFAULT_MANIFEST,
) -> None:
    """Fit weights from all pairs; rates from scores by weights of other fingers; the same data give the same files."""
    model = open_store(store, manifest).load(MODEL)
    sets = find_sets(folder)
    data = score_all(sets, model.bytes, 500.0, count_of(processes))
    scores = numbered(data)
    write_atomically(weights, weights_text(data, scores).encode())
    text = calibration_text(data, joined(refitted(data, scores)), model.sha256, digest_of_files(files_of(sets)))
    write_atomically(output, text.encode())
    Console(stderr=True).print(f"{weights}, {output}: written")


def weights_text(data: Sequence[SetScores], scores: Sequence[Scores]) -> str:
    """The module `sallyport_biometrics.finger.weights`."""
    found, bias = fit_weights(np.concatenate([one.measured for one in data]), joined(list(scores)).genuine)
    values = ", ".join(f"{value:.4f}" for value in found)
    return (
        '"""Weights of the comparison\'s measurements, written by `sallyport-models calibrate fingerprint`. '
        'Do not edit."""\n\n'
        f"BIAS = {bias:.4f}\nWEIGHTS = ({values})\n"
    )


def calibration_text(data: Sequence[SetScores], scores: Scores, model: str, digest: str) -> str:
    """The whole file; `sallyport_biometrics.calibration` reads it."""
    fmr, llr = fit_fmr(scores), fit_llr(scores)
    genuine, impostor = int(scores.genuine.sum()), int((~scores.genuine).sum())
    fingers = len(np.unique(scores.fingers))
    names = ", ".join(one.name for one in data)
    method = "logistic ratio; counted rate, exponential tail of the log odds; bounds by bootstrap over fingers"
    lines = [
        "# What a fingerprint score is worth. Made by `sallyport-models calibrate fingerprint DIR`; do not edit.",
        f"# Data: {', '.join(one.name for one in data)}: {fingers} fingers, {genuine} genuine and {impostor} impostor",
        "# pairs (all pairs within a set), each scored by weights that were fitted without either of its fingers.",
        f"# Upper bounds: {100 * CONFIDENCE:.0f} % quantile over bootstrap samples of fingers.",
        "# Rates below resolved_log10 extrapolate an exponential tail of the log odds and are labelled so.",
        f"# numpy {version('numpy')}, onnxruntime {version('onnxruntime')}.",
        "",
        "version = 2",
        'modality = "finger"',
        f'model = "{model}"',
        "",
        "[llr]",
        f"score = {numbers(llr.score, 8)}",
        f"value = {numbers(llr.value, 3)}",
        "",
        "[fmr]",
        f"confidence = {CONFIDENCE}",
        f"resolved_log10 = {fmr.resolved_log10:.4f}",
        f"score = {numbers(fmr.score, 8)}",
        f"point_log10 = {numbers(fmr.point_log10)}",
        f"upper_log10 = {numbers(fmr.upper_log10)}",
        "",
        *provenance_table(Provenance(names, digest, fingers, genuine, impostor, method)),
        "",
        *held_out_table(scores),
    ]
    return "\n".join(lines) + "\n"


def held_out_table(scores: Scores) -> list[str]:
    """How the stated rates and ratios held on fingers that they were not fitted on."""
    calibrated = np.zeros(len(scores.odds))
    stated: dict[float, list[Values]] = {level: [] for level in (-1.0, -2.0, -3.0)}
    for training, held in folds_of(scores):
        fitted = scores.only(training)
        fmr, llr = fit_fmr(fitted), fit_llr(fitted)
        raw = 1 / (1 + np.exp(-np.clip(scores.odds[held] / SPREAD, -30, 30)))
        calibrated[held] = np.interp(raw, llr.score, llr.value)
        point = np.interp(raw, fmr.score, fmr.point_log10)
        upper = np.interp(raw, fmr.score, fmr.upper_log10)
        impostor = ~scores.genuine[held]
        for level, rows in stated.items():
            rows.append(np.array([(point <= level)[impostor].sum(), (upper <= level)[impostor].sum(), impostor.sum()]))
    sums = {level: np.sum(rows, axis=0) for level, rows in stated.items()}
    return [
        "# Fitted on some fingers, observed on others: share of impostors that claim a rate, by point and by bound.",
        "[held_out]",
        f"stated_log10 = {numbers(list(sums), 1)}",
        f"observed_by_point = {numbers([row[0] / row[2] for row in sums.values()], 5)}",
        f"observed_by_upper = {numbers([row[1] / row[2] for row in sums.values()], 5)}",
        f"cllr = {cllr(calibrated, scores.genuine):.4f}",
        f"minimum_cllr = {minimum_cllr(scores.odds, scores.genuine):.4f}",
    ]
