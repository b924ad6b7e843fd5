"""`sallyport-models evaluate fused DIR`: face and finger together, on chimeric people that no calibration saw."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from sallyport_models.calibrate.face_fit import PeopleScores
from sallyport_models.calibrate.logistic import cllr, minimum_cllr
from sallyport_models.evaluate import app
from sallyport_models.evaluate.chimeras import Trials, trials_of
from sallyport_models.evaluate.det_plot import draw_det
from sallyport_models.evaluate.face import enrol_with_progress, load_models
from sallyport_models.evaluate.finger_figures import joined
from sallyport_models.evaluate.finger_images import find_sets
from sallyport_models.evaluate.fingerprint import numbered, score_all
from sallyport_models.evaluate.fused_groups import by_group, groups_of, write_groups
from sallyport_models.evaluate.pairs import find_images, read_groups
from sallyport_models.evaluate.record import made_record, write_record
from sallyport_models.evaluate.reliability import draw_reliability, reliability
from sallyport_models.manifest import DEFAULT_MANIFEST
from sallyport_models.options import Det, Json, ManifestPath, Processes, Record, StorePath, count_of, open_store

Values = NDArray[np.float64]
FINGER_MODEL: Final = "leader"
RATE: Final = 1e-4
STATED: Final = (1e-2, 1e-3, 1e-4)
SAMPLES: Final = 300
CONFIDENCE: Final = 0.95
LIMITS: Final = (
    "Chimeric people make the modalities independent by construction; people who are cold or ill may fail at both.",
    "The stated rate of one release, about 1e-9, is extrapolation under independence: no trial here resolves it.",
    "Forty fingers and press photographs; no prisoner, kiosk, light or sensor of a site is in the data.",
    "Intervals are by finger; ten fingers a set carry no claim below FMR 1e-3 for the finger alone.",
)


@app.command("fused")
def evaluate_fused(
    folder: Annotated[Path, typer.Argument(help="A folder with `fingerprints/` and `faces/`")],
    as_json: Json = False,
    det: Det = None,
    reliability_plot: Annotated[
        Path | None, typer.Option("--reliability", help="Write the reliability plot here (PNG or SVG)")
    ] = None,
    groups: Annotated[Path | None, typer.Option(help="CSV `person,group`: FNMR for each group")] = None,
    table: Annotated[Path | None, typer.Option("--csv", help="Write the table by group here (CSV)")] = None,
    record: Record = None,
    processes: Processes = 0,
    store: StorePath = None,
    manifest: ManifestPath = DEFAULT_MANIFEST,
) -> None:
    """Measure errors, cost and honesty of face and finger together, on people that no calibration was fitted on."""
    models, count = open_store(store, manifest), count_of(processes)
    labels = read_groups(groups) if groups else None
    prints = score_all(find_sets(folder / "fingerprints"), models.load(FINGER_MODEL).bytes, 500.0, count)
    faces = list(enrol_with_progress(find_images(folder / "faces"), load_models(models), count))
    trials = trials_of(PeopleScores.of(faces), joined(numbered(prints)))
    enrolled = [each for one in prints for each in one.enrolled]
    report = {
        **report_of(trials),
        "failure_to_acquire_face": float(np.mean([each.embedding is None for each in faces])),
        "failure_to_enrol_finger": float(np.mean([each.template is None for each in enrolled])),
        "groups": None if labels is None else rows_of(trials, groups_of(faces, labels)),
    }
    if det:
        draw_det(det, {name: det_line(values, trials.genuine) for name, values in lines_of(trials).items()})
    if reliability_plot:
        draw_reliability(reliability_plot, reliability(trials.fused, trials.genuine), "Face and finger together")
    if table:
        write_groups(table, report["groups"] or [])
    if record:
        write_record(record, record_of(report, trials, [each.name for each in prints], len(faces)))
    if as_json:
        typer.echo(json.dumps(report, indent=2))
    else:
        show(report)


def report_of(trials: Trials) -> dict[str, Any]:
    """Every figure. The fused score is calibrated on other people and fingers than each trial's."""
    genuine, fused = trials.genuine, trials.fused
    alone = {name: miss_rate(trials.llr[:, at], genuine, RATE) for at, name in enumerate(("face", "finger"))}
    together, best = miss_rate(fused, genuine, RATE), min(alone.values())
    cost, least = cllr(fused, genuine), minimum_cllr(fused, genuine)
    return {
        "eer": equal_error_rate(fused, genuine),
        "fnmr_at_fmr_1e-4": together,
        "fnmr_at_fmr_1e-4_interval": interval(fused, trials),
        "face_fnmr_at_fmr_1e-4": alone["face"],
        "finger_fnmr_at_fmr_1e-4": alone["finger"],
        "frr_cut_at_fmr_1e-4": 1 - together / best if best > 0 else 0.0,
        "cllr": cost,
        "min_cllr": least,
        "cllr_over_min": cost / least if least > 0 else 1.0,
        **{f"{name}_cllr": cllr(trials.llr[:, at], genuine) for at, name in enumerate(("face", "finger"))},
        **{f"{name}_min_cllr": minimum_cllr(trials.llr[:, at], genuine) for at, name in enumerate(("face", "finger"))},
        "stated": [honesty(trials, rate) for rate in STATED],
        "genuine": int(genuine.sum()),
        "impostor": int((~genuine).sum()),
        "note": "chimeric people; rates below what the trials resolve are extrapolation under independence",
    }


def rows_of(trials: Trials, groups: Sequence[str | None]) -> list[dict[str, Any]]:
    """Every group at the threshold of the overall false match rate."""
    return by_group(trials, groups, threshold_at(trials.fused, trials.genuine, RATE), RATE)


def record_of(report: dict[str, Any], trials: Trials, prints: Sequence[str], images: int) -> dict[str, Any]:
    """What the card of the fused score is made of."""
    low, high = report["fnmr_at_fmr_1e-4_interval"]
    figures = {
        "EER": report["eer"],
        "FNMR at FMR 1e-4, both": [report["fnmr_at_fmr_1e-4"], low, high],
        "FNMR at FMR 1e-4, face alone": report["face_fnmr_at_fmr_1e-4"],
        "FNMR at FMR 1e-4, finger alone": report["finger_fnmr_at_fmr_1e-4"],
        "Cllr, bits": report["cllr"],
        "minimum Cllr, bits": report["min_cllr"],
        **{f"observed at stated {each['stated']:.0e} (point)": each["observed"] for each in report["stated"]},
        **{f"observed at stated {each['stated']:.0e} (bound)": each["observed_by_bound"] for each in report["stated"]},
    }
    data = f"{images} face images and the fingers of {', '.join(prints)}, as chimeric people"
    lines = {name: det_line(values, trials.genuine) for name, values in lines_of(trials).items()}
    bins = {name: reliability(values, trials.genuine) for name, values in lines_of(trials).items()}
    command = "sallyport-models evaluate fused DIR"
    return made_record(command, data, figures, lines, LIMITS, bins, report.get("groups"))


def lines_of(trials: Trials) -> dict[str, Values]:
    """What a DET plot shows."""
    return {"face": trials.llr[:, 0], "finger": trials.llr[:, 1], "fused": trials.fused}


def threshold_at(values: Values, genuine: NDArray[np.bool_], rate: float) -> float:
    """The lowest threshold whose false match rate is not above `rate`."""
    falling = np.sort(values[~genuine])[::-1]
    return float(np.nextafter(falling[int(rate * len(falling))], np.inf))


def miss_rate(values: Values, genuine: NDArray[np.bool_], rate: float) -> float:
    """FNMR at that false match rate."""
    return float((values[genuine] < threshold_at(values, genuine, rate)).mean())


def equal_error_rate(values: Values, genuine: NDArray[np.bool_]) -> float:
    """Where the two rates meet."""
    line = det_line(values, genuine)
    at = int(np.argmin(np.abs(line[:, 0] - line[:, 1])))
    return float(line[at].mean())


def det_line(values: Values, genuine: NDArray[np.bool_]) -> Values:
    """[n, 2] of (FMR, FNMR) at every genuine score."""
    mated, strangers = np.sort(values[genuine]), np.sort(values[~genuine])
    thresholds = np.unique(mated)
    fmr = 1 - np.searchsorted(strangers, thresholds, side="left") / len(strangers)
    return np.stack([fmr, np.searchsorted(mated, thresholds, side="left") / len(mated)], axis=1)


def interval(values: Values, trials: Trials, seed: int = 1) -> list[float]:
    """95 % interval of the FNMR over bootstrap samples of fingers, at the fixed threshold."""
    missed = values[trials.genuine] < threshold_at(values, trials.genuine, RATE)
    finger = trials.finger[trials.genuine]
    counts, wrong = np.bincount(finger), np.bincount(finger, missed)
    used = np.flatnonzero(counts)
    drawn = np.random.default_rng(seed).choice(used, size=(SAMPLES, len(used)))
    rates = wrong[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    return [float(each) for each in np.quantile(rates, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])]


def honesty(trials: Trials, rate: float) -> dict[str, float | bool]:
    """How many impostors claim a rate: by its point, which must lie at or below the bound stated there."""
    point, upper = trials.point[~trials.genuine], trials.upper[~trials.genuine]
    claim = np.log10(rate)
    near = np.abs(point - claim) < 0.05
    bound = float(10 ** np.median(upper[near])) if near.any() else float("nan")
    observed = float((point <= claim).mean())
    claimed_by_bound = float((upper <= claim).mean())
    return {
        "stated": rate,
        "observed": observed,
        "upper_bound_stated": bound,
        "inside": bool(observed <= bound),
        "observed_by_bound": claimed_by_bound,
    }


def show(report: dict[str, Any]) -> None:
    """For people."""
    table = Table("figure", "value", title="Face and finger together")
    low, high = report["fnmr_at_fmr_1e-4_interval"]
    table.add_row("EER", f"{report['eer']:.3%}")
    table.add_row("FNMR at FMR 1e-4", f"{report['fnmr_at_fmr_1e-4']:.2%} ({low:.2%} to {high:.2%})")
    for name in ("face", "finger"):
        table.add_row(f"  {name} alone", f"{report[f'{name}_fnmr_at_fmr_1e-4']:.2%}")
    table.add_row("FRR cut against the better one", f"{report['frr_cut_at_fmr_1e-4']:.0%}")
    ratio = f"{report['cllr_over_min'] - 1:.0%} above it"
    table.add_row("Cllr, and its minimum", f"{report['cllr']:.5f}, {report['min_cllr']:.5f} bits: {ratio}")
    for each in report["stated"]:
        mark = "inside" if each["inside"] else "OUTSIDE"
        words = f"{each['observed']:.2e} observed, {each['upper_bound_stated']:.2e} the bound stated: {mark}"
        table.add_row(f"stated {each['stated']:.0e}", words)
    table.add_row("failure to acquire: face, finger",
                  f"{report['failure_to_acquire_face']:.2%}, {report['failure_to_enrol_finger']:.2%}")  # fmt: skip
    Console().print(table)
    Console().print(report["note"], style="dim")
