"""The manifest: strict, and its digest is that of the approved set."""

import tomllib

import pytest

from sallyport_models.approved_data import set_digest
from sallyport_models.manifest import DEFAULT_MANIFEST, Manifest
from sallyport_protocol.errors import MalformedError, RoadError

TEXT = DEFAULT_MANIFEST.read_text()


def test_the_shipped_manifest_is_whole():
    manifest = Manifest.read()
    assert {"leader", "yunet", "sface"} <= {entry.name for entry in manifest.approved()}
    assert all(entry.licence and entry.licence_text and entry.evaluation for entry in manifest.models)
    assert all(sample.file.startswith(("subject-", "finger-")) for sample in manifest.samples)


def test_the_set_digest_follows_every_approved_model():
    manifest = Manifest.from_bytes(TEXT.encode())
    digest = set_digest(manifest)
    assert len(digest) == 32
    entry = manifest.model("leader")
    changed = TEXT.replace(entry.sha256, "0" * 64)
    assert set_digest(Manifest.from_bytes(changed.encode())) != digest
    withdrawn = TEXT.replace('name = "leader"', 'name = "follower"')
    assert set_digest(Manifest.from_bytes(withdrawn.encode())) != digest


def test_the_set_digest_does_not_depend_on_the_order():
    manifest = Manifest.read()
    turned = Manifest(
        version=1, sources=manifest.sources, models=tuple(reversed(manifest.models)), samples=manifest.samples
    )
    assert set_digest(turned) == set_digest(manifest)


def test_what_nobody_approved_is_not_in_the_set():
    content = tomllib.loads(TEXT)
    content["models"][0]["approved_by"] = ""
    manifest = Manifest.parse(content)
    assert content["models"][0]["name"] not in {entry.name for entry in manifest.approved()}
    with pytest.raises(MalformedError, match="approves no model"):
        manifest.model(content["models"][0]["name"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version = 1\n", "version = 2\n"),
        ('form = "wheel"', 'form = "egg"'),
        ('source = "pyfing"', 'source = "nowhere"'),
        ('file = "leader.onnx"', 'file = "../leader.onnx"'),
        ('file = "leader.onnx"', 'file = "sface.onnx"'),
        ('name = "leader"', 'name = "sface"'),
        ('converter = "leader:convert_leader"', 'converter = "os:system"'),
        ("opset = 20", 'opset = "20"'),
        ("opset = 20", "opset = 20\nextra = 1"),
        ('task = "', "task = "),
    ],
)
def test_a_manifest_with_a_mistake_is_refused_by_name(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(MalformedError, match=r"changed\.toml"):
        Manifest.from_bytes(TEXT.replace(old, new, 1).encode(), "changed.toml")


def test_a_missing_manifest_is_a_broken_road(tmp_path):
    with pytest.raises(RoadError, match="absent"):
        Manifest.read(tmp_path / "absent.toml")
