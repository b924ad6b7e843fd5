"""`sallyport-models calibrate face DIR`: what a face score is worth, fitted again from a set of faces."""

import hashlib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from sallyport_biometrics.calibration import Provenance
from sallyport_biometrics.face.pipeline import MODELS
from sallyport_models.calibrate import app
from sallyport_models.calibrate.face_fit import (
    CONFIDENCE,
    FmrCurve,
    LlrCurve,
    PeopleScores,
    fit_fmr,
    fit_llr,
    held_out,
)
from sallyport_models.calibrate.provenance import digest_of_files, numbers, provenance_table
from sallyport_models.calibrations import model_digest
from sallyport_models.evaluate.face import enrol_with_progress, load_models
from sallyport_models.evaluate.face_scores import Enrolled
from sallyport_models.evaluate.pairs import find_images, person_of, read_groups
from sallyport_models.manifest import DEFAULT_MANIFEST
from sallyport_models.options import ManifestPath, Processes, StorePath, count_of, open_store
from sallyport_models.store import write_atomically

FEWEST = 50
"""People of a group from which its own rates are stated; a smaller one resolves too little."""
DEFAULT_OUTPUT = Path(__file__).resolve().parent.parent / "calibration" / "face.toml"


@app.command("face")
def calibrate_face(
    folder: Annotated[Path, typer.Argument(help="Images named PERSON_0001.jpg, at any depth")],
    groups: Annotated[
        Path | None, typer.Option(help="CSV `person,group`: state the worst group's rates, not the mean's")
    ] = None,
    output: Annotated[Path, typer.Option(help="The calibration file", show_default=False)] = DEFAULT_OUTPUT,
    processes: Processes = 0,
    store: StorePath = None,
    manifest: ManifestPath = DEFAULT_MANIFEST,
) -> None:
    """Fit from all pairs of the set; rates bounded by identity; the same data give the same file."""
    images = find_images(folder)
    models = load_models(open_store(store, manifest))
    enrolled = enrol_with_progress(images, models, count_of(processes))
    labels = read_groups(groups) if groups else {}
    text = calibration_text(list(enrolled), models, folder.name, digest_of_files(images), labels)
    write_atomically(output, text.encode())
    Console(stderr=True).print(f"{output}: written")


def groups_of(enrolled: list[Enrolled], labels: Mapping[str, str]) -> dict[str, NDArray[np.int64]]:
    """The people of each group, as `PeopleScores` numbers them."""
    names = sorted({person_of(item.name) for item in enrolled if item.embedding is not None})
    found = {group: [at for at, name in enumerate(names) if labels.get(name) == group] for group in labels.values()}
    return {group: np.array(people, np.int64) for group, people in sorted(found.items()) if people}


def combined_digest(models: Mapping[str, bytes]) -> str:
    """One digest for all networks of the pipeline, in the order of use; hexadecimal."""
    return model_digest([hashlib.sha256(models[name]).digest() for name in MODELS]).hex()


def calibration_text(
    enrolled: list[Enrolled],
    models: Mapping[str, bytes],
    set_name: str,
    digest: str,
    labels: Mapping[str, str] | None = None,
) -> str:
    """The whole file; `sallyport_biometrics.calibration` reads it. With `labels` (group by person), for the worst group
    among those of FEWEST people or more."""
    data, worst_of = PeopleScores.of(enrolled), groups_of(enrolled, labels or {})
    shown = {group: members for group, members in worst_of.items() if len(members) >= FEWEST}
    fmr, llr = fit_fmr(data, groups=tuple(shown.values())), fit_llr(data)
    people = int(data.people.max()) + 1
    genuine, impostor = len(data.genuine()), len(data.impostor())
    method = "logistic ratio; counted rate; bounds by bootstrap over people"
    if shown:
        method += f"; rates of the worst of the groups {', '.join(shown)}"
    lines = [
        "# What a face score is worth. Made by `sallyport-models calibrate face DIR`; do not edit.",
        f"# Data: {len(enrolled)} images of {people} people ({set_name}), {genuine} genuine and {impostor} impostor",
        "# pairs, all pairs of the set. Press photographs of public figures: a sanity benchmark, not kiosk evidence.",
        f"# Upper bounds: {100 * CONFIDENCE:.0f} % quantile over bootstrap samples of people, at least three pairs.",
        "# Rates below the smallest knot are not claimed: a higher score states the last knot's rate.",
        f"# numpy {version('numpy')}, onnxruntime {version('onnxruntime')}.",
        "",
        "version = 2",
        'modality = "face"',
        f'model = "{combined_digest(models)}"',
        "",
        *_llr_table(llr),
        "",
        *_fmr_table(fmr),
        "",
        *provenance_table(Provenance(set_name, digest, people, genuine, impostor, method)),
        "",
        *_report(held_out(data)),
    ]
    return "\n".join(lines) + "\n"


def _llr_table(curve: LlrCurve) -> list[str]:
    return ["[llr]", f"score = {numbers(curve.score)}", f"value = {numbers(curve.value, 2)}"]


def _fmr_table(curve: FmrCurve) -> list[str]:
    return [
        "[fmr]",
        f"confidence = {CONFIDENCE}",
        f"resolved_log10 = {curve.resolved_log10:.4f}",
        f"score = {numbers(curve.score)}",
        f"point_log10 = {numbers(curve.point_log10)}",
        f"upper_log10 = {numbers(curve.upper_log10)}",
    ]


def _report(rows: Sequence[tuple[float, float, float]]) -> list[str]:
    """How the stated rates held on people that they were not fitted on."""
    inside = float(np.mean([observed <= upper for _, upper, observed in rows]))
    worst = max(observed - upper for _, upper, observed in rows)
    return [
        "# Held out: fitted on one half of the people, observed on the other, both ways (log10 FMR).",
        "[held_out]",
        f"point_log10 = {numbers([row[0] for row in rows], 2)}",
        f"upper_log10 = {numbers([row[1] for row in rows], 2)}",
        f"observed_log10 = {numbers([row[2] for row in rows], 2)}",
        f"share_within_upper = {inside:.2f}",
        f"worst_excess_log10 = {worst:.2f}",
    ]
