"""`sallyport-models evaluate attack DIR`: what the passive signs notice, by species of attack, and at what price.

`DIR/live/` holds bona fide presentations and `DIR/attack/SPECIES/` attacks, as images named PERSON_0001.jpg. Terms of
ISO/IEC 30107-3: APCER is the share of attack images of one species that pass, BPCER of bona fide images that do not.
An image without a face is no presentation and is counted apart.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from sallyport_biometrics.face.detect import FaceDetector
from sallyport_biometrics.face.parameters import parameters
from sallyport_biometrics.face.passive import NETWORKS, PassiveDetector, Signs, suspicious
from sallyport_models.evaluate import app
from sallyport_models.evaluate.pairs import find_images, person_of
from sallyport_models.evaluate.scores import Interval, fnmr_interval
from sallyport_models.manifest import DEFAULT_MANIFEST, Manifest, ModelEntry
from sallyport_models.store import ModelStore, default_store
from sallyport_protocol.errors import RoadError

NOT_SHOWN = (
    "These figures are of these images, cameras and attack instruments only: they say nothing about other species, "
    "about masks or injected video, and they are no conformance with ISO/IEC 30107-3."
)


@dataclass(frozen=True, slots=True)
class Presentation:
    """One image: its subject and its signs; no signs: no face was found."""

    subject: str
    signs: Signs | None


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of images wrongly judged, with its 95 % interval by subject."""

    images: int
    subjects: int
    without_face: int
    rate: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class AttackReport:
    """At the operating point of `face/parameters.toml`. `signs` names what took part."""

    signs: tuple[str, ...]
    bpcer: Rate
    apcer: dict[str, Rate]
    not_shown: str = NOT_SHOWN

    @property
    def worst(self) -> float:
        """The greatest APCER of any species: what 30107-3 asks to be reported."""
        return max(rate.rate for rate in self.apcer.values())


@app.command("attack")
def evaluate_attack(
    folder: Annotated[Path, typer.Argument(help="Holds live/ and attack/SPECIES/")],
    as_json: Annotated[bool, typer.Option("--json", help="Figures as JSON on standard output")] = False,
    store: Annotated[Path | None, typer.Option(help="Folder of models [default: SALLYPORT_MODELS]")] = None,
    manifest: Annotated[Path, typer.Option(show_default=False)] = DEFAULT_MANIFEST,
) -> None:
    """APCER for each species and BPCER at the operating point, with intervals by subject."""
    species = species_of(folder)
    models = ModelStore(store or default_store(), Manifest.read(manifest))
    networks = {entry.name: (models.path / entry.file).read_bytes() for entry in supplied(models)}
    detector, passive = FaceDetector(models.load("yunet").bytes), PassiveDetector(networks)
    groups = {name: find_images(path) for name, path in species.items()}
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("presentations", total=sum(map(len, groups.values())))
        done = partial(progress.advance, task)
        seen = {name: presented(detector, passive, images, done) for name, images in groups.items()}
    report = report_of(seen, ("pattern", *networks))
    if as_json:
        typer.echo(json.dumps({**asdict(report), "apcer_worst": report.worst}, indent=2))
    else:
        show(report)


def species_of(folder: Path) -> dict[str, Path]:
    """The folders by species; `live` is the bona fide one. Raises RoadError that says what is missing."""
    attacks = sorted(path for path in (folder / "attack").glob("*") if path.is_dir())
    if not (folder / "live").is_dir() or not attacks:
        raise RoadError(f"{folder}: expected the folders live/ and attack/SPECIES/ in it")
    return {"live": folder / "live", **{path.name: path for path in attacks}}


def supplied(store: ModelStore) -> list[ModelEntry]:
    """The networks that an operator has added to the store, approved or not: this is what approves them."""
    return [entry for entry in store.manifest.models if entry.name in NETWORKS and store.holds(entry)]


def presented(
    detector: FaceDetector, passive: PassiveDetector, images: Mapping[str, Path], done: Callable[[], None]
) -> tuple[Presentation, ...]:
    """Every image's signs."""
    found = []
    for name, path in sorted(images.items()):
        frame = cv2.imread(str(path))
        faces = detector.detect(np.asarray(frame, dtype=np.uint8)) if frame is not None else ()
        signs = passive.signs(np.asarray(frame, dtype=np.uint8), faces[0]) if faces else None
        found.append(Presentation(person_of(name), signs))
        done()
    return tuple(found)


def report_of(seen: Mapping[str, Sequence[Presentation]], signs: tuple[str, ...]) -> AttackReport:
    """The figures; pure. `seen` has `live` and at least one species."""
    apcer = {name: rate_of(found, wrong=False) for name, found in seen.items() if name != "live"}
    return AttackReport(signs, rate_of(seen["live"], wrong=True), apcer)


def rate_of(found: Sequence[Presentation], wrong: bool) -> Rate:
    """The share of presentations for which `suspicious` says `wrong`."""
    limits = parameters().passive
    shown = [each for each in found if each.signs is not None]
    judged = np.array([suspicious(each.signs, limits) == wrong for each in shown if each.signs is not None], dtype=bool)
    subjects = np.unique([each.subject for each in shown], return_inverse=True)[1]
    rate = float(judged.mean()) if len(judged) else 0.0
    interval = fnmr_interval(np.where(judged, 0.0, 1.0).astype(np.float32), subjects, 0.5) if shown else Interval(0, 1)
    return Rate(len(shown), len(set(subjects.tolist())), len(found) - len(shown), rate, interval)


def show(report: AttackReport) -> None:
    """The figures as a table on standard output."""
    table = Table("presentations", "images", "subjects", "no face", "error", "%", "95 %, by subject")
    rows = {"live": ("BPCER", report.bpcer)} | {name: ("APCER", rate) for name, rate in report.apcer.items()}
    for name, (kind, rate) in rows.items():
        bounds = f"{100 * rate.interval.low:.1f} to {100 * rate.interval.high:.1f}"
        counts = (str(rate.images), str(rate.subjects), str(rate.without_face))
        table.add_row(name, *counts, kind, f"{100 * rate.rate:.1f}", bounds)
    console = Console()
    console.print(f"signs: {', '.join(report.signs)}")
    console.print(table)
    console.print(report.not_shown)
