"""`sallyport-models evaluate attack DIR`: what the passive signs notice, by species of attack, and at what price.

Terms of ISO/IEC 30107-3: APCER is the share of attack presentations of one species that pass, BPCER of bona fide
presentations that do not. What a presentation is on disk stands in `attack_presentations`.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer
from rich.console import Console
from rich.table import Table

from sallyport_biometrics.face.attack import LIMIT, Weights, score_of
from sallyport_models.attack_calibration import FILE, read_attack_calibration
from sallyport_models.calibrate.attack import looked_with_progress
from sallyport_models.evaluate import app
from sallyport_models.evaluate.attack_presentations import LIVE, Looker, Presentation, presentations_in
from sallyport_models.evaluate.det_plot import draw_det
from sallyport_models.evaluate.scores import Interval, curve, equal_error_rate, fnmr_interval
from sallyport_models.manifest import DEFAULT_MANIFEST
from sallyport_models.options import Json, ManifestPath, StorePath, open_store

TICKS = (0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95)
"""Of the plot."""
NOT_SHOWN = (
    "These figures are of these images, cameras and attack instruments only: they say nothing about other species, "
    "about masks or injected video, and they are no conformance with ISO/IEC 30107-3."
)


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of presentations wrongly judged, with its 95 % interval by subject."""

    images: int
    """presentations with a face"""
    subjects: int
    without_face: int
    """presentations in which none was found: not judged, no error of either kind"""
    unreadable: int
    """images that could not be read"""
    rate: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class AttackReport:
    """At the calibration's operating point: suspicious is a score of `limit` and more."""

    signs: tuple[str, ...]
    """what took part"""
    networks: tuple[str, ...]
    bpcer: Rate | None
    """None without live presentations"""
    apcer: dict[str, Rate]
    bpcer_by_setting: dict[str, Rate]
    eer: float | None
    """over all species together; None without either kind"""
    limit: float = LIMIT
    not_shown: str = NOT_SHOWN

    @property
    def worst(self) -> float | None:
        """The greatest APCER of any species: what 30107-3 asks to be reported."""
        return max((rate.rate for rate in self.apcer.values() if rate.images), default=None)


@app.command("attack")
def evaluate_attack(
    folder: Annotated[Path, typer.Argument(help="Holds live/, attack/SPECIES/ or both")],
    as_json: Json = False,
    det: Annotated[Path | None, typer.Option(help="Draw BPCER over APCER of each species here (PNG)")] = None,
    calibration: Annotated[Path, typer.Option(help="The calibration file", show_default=False)] = FILE,
    store: StorePath = None,
    manifest: ManifestPath = DEFAULT_MANIFEST,
) -> None:
    """Measure APCER by species and BPCER, with intervals by subject; either folder may be absent."""
    looker = Looker(open_store(store, manifest))
    weights = read_attack_calibration(calibration).for_networks(looker.passive.names)
    shown, began = presentations_in(folder), time.process_time()
    seen = looked_with_progress(looker, shown)
    spent = 1000 * (time.process_time() - began) / max(1, sum(len(each.frames) for each in shown))
    report = report_of(seen, weights)
    if det is not None and (lines := det_lines(seen, weights)):
        draw_det(det, lines, ("APCER", "BPCER"), TICKS, most=0.97)
    if as_json:
        found = {**asdict(report), "apcer_worst": report.worst, "processor_ms_per_image": round(spent, 1)}
        typer.echo(json.dumps(found, indent=2))
    else:
        show(report, spent)


def report_of(seen: Sequence[Presentation], weights: Weights) -> AttackReport:
    """The figures; pure. `seen` has live presentations, attacks, or both."""
    live = [each for each in seen if each.species == LIVE]
    attacks = [each for each in seen if each.species != LIVE]
    species = sorted({each.species for each in attacks})
    settings = sorted({each.setting for each in live} - {""})
    scores = np.sort(-_scores(live, weights)), np.sort(-_scores(attacks, weights))
    return AttackReport(
        signs=tuple(dict.fromkeys((*weights.colour.curves, *weights.grey.curves))),
        networks=weights.networks,
        bpcer=rate_of(live, weights, wrong=True) if live else None,
        apcer={name: rate_of([each for each in attacks if each.species == name], weights, False) for name in species},
        bpcer_by_setting={
            name: rate_of([each for each in live if each.setting == name], weights, True) for name in settings
        },
        eer=equal_error_rate(*scores) if len(scores[0]) and len(scores[1]) else None,
    )


def rate_of(found: Sequence[Presentation], weights: Weights, wrong: bool) -> Rate:
    """The share of presentations for which "suspicious" is `wrong`."""
    shown = [each for each in found if each.frames]
    judged = (_scores(shown, weights) >= LIMIT) == wrong
    subjects = np.unique([each.subject for each in shown], return_inverse=True)[1]
    rate = float(judged.mean()) if len(judged) else 0.0
    interval = fnmr_interval(np.where(judged, 0.0, 1.0).astype(np.float32), subjects, 0.5) if shown else Interval(0, 1)
    unreadable = sum(each.unreadable for each in found)
    return Rate(len(shown), len(set(subjects.tolist())), len(found) - len(shown), unreadable, rate, interval)


def det_lines(seen: Sequence[Presentation], weights: Weights) -> Mapping[str, npt.NDArray[np.float64]]:
    """For each species [n, 2] of (APCER, BPCER); none of a species that one image shows, or where nobody is live."""
    live = -_scores([each for each in seen if each.species == LIVE], weights)
    names = sorted({each.species for each in seen} - {LIVE})
    scores = {name: -_scores([each for each in seen if each.species == name], weights) for name in names}
    return {name: curve(live, each) for name, each in scores.items() if len(live) and len(each) > 1}


def _scores(found: Sequence[Presentation], weights: Weights) -> npt.NDArray[np.float32]:
    scores = (score_of(each.frames, weights) for each in found)
    return np.array([score for score in scores if score is not None], np.float32)


def show(report: AttackReport, milliseconds: float) -> None:
    """The figures as a table on standard output."""
    table = Table()
    table.add_column("", no_wrap=True)
    for heading in ("shown", "people", "no face", "broken"):
        table.add_column(heading, justify="right")
    for heading in ("error", "%", "95 %, by subject"):
        table.add_column(heading, no_wrap=True)
    rows = [(LIVE, "BPCER", report.bpcer)] if report.bpcer else []
    rows += [(f"  {name}", "BPCER", rate) for name, rate in report.bpcer_by_setting.items()]
    rows += [(name, "APCER", rate) for name, rate in report.apcer.items()]
    for name, kind, rate in rows:
        bounds = f"{100 * rate.interval.low:.1f} to {100 * rate.interval.high:.1f}" if rate.images else ""
        counts = (str(rate.images), str(rate.subjects), str(rate.without_face), str(rate.unreadable))
        table.add_row(name, *counts, kind, f"{100 * rate.rate:.1f}" if rate.images else "", bounds)
    console = Console()
    console.print(f"signs: {', '.join(report.signs)}; networks: {', '.join(report.networks) or 'none'}")
    console.print(table)
    both = f"EER over all species {100 * report.eer:.1f} %. " if report.eer is not None else ""
    console.print(f"{both}{milliseconds:.0f} ms of processor time an image. {report.not_shown}")
