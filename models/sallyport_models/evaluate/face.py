"""`sallyport-models evaluate face DIR --pairs FILE`: how often the face pipeline is right, on real faces."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from sallyport_biometrics.face.pipeline import MODELS
from sallyport_models.evaluate import app
from sallyport_models.evaluate.det_plot import draw_det
from sallyport_models.evaluate.face_scores import AllPairs, Enrolled, all_pairs, enrol_all
from sallyport_models.evaluate.groups import GroupReport, by_group
from sallyport_models.evaluate.pairs import (
    Pair,
    find_images,
    person_of,
    read_fold_count,
    read_groups,
    read_pairs,
)
from sallyport_models.evaluate.record import made_record, write_record
from sallyport_models.evaluate.scores import (
    RATES,
    Flags,
    Interval,
    Scores,
    curve,
    equal_error_rate,
    error_rates,
    fnmr_interval,
    fold_accuracy,
)
from sallyport_models.manifest import DEFAULT_MANIFEST
from sallyport_models.options import Det, Json, ManifestPath, Processes, Record, StorePath, count_of, open_store
from sallyport_models.store import ModelStore
from sallyport_protocol.errors import MalformedError, RoadError

LIMITS = (
    "Press photographs of public figures, grayscale and aligned: a sanity benchmark, not field evidence.",
    "Old, skewed towards men and lighter skin, and known to everybody who trains such networks.",
    "The impostors are strangers, not brothers; identical twins are not told apart by a face.",
    "No children, masks, injuries or religious coverings; nothing about years between reference and probe.",
)


@dataclass(frozen=True, slots=True)
class FaceReport:
    """All figures of one evaluation."""

    images: int
    people: int
    pairs: int
    accuracy: float
    accuracy_by_fold: tuple[float, ...]
    pairs_eer: float
    genuine_scores: int
    impostor_scores: int
    eer: float
    threshold: dict[float, float]
    fnmr: dict[float, float]
    interval: dict[float, Interval]
    failure_to_acquire: float
    frames_with_advice: float
    seconds_per_image: float
    groups: GroupReport | None

    def flat(self) -> dict[str, object]:
        """For `--json`: one key for each figure; null for what this set is too small to show."""
        plain: dict[str, object] = {
            name: getattr(self, name)
            for name in self.__slots__
            if name not in {"threshold", "fnmr", "interval", "groups"}
        }
        plain = {name: None if value != value else value for name, value in plain.items()}  # NaN
        for rate in RATES:
            plain[f"fnmr_at_fmr_{rate:.0e}".replace("e-0", "e-")] = self.fnmr.get(rate)
        plain["threshold"] = {f"{rate:.0e}".replace("e-0", "e-"): value for rate, value in self.threshold.items()}
        plain["fnmr_interval_95"] = {
            f"{rate:.0e}".replace("e-0", "e-"): [value.low, value.high] for rate, value in self.interval.items()
        }
        plain["groups"] = asdict(self.groups) if self.groups else None
        return plain


@app.command("face")
def evaluate_face(
    folder: Annotated[Path, typer.Argument(help="Images named PERSON_0001.jpg, at any depth")],
    pairs: Annotated[Path, typer.Option(help="Pairs in LFW's form")],
    folds: Annotated[
        int, typer.Option(min=0, help="Equal parts of the list of pairs", show_default="as its first line says, or 10")
    ] = 0,
    groups: Annotated[Path | None, typer.Option(help="CSV `person,group`: rates for each group")] = None,
    as_json: Json = False,
    det: Det = None,
    record: Record = None,
    processes: Processes = 0,
    store: StorePath = None,
    manifest: ManifestPath = DEFAULT_MANIFEST,
) -> None:
    """Measure accuracy by folds, and FNMR at fixed FMR over all pairs of the set with intervals by identity."""
    wanted, images = read_pairs(pairs), find_images(folder)
    missing = sorted({name for pair in wanted for name in (pair.first, pair.second)} - images.keys())
    if missing:
        raise MalformedError(f"{folder}: {len(missing)} images of the pairs are not there, first {missing[0]}")
    labels = read_groups(groups) if groups else None
    if labels and not labels.keys() & {person_of(name) for name in images}:
        raise MalformedError(f"{groups}: none of its people has an image in {folder}")
    require_writable(det, record)
    models = load_models(open_store(store, manifest))
    enrolled = enrol_with_progress(images, models, count_of(processes))
    scores = all_pairs(enrolled)
    report = report_of(enrolled, scores, wanted, folds or read_fold_count(pairs), labels)
    if det:
        draw_det(det, {"all pairs": curve(scores.genuine, scores.impostor)})
    if record:
        write_record(record, record_of(report, scores))
    if as_json:
        typer.echo(json.dumps(report.flat(), indent=2, allow_nan=False))
    else:
        show(report)


def require_writable(*places: Path | None) -> None:
    """Before minutes of work: raises RoadError for a place whose folder is not there."""
    for place in places:
        if place and not place.parent.is_dir():
            raise RoadError(f"{place.parent}: no such folder; make it first or name another")


def record_of(report: FaceReport, scores: AllPairs) -> dict[str, Any]:
    """What the cards of the face networks are made of."""
    figures: dict[str, Any] = {
        "accuracy, listed pairs": report.accuracy,
        "EER, all pairs": report.eer,
        "failure to acquire": report.failure_to_acquire,
    }
    for rate, fnmr in report.fnmr.items():
        between = report.interval[rate]
        figures[f"FNMR at FMR {rate:.0e}".replace("e-0", "e-")] = [fnmr, between.low, between.high]
    data = f"{report.images} images of {report.people} people; {report.genuine_scores} genuine and"
    data += f" {report.impostor_scores} impostor pairs (all pairs); intervals by person"
    groups = [asdict(row) for row in report.groups.rows] if report.groups else None
    line = {"face": curve(scores.genuine, scores.impostor)}
    return made_record("sallyport-models evaluate face DIR --pairs FILE", data, figures, line, LIMITS, groups=groups)


def load_models(store: ModelStore) -> dict[str, bytes]:
    """The networks of the face pipeline, checked."""
    return {name: store.load(name).bytes for name in MODELS}


def enrol_with_progress(
    images: Mapping[str, Path], models: Mapping[str, bytes], processes: int
) -> tuple[Enrolled, ...]:
    """Every image, with a bar on standard error."""
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"faces, {processes} processes", total=len(images))
        return enrol_all(images, models, processes, lambda done: progress.update(task, completed=done))


def report_of(
    enrolled: Sequence[Enrolled],
    scores: AllPairs,
    pairs: Sequence[Pair],
    folds: int,
    labels: Mapping[str, str] | None,
) -> FaceReport:
    """The figures; pure."""
    pair_scores, genuine = score_pairs(enrolled, pairs)
    rates = error_rates(scores.genuine, scores.impostor, RATES)
    accuracies = fold_accuracy(pair_scores, genuine, min(folds, len(pairs)))
    return FaceReport(
        images=len(enrolled),
        people=len({person_of(item.name) for item in enrolled}),
        pairs=len(pairs),
        accuracy=float(np.mean(accuracies)),
        accuracy_by_fold=accuracies,
        pairs_eer=equal_error_rate(np.sort(pair_scores[genuine]), np.sort(pair_scores[~genuine])),
        genuine_scores=len(scores.genuine),
        impostor_scores=len(scores.impostor),
        eer=rates.eer,
        threshold=rates.threshold,
        fnmr=rates.fnmr,
        interval={
            rate: fnmr_interval(scores.genuine, scores.identities, limit) for rate, limit in rates.threshold.items()
        },
        failure_to_acquire=float(np.mean([item.embedding is None for item in enrolled])),
        frames_with_advice=float(np.mean([bool(item.feedback) for item in enrolled])),
        seconds_per_image=float(np.median([item.seconds for item in enrolled])),
        groups=by_group(enrolled, labels, rates.threshold) if labels else None,
    )


def score_pairs(enrolled: Sequence[Enrolled], pairs: Sequence[Pair]) -> tuple[Scores, Flags]:
    """The score of every listed pair, `-inf` where an image gave no template, and which pairs are genuine."""
    by_name = {item.name: item.embedding for item in enrolled}
    scores = []
    for pair in pairs:
        first, second = by_name[pair.first], by_name[pair.second]
        scores.append(-np.inf if first is None or second is None else float(first @ second))
    return np.array(scores, dtype=np.float32), np.array([pair.genuine for pair in pairs])


def show(report: FaceReport) -> None:
    """The figures as tables on standard output."""
    console = Console()
    console.print(
        f"{report.images} images of {report.people} people; {report.pairs} pairs: accuracy "
        f"{100 * report.accuracy:.2f} %, EER {100 * report.pairs_eer:.2f} %"
    )
    console.print(
        f"all pairs: {report.genuine_scores} genuine, {report.impostor_scores} impostor; EER {100 * report.eer:.2f} %; "
        f"failure to acquire {100 * report.failure_to_acquire:.2f} %; {1000 * report.seconds_per_image:.0f} ms an image"
    )
    table = Table("FMR", "threshold", "FNMR %", "95 % interval, by identity")
    for rate in RATES:
        if rate not in report.fnmr:
            table.add_row(f"{rate:.0e}", "", "not shown", f"needs {round(1 / rate)} impostor pairs")
            continue
        interval = report.interval[rate]
        bounds = f"{100 * interval.low:.2f} to {100 * interval.high:.2f}"
        table.add_row(f"{rate:.0e}", f"{report.threshold[rate]:.4f}", f"{100 * report.fnmr[rate]:.2f}", bounds)
    console.print(table)
    if report.groups:
        groups = Table("group", "people", "FMR", "FNMR %", title=f"at the threshold of FMR {report.groups.rate:.0e}")
        for row in report.groups.rows:
            fmr = "not shown" if row.fmr is None else f"{row.fmr:.1e}"
            fnmr = "not shown" if row.fnmr is None else f"{100 * row.fnmr:.2f}"
            groups.add_row(row.group, str(row.people), fmr, fnmr)
        console.print(groups)
        console.print(
            f"FMR: max/mean {report.groups.fmr_max_to_mean:.2f}, Gini {report.groups.fmr_gini:.2f}; "
            f"FNMR: max/mean {report.groups.fnmr_max_to_mean:.2f}, Gini {report.groups.fnmr_gini:.2f}"
        )
