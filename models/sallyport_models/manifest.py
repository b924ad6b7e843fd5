"""What every model is, where it comes from and who approved it: `models/manifest.toml` as frozen values.

The kiosk imports this module and `sallyport_models.store`, and nothing else of this package.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field

from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_protocol.word import Many, Word

Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Line = Annotated[str, Field(min_length=1, max_length=400)]

_HERE = Path(__file__).resolve().parent.parent
DEFAULT_MANIFEST = next(
    (path for path in (_HERE / "manifest.toml", _HERE / "sallyport_manifest/manifest.toml") if path.is_file()),
    _HERE / "manifest.toml",
)
"""In the source tree beside this package, in an installed wheel in a folder of its own."""


class Source(Word):
    """A published package that files are taken from, by name, version and digest."""

    package: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    version: Annotated[str, Field(pattern=r"^[0-9][0-9A-Za-z.+-]*$")]
    form: Literal["wheel", "sdist"]
    sha256: Hex


class ModelEntry(Word):
    """One model: what it does, what it reads and gives, and what makes it trustworthy."""

    name: FileName
    task: Line
    version: Line
    file: FileName
    source: str
    """Name of a source; empty for a file of our own, or one that an operator supplies (`sallyport-models add`)."""
    path: str
    """Path inside the source package, or inside `sallyport_models` for a file of our own."""
    source_sha256: Hex
    """Of the file as published."""
    converter: Annotated[str, Field(pattern=r"^([a-z]+:convert_[a-z0-9_]+)?$")]
    """`module:function` under sallyport_models.convert; empty: used as published."""
    sha256: Hex
    """Of the file that the kiosk loads."""
    licence: Line
    licence_text: Line
    inputs: Many[Line]
    outputs: Many[Line]
    opset: Annotated[int, Field(ge=0, le=100)]
    operating_point: Line
    evaluation: Line
    approved_by: str
    """Empty: not approved, and so not part of the set."""

    @property
    def supplied(self) -> bool:
        """Whether an operator brings it, or does without it: no package carries it."""
        return not self.source and not self.path

    @property
    def own(self) -> bool:
        """Whether it was made here and comes with this package."""
        return not self.source and bool(self.path)


class SampleEntry(Word):
    """One public sample image of the demonstration; found in its package by digest."""

    file: FileName
    source: str
    sha256: Hex


class Manifest(Word):
    """All models and samples."""

    version: Literal[1]
    sources: dict[str, Source]
    models: Many[ModelEntry]
    samples: Many[SampleEntry]

    @classmethod
    def read(cls, path: Path = DEFAULT_MANIFEST) -> Self:
        """Reads and checks a manifest file. Raises RoadError (missing) or MalformedError (naming the file)."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise RoadError(f"{path}: {error.strerror}; restore the model manifest from the release") from error
        return cls.from_bytes(content, str(path))

    @classmethod
    def from_bytes(cls, content: bytes, name: str = "manifest.toml") -> Self:
        """Parses a manifest; `name` is what errors call it. Raises MalformedError."""
        try:
            manifest = cls.parse(tomllib.loads(content.decode()))
        except (UnicodeDecodeError, tomllib.TOMLDecodeError, MalformedError) as error:
            raise MalformedError(f"{name}: {error}; restore it from the release") from error
        entries: list[ModelEntry | SampleEntry] = [*manifest.models, *manifest.samples]
        if len({entry.file for entry in entries}) < len(entries):
            raise MalformedError(f"{name}: two entries name the same file; restore it from the release")
        if len({model.name for model in manifest.models}) < len(manifest.models):
            raise MalformedError(f"{name}: two models have the same name; restore it from the release")
        for entry in entries:
            if entry.source and entry.source not in manifest.sources:
                raise MalformedError(f"{name}: {entry.file}: no source is called {entry.source!r}")
        return manifest

    def model(self, name: str) -> ModelEntry:
        """The approved model of that name. Raises MalformedError when there is none."""
        for entry in self.models:
            if entry.name == name and entry.approved_by:
                return entry
        known = ", ".join(entry.name for entry in self.approved()) or "none"
        raise MalformedError(f"the manifest approves no model called {name!r}; it approves {known}")

    def approved(self) -> tuple[ModelEntry, ...]:
        """The approved models, by name."""
        return tuple(sorted((entry for entry in self.models if entry.approved_by), key=lambda entry: entry.name))
