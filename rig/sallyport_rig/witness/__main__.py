"""`python -m sallyport_rig.witness samples SOURCE... OUT` and `train OUT... MODEL`: teach the third witness again."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from sallyport_biometrics.face.detect import FaceDetector
from sallyport_biometrics.face.pipeline import MODELS, FacePipeline
from sallyport_models.evaluate.pairs import find_images
from sallyport_models.manifest import Manifest
from sallyport_models.store import ModelStore, default_store, write_atomically
from sallyport_protocol.errors import RoadError, SallyportError
from sallyport_rig.recapture.__main__ import generator_of, photograph_of, read_picture
from sallyport_rig.recapture.people import Part, of_part
from sallyport_rig.witness.export import to_onnx
from sallyport_rig.witness.network import Weights
from sallyport_rig.witness.samples import LIVE, Sample, samples_of
from sallyport_rig.witness.training import Samples, taught

SHARD = 4096
"""Samples in one file."""
app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command()
def samples(
    source: Annotated[Path, typer.Argument(help="Images named PERSON_0001.jpg, at any depth")],
    out: Annotated[Path, typer.Argument(help="A new folder; it holds cut-outs of faces: delete it after teaching")],
    seed: Annotated[int, typer.Option(help="Another seed draws everything anew")] = 1,
    limit: Annotated[int, typer.Option(help="At most so many images, evenly taken; 0: all")] = 0,
    part: Annotated[Part, typer.Option(help="Of the people")] = Part.TEACHING,
    rounds: Annotated[int, typer.Option(help="Each image so often")] = 1,
    store: Annotated[Path | None, typer.Option(help="Folder of models [default: SALLYPORT_MODELS]")] = None,
) -> None:
    """Draw what the network is shown. Unless all are wanted, people of the last fifth are left out."""
    if out.exists():
        raise RoadError(f"{out}: is there already; name a new folder")
    models = ModelStore(store or default_store(), Manifest.read())
    pipeline = FacePipeline({name: models.load(name).bytes for name in MODELS})
    detector = FaceDetector(models.load("yunet").bytes)
    images = of_part(sorted(find_images(source).items()), part)
    images = images[:: max(1, len(images) // limit)][:limit] if limit else images
    out.mkdir(parents=True)
    held: list[Sample] = []
    shard = 0
    cv2.setNumThreads(1)
    steps = [(number, name, path) for number, (name, path) in enumerate(images) for _ in range(rounds)]
    for step, (number, name, path) in enumerate(track(steps, "images", console=Console(stderr=True), transient=True)):
        photograph = photograph_of(pipeline, path, frozenset())
        if photograph is None:
            continue
        other = read_picture(images[(number + len(images) // 2) % len(images)][1])
        held += samples_of(photograph, other, detector, generator_of(seed, f"{name} witness", step))
        if len(held) >= SHARD:
            _write(out / f"{shard:03d}.npz", held)
            held, shard = [], shard + 1
    if held:
        _write(out / f"{shard:03d}.npz", held)


@app.command()
def train(
    samples: Annotated[list[Path], typer.Argument(help="Folders that `samples` made")],
    model: Annotated[Path, typer.Argument(help="The ONNX file to write")],
    epochs: Annotated[int, typer.Option(help="Rounds over all samples")] = 8,
    seed: Annotated[int, typer.Option(help="Other first weights, another order")] = 1,
    without: Annotated[list[str] | None, typer.Option(help="Leave out kinds that hold this word")] = None,
    only: Annotated[str, typer.Option(help="Of attacks, `marks` or `captures` alone")] = "",
    most: Annotated[int, typer.Option(help="At most so many samples, evenly taken; 0: all")] = 0,
) -> None:
    """Teach the network; about six milliseconds of one core a sample and round. Each round's file replaces the last."""
    taken = read_samples(samples)
    chosen = np.array([_wanted(kind, without or [], only) for kind in taken.kind])
    if most and chosen.sum() > most:
        places = np.flatnonzero(chosen)
        chosen[:] = False
        chosen[places[:: -(-len(places) // most)]] = True
    console = Console(stderr=True)
    console.print(f"{chosen.sum()} samples, {int((chosen & taken.attack).sum())} of them attacks")
    recent: list[float] = []

    def tell(step: int, loss: float) -> None:
        recent.append(loss)
        if step % 100 == 0:
            console.print(f"step {step}: loss {np.mean(recent[-100:]):.4f}")

    def keep(weights: Weights) -> None:
        write_atomically(model, to_onnx(weights))
        console.print(f"{model}: written")

    taught(taken, chosen, epochs, seed, tell, keep)


def read_samples(folders: Sequence[Path]) -> Samples:
    """All of the folders, in memory: 90 kB each. Raises RoadError."""
    files = [file for folder in folders for file in sorted(folder.glob("*.npz"))]
    if not files:
        raise RoadError(f"{folders[0]}: no samples in it; make them with `python -m sallyport_rig.witness samples`")
    parts: list[dict[str, Any]] = []
    for file in files:
        with np.load(file) as held:
            parts.append({name: held[name] for name in ("surround", "patch", "spectra", "kind")})
    surround, patch, spectra = (
        np.concatenate([part[name] for part in parts]) for name in ("surround", "patch", "spectra")
    )
    return Samples(surround, patch, spectra, tuple(str(kind) for part in parts for kind in part["kind"]))


def _wanted(kind: str, without: Sequence[str], only: str) -> bool:
    if any(word in kind.replace("+", " ").split() for word in without):
        return False
    return not only or kind.startswith(LIVE) or kind.endswith(" marks") == (only == "marks")


def _write(path: Path, held: list[Sample]) -> None:
    np.savez(
        path,
        surround=np.stack([each.surround for each in held]),
        patch=np.stack([each.patch for each in held]),
        spectra=np.stack([each.spectra for each in held]),
        kind=np.array([each.kind for each in held]),
    )


def main() -> None:
    """Runs the command; an expected failure is one line on standard error and exit code 1."""
    try:
        app()
    except SallyportError as error:
        Console(stderr=True).print(f"[bold red]error:[/] {error}", highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
