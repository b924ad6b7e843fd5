"""One flipped byte, anywhere, in what says how the models are used: refused, and the file is named."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sallyport_models.approved_data import FILES, data_digests, read_approved, set_digest
from sallyport_models.manifest import Manifest
from sallyport_protocol.documents import ModelSet
from sallyport_protocol.errors import MalformedError, RoadError

PLACES = 7


@pytest.fixture(scope="module")
def approved() -> ModelSet:
    return ModelSet(version=1, issued=0, models={}, data=data_digests(), software=())


@pytest.fixture
def copies(tmp_path: Path) -> Iterator[dict[str, Path]]:
    """Copies of the files under their own names, free to be changed."""
    made = {}
    for name, path in FILES.items():
        made[name] = tmp_path / name
        made[name].parent.mkdir(exist_ok=True)
        made[name].write_bytes(path.read_bytes())
    yield made


def test_manifest_answers_and_calibrations_are_covered() -> None:
    calibrations = {f"calibration/{name}.toml" for name in ("face", "finger", "fused", "attack")}
    assert set(FILES) == {"manifest.toml", "known_answers.toml"} | calibrations


@pytest.mark.parametrize("name", sorted(FILES))
def test_one_flipped_bit_is_refused_by_name(approved: ModelSet, copies: dict[str, Path], name: str) -> None:
    path = copies[name]
    content = path.read_bytes()
    assert read_approved(approved, name, copies) == content
    for place in range(PLACES):
        changed = bytearray(content)
        changed[place * (len(content) - 1) // (PLACES - 1)] ^= 1 << place
        path.write_bytes(changed)
        with pytest.raises(MalformedError, match=rf"{path.name}: not what the signed model set approves"):
            read_approved(approved, name, copies)


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_set_that_approves_no_data_lets_none_be_used(name: str) -> None:
    empty = ModelSet(version=1, issued=0, models={}, software=())
    with pytest.raises(MalformedError, match="sallyport-estate approve"):
        read_approved(empty, name)


def test_one_file_never_passes_as_another(approved: ModelSet, copies: dict[str, Path]) -> None:
    face, finger = "calibration/face.toml", "calibration/finger.toml"
    with pytest.raises(MalformedError, match=r"finger\.toml"):
        read_approved(approved, face, {face: copies[finger]})


def test_a_missing_file_is_named(approved: ModelSet, tmp_path: Path) -> None:
    with pytest.raises(RoadError, match=r"gone\.toml.*install Sallyport again"):
        read_approved(approved, "manifest.toml", {"manifest.toml": tmp_path / "gone.toml"})


def test_the_set_s_digest_follows_every_data_file(monkeypatch: pytest.MonkeyPatch, copies: dict[str, Path]) -> None:
    manifest = Manifest.read()
    before = set_digest(manifest)
    monkeypatch.setattr("sallyport_models.approved_data.FILES", copies)
    assert set_digest(manifest) == before
    for path in copies.values():
        content = path.read_bytes()
        path.write_bytes(content + b"\n")
        assert set_digest(manifest) != before
        path.write_bytes(content)
