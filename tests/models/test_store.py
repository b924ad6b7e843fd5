"""The store gives out approved bytes or nothing."""

import hashlib

import pytest

from sallyport_models.manifest import Manifest
from sallyport_models.store import ModelStore, default_store, write_atomically
from sallyport_protocol.errors import MalformedError, RoadError

CONTENT = b"a network" * 100


def manifest_of(content: bytes) -> Manifest:
    shipped = Manifest.read()
    entry = shipped.models[0].model_copy(update={"sha256": hashlib.sha256(content).hexdigest()})
    return Manifest(version=1, sources=shipped.sources, models=(entry,), samples=())


@pytest.fixture
def store(tmp_path):
    store = ModelStore(tmp_path, manifest_of(CONTENT))
    write_atomically(tmp_path / store.manifest.models[0].file, CONTENT)
    return store


def test_approved_bytes_are_given_out(store):
    entry = store.manifest.models[0]
    model = store.load(entry.name)
    assert model.bytes == CONTENT
    assert model.digest.hex() == model.sha256 == entry.sha256
    assert store.holds(entry)
    assert "a network" not in repr(model)


@pytest.mark.parametrize("at", [0, 450, len(CONTENT) - 1])
def test_one_flipped_bit_is_refused_by_name(store, at):
    entry = store.manifest.models[0]
    changed = bytearray(CONTENT)
    changed[at] ^= 1
    (store.path / entry.file).write_bytes(changed)
    with pytest.raises(MalformedError, match=entry.file):
        store.load(entry.name)
    assert not store.holds(entry)


def test_a_missing_model_says_what_to_run(store):
    entry = store.manifest.models[0]
    (store.path / entry.file).unlink()
    with pytest.raises(RoadError, match="sallyport-models fetch"):
        store.load(entry.name)


def test_an_unknown_model_is_refused(store):
    with pytest.raises(MalformedError):
        store.load("unknown")


def test_the_place_can_be_chosen(monkeypatch):
    monkeypatch.setenv("SALLYPORT_MODELS", "/somewhere/else")
    assert str(default_store()) == "/somewhere/else"
    monkeypatch.delenv("SALLYPORT_MODELS")
    assert str(default_store()) == "var/models"


def test_a_failed_write_leaves_nothing(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(RoadError):
        write_atomically(blocked / "model.onnx", b"x")
    (tmp_path / "model.onnx").mkdir()
    with pytest.raises(RoadError):
        write_atomically(tmp_path / "model.onnx", b"x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "model.onnx"]
