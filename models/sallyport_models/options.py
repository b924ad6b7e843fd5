"""Options that several of the commands take, each with one name and one sentence of help."""

import os
from pathlib import Path
from typing import Annotated

import typer

from sallyport_models.manifest import Manifest
from sallyport_models.store import ModelStore, default_store

StorePath = Annotated[Path | None, typer.Option("--store", help="Folder of models", show_default="SALLYPORT_MODELS")]
ManifestPath = Annotated[Path, typer.Option("--manifest", help="The manifest", show_default=False)]
Processes = Annotated[int, typer.Option("--processes", min=0, help="Processes", show_default="one for each core")]
Json = Annotated[bool, typer.Option("--json", help="Figures as JSON on standard output")]
Det = Annotated[Path | None, typer.Option("--det", help="Write the DET plot here (PNG or SVG)")]
Record = Annotated[Path | None, typer.Option("--record", help="Write the evaluation record for the card here (JSON)")]


def open_store(store: Path | None, manifest: Path) -> ModelStore:
    """The store that the options name. Raises MalformedError or RoadError for a manifest that cannot be read."""
    return ModelStore(store or default_store(), Manifest.read(manifest))


def count_of(processes: int) -> int:
    """How many processes to start; 0 means one for each core."""
    return processes or os.cpu_count() or 1
