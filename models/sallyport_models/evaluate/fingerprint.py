"""`sallyport-models evaluate fingerprint DIR`: how often the fingerprint pipeline is right, on real fingerprints."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from sallyport_models.calibrate.finger_weights import refitted
from sallyport_models.evaluate import app
from sallyport_models.evaluate.det_plot import draw_det
from sallyport_models.evaluate.finger_chimeras import two_fingers
from sallyport_models.evaluate.finger_figures import Curve, Scores, figures, fvc_pairs, held_out, joined, scores_of
from sallyport_models.evaluate.finger_images import PrintSet, find_sets
from sallyport_models.evaluate.finger_scores import SetScores, score_set, workers
from sallyport_models.evaluate.record import made_record, write_record
from sallyport_models.manifest import DEFAULT_MANIFEST
from sallyport_models.options import Det, Json, ManifestPath, Processes, Record, StorePath, count_of, open_store

MODEL = "leader"
LIMITS = (
    "Forty fingers of students in 2002 and 2004, used both to choose parameters, coarsely, and to report.",
    "Children, worn and dry skin of manual workers, and the kiosk's own sensor are not in the data.",
    "Ten fingers a set carry no claim below FMR 1e-3; smaller rates are bounded, and labelled extrapolated.",
    "No presentation attack (moulds, casts, printed or displayed prints) is in the data.",
)


@app.command("fingerprint")
def evaluate_fingerprint(
    folder: Annotated[Path, typer.Argument(help="FINGER_IMPRESSION.png|tif|bmp, or one folder for each set")],
    as_json: Json = False,
    det: Det = None,
    refit: Annotated[
        bool, typer.Option(help="Fit the comparison's weights on other fingers than each pair's (cross-validation)")
    ] = False,
    dpi: Annotated[float, typer.Option(help="Resolution of the images")] = 500.0,
    record: Record = None,
    processes: Processes = 0,
    store: StorePath = None,
    manifest: ManifestPath = DEFAULT_MANIFEST,
) -> None:
    """Compare every pair of every set: EER, FNMR at fixed FMR with intervals by finger, failures, times, DET plot."""
    sets = find_sets(folder)
    model = open_store(store, manifest).load(MODEL).bytes
    data = score_all(sets, model, dpi, count_of(processes))
    scores = numbered(data)
    if refit:
        scores = refitted(data, scores)
    report = report_of(data, scores)
    if det:
        lines = {one.name: det_line(each) for one, each in zip(data, scores, strict=True) if each.genuine.any()}
        draw_det(det, {**lines, "pooled": det_line(joined(scores))})
    if record:
        write_record(record, record_of(report, scores))
    if as_json:
        typer.echo(json.dumps(report, indent=2))
    else:
        show(report)


def score_all(sets: Sequence[PrintSet], model: bytes, dpi: float, processes: int) -> list[SetScores]:
    """Every set in turn, with a bar on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        Progress(*columns, console=Console(stderr=True), transient=True) as progress,
        workers(model, processes) as pool,
    ):
        task = progress.add_task("starting", total=None)

        def tell(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        return [score_set(one, pool, dpi, tell) for one in sets]


def numbered(data: Sequence[SetScores]) -> list[Scores]:
    """Log odds of each set by the shipped weights, with fingers numbered across sets."""
    scores, first = [], 0
    for one in data:
        scores.append(scores_of(one, first_finger=first))
        first += int(one.finger.max()) + 1
    return scores


def report_of(data: Sequence[SetScores], scores: Sequence[Scores]) -> dict[str, dict[str, Any]]:
    """One object for each set, and `pooled`."""
    report: dict[str, dict[str, Any]] = {}
    for one, each in zip(data, scores, strict=True):
        report[one.name] = {**_figures([one], [each]), "times": _times([one])}
    report["pooled"] = {
        **_figures(data, scores),
        "times": _times(data),
        "two_fingers": two_fingers(list(zip(data, scores, strict=True))),
    }
    return report


def record_of(report: dict[str, dict[str, Any]], scores: Sequence[Scores]) -> dict[str, Any]:
    """What the network's card is made of."""
    figures: dict[str, Any] = {}
    names = {"eer": "EER", **{f"fnmr_at_fmr_1e-{n}": f"FNMR at FMR 1e-{n}" for n in (2, 3, 4)}, "zero_fmr": "zeroFMR"}
    for name, row in report.items():
        for key, words in names.items():
            figures[f"{name}: {words}"] = [row[key], *row["intervals_95"][key]]
    figures["failure to enrol"] = report["pooled"]["failure_to_enrol"]
    figures["images asked for again by the quality gate"] = report["pooled"]["quality_gate"]["asked_again"]
    lines = {name: det_line(each) for name, each in zip(report, scores, strict=False)}
    lines["pooled"] = det_line(joined(list(scores)))
    pooled = report["pooled"]
    data = f"{', '.join(name for name in report if name != 'pooled')}; {pooled['genuine']} genuine and"
    data += f" {pooled['impostor']} impostor pairs (all pairs within a set); intervals by finger"
    return made_record("sallyport-models evaluate fingerprint DIR --refit", data, figures, lines, LIMITS)


def _figures(data: Sequence[SetScores], scores: Sequence[Scores]) -> dict[str, Any]:
    pooled = joined(list(scores))
    fvc = np.concatenate([fvc_pairs(one) for one in data])
    enrolled = [item for one in data for item in one.enrolled]
    good = np.concatenate([np.array([item.good for item in one.enrolled])[one.pairs].all(axis=1) for one in data])
    return {
        **figures(pooled),
        "failure_to_enrol": float(np.mean([item.template is None for item in enrolled])),
        "images": len(enrolled),
        "held_out_thresholds": held_out(pooled),
        "fvc_protocol": figures(pooled.only(fvc)),
        "quality_gate": {
            "asked_again": float(np.mean([not item.good for item in enrolled])),
            **figures(pooled.only(good)),
        },
    }


def _times(data: Sequence[SetScores]) -> dict[str, float]:
    seconds = np.array([item.seconds for one in data for item in one.enrolled])
    return {
        "extract_ms_median": float(np.median(seconds)) * 1000,
        "extract_ms_p95": float(np.quantile(seconds, 0.95)) * 1000,
        "match_ms_mean": float(np.mean([one.match_seconds for one in data])) * 1000,
    }


def det_line(scores: Scores) -> Any:
    """[n, 2] of (FMR, FNMR)."""
    curve = Curve(scores.odds, scores.genuine)
    return np.stack(curve.rates(np.ones(len(scores.odds))), axis=1)


def show(report: dict[str, dict[str, Any]]) -> None:
    """The figures as tables on standard output; rates in percent with 95 % intervals by finger."""
    console = Console()
    columns = ("EER", "FNMR at FMR 1e-2", "1e-3", "1e-4 (bounded)", "zeroFMR", "failure to enrol", "asked again", "ms")
    table = Table("set", *columns)
    for name, row in report.items():
        if "eer" not in row:
            table.add_row(name, f"{row['genuine']} genuine and {row['impostor']} impostor pairs give no rates")
            continue
        keys = ("eer", "fnmr_at_fmr_1e-2", "fnmr_at_fmr_1e-3", "fnmr_at_fmr_1e-4", "zero_fmr")
        cells = [_percent(row[key], row["intervals_95"][key]) for key in keys]
        gate = row["quality_gate"]
        table.add_row(
            name,
            *cells,
            f"{100 * row['failure_to_enrol']:.1f}",
            f"{100 * gate['asked_again']:.1f}",
            f"{row['times']['extract_ms_median']:.0f} + {row['times']['match_ms_mean']:.2f}",
        )
    console.print(table)
    pair = report["pooled"].get("two_fingers")
    if pair:
        low, high = pair["fnmr_at_fmr_1e-4_interval_95"]
        console.print(
            f"two fingers (chimeric): FNMR at FMR 1e-4 {100 * pair['fnmr_at_fmr_1e-4']:.2f} % "
            f"({100 * low:.2f} to {100 * high:.2f}), {pair['genuine']} genuine, {pair['impostor']} impostor"
        )


def _percent(value: float, interval: Sequence[float]) -> str:
    return f"{100 * value:.2f} ({100 * interval[0]:.2f}-{100 * interval[1]:.2f})"
