"""`sallyport-models calibrate attack DIR`: what the signs of a face attack weigh, fitted again from presentations."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from sallyport_biometrics.face.attack import VERSIONS, Curve, Tail, Weights
from sallyport_models.attack_calibration import FILE
from sallyport_models.calibrate import app
from sallyport_models.calibrate.attack_fit import (
    BPCER,
    FOLDS,
    WORST,
    Evidence,
    HeldOut,
    fitted,
    settings_in,
    species_in,
)
from sallyport_models.calibrate.provenance import digest_of_files
from sallyport_models.evaluate.attack_presentations import (
    LIVE,
    Looker,
    Presentation,
    Shown,
    looked_at,
    presentations_in,
)
from sallyport_models.manifest import DEFAULT_MANIFEST
from sallyport_models.options import ManifestPath, StorePath, open_store
from sallyport_models.store import write_atomically
from sallyport_protocol.errors import MalformedError


@app.command("attack")
def calibrate_attack(
    folders: Annotated[list[Path], typer.Argument(help="Each holds live/ and attack/SPECIES/")],
    output: Annotated[Path, typer.Option(help="The calibration file", show_default=False)] = FILE,
    store: StorePath = None,
    manifest: ManifestPath = DEFAULT_MANIFEST,
) -> None:
    """Fit weights with and without each network that the store holds; the same data give the same file."""
    looker = Looker(open_store(store, manifest))
    shown = tuple(each for folder in folders for each in presentations_in(folder))
    seen = [each for each in looked_with_progress(looker, shown) if each.frames]
    if len({each.subject for each in seen if each.species == LIVE}) < FOLDS:
        raise MalformedError(f"fewer than {FOLDS} people are live in {folders[0]}; nobody would be left to judge by")
    paths = [path for each in shown for path in each.frames]
    digest = digest_of_files({f"{number:06d}/{path.name}": path for number, path in enumerate(paths)})
    write_atomically(output, calibration_text(seen, looker.passive.names, digest).encode())
    Console(stderr=True).print(f"{output}: written; company is worth nothing until `calibrate company` counts it")


def looked_with_progress(looker: Looker, shown: tuple[Shown, ...]) -> tuple[Presentation, ...]:
    """What each presentation showed, with a bar on standard error."""
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("presentations", total=len(shown))
        return looked_at(looker, shown, partial(progress.advance, task))


def calibration_text(seen: Sequence[Presentation], networks: Sequence[str], digest: str) -> str:
    """The whole file; `sallyport_biometrics.face.attack` reads it."""
    live = [each for each in seen if each.species == LIVE]
    lines = [
        "# What the signs of a face attack weigh. Made by `sallyport-models calibrate attack DIR`; do not edit.",
        f"# Data: {len(live)} live presentations of {len({each.subject for each in live})} people,"
        f" {len(seen) - len(live)} attacks",
        f"# ({', '.join(species_in(seen))}).",
        f"# Settings: {', '.join(settings_in(seen)) or 'one'}.",
        f"# Operating point: BPCER at most {BPCER} over people left out ({FOLDS} folds),"
        f" {WORST} times that in any setting.",
        f"# numpy {version('numpy')}, onnxruntime {version('onnxruntime')}.",
        "",
        f"version = {VERSIONS[-1]}",
        'modality = "face-attack"',
        f'data_sha256 = "{digest}"',
    ]
    evidence = Evidence(seen)
    found = [fitted(evidence, chosen) for chosen in subsets(networks)]
    for name, signs in (("colour", found[0][0].colour), ("grey", found[0][0].grey)):
        lines += ["", f"[{name}]", *_tail(signs.tail), f"[{name}.witness]", *_tail(signs.witness)]
        lines += [f"[{name}.curves]", *_curves(signs.curves)]
    for weights, held_out in found:
        lines += ["", *_table(weights), *_report(held_out)]
    return "\n".join(lines) + "\n"


def subsets(networks: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """None, each alone, and so on to all: any of them may be absent from a kiosk."""
    for count in range(len(networks) + 1):
        yield from combinations(networks, count)


def _table(weights: Weights) -> list[str]:
    return [
        "[[networks]]",
        f"names = [{', '.join(repr(name) for name in weights.networks)}]".replace("'", '"'),
        *_tail(weights.network_tail),
        f"narrow = {weights.narrow:.5g}",
        f"limit = {weights.limit:.5f}",
        f"alone = {weights.alone:.5f}",
    ]


def _tail(tail: Tail) -> list[str]:
    return [f"middle = {tail.middle:.5g}", f"rate = {tail.rate:.5g}"]


def _curves(curves: Mapping[str, Curve]) -> list[str]:
    """One line each; a sign that is worth nothing is left out."""
    lines = []
    for name, curve in curves.items():
        if any(curve.evidence):
            at, evidence = (", ".join(f"{value:.7g}" for value in each) for each in (curve.at, curve.evidence))
            lines.append(f"{name} = {{ at = [{at}], evidence = [{evidence}] }}")
    return lines


def _report(held_out: HeldOut) -> list[str]:
    """How they did on people, species and settings that were not fitted."""
    return [
        "[networks.held_out]",
        f"bpcer = {held_out.bpcer:.4f}",
        f"apcer = {_inline(held_out.apcer)}",
        f"apcer_of_unseen_species = {_inline(held_out.unseen)}",
        f"bpcer_in_unseen_settings = {_inline(held_out.settings)}",
    ]


def _inline(rates: object) -> str:
    assert isinstance(rates, dict)
    return "{ " + ", ".join(f'"{name}" = {rate:.3f}' for name, rate in rates.items()) + " }"
