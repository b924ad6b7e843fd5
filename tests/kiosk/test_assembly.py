"""Putting a kiosk together: a model is believed by two digests, and whatever is missing or broken says what to do."""

import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from sallyport_kiosk.assembly import assemble, calibration_for, has_passive, load_approved, make_boot, model_names
from sallyport_kiosk.configuration import Configuration, load_configuration
from sallyport_models import calibrations
from sallyport_models.approved_data import data_digests
from sallyport_models.manifest import Manifest, ModelEntry
from sallyport_models.store import ModelStore, default_store
from sallyport_protocol.documents import ModelSet
from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_provisioning.estate import Estate


@pytest.fixture(scope="module")
def models() -> ModelStore:
    store = ModelStore(default_store(), Manifest.read())
    if not all(store.holds(store.manifest.model(name)) for name in ("leader", "yunet", "sface", "face-mesh")):
        pytest.skip("the models are not fetched: run `sallyport-models fetch`")
    return store


@pytest.fixture
def configuration(own_estate: Estate) -> Configuration:
    return load_configuration(own_estate.kiosk_config)


def approved(models: ModelStore, *names: str) -> ModelSet:
    return ModelSet(
        version=1,
        issued=0,
        models={name: bytes.fromhex(models.manifest.model(name).sha256) for name in names},
        software=(),
    )


def test_a_model_of_the_signed_set_is_loaded(models: ModelStore) -> None:
    assert len(load_approved(models, approved(models, "yunet"), "yunet")) > 100_000


def test_a_model_that_is_not_in_the_signed_set_is_refused(models: ModelStore) -> None:
    for others in (approved(models), approved(models, "sface")):
        with pytest.raises(MalformedError, match="not in the signed model set; provision this kiosk again"):
            load_approved(models, others, "yunet")


def test_a_model_with_one_flipped_byte_is_refused(models: ModelStore, tmp_path: Path) -> None:
    entry = models.manifest.model("yunet")
    content = bytearray((models.path / entry.file).read_bytes())
    content[len(content) // 2] ^= 0x01
    (tmp_path / entry.file).write_bytes(content)
    with pytest.raises(MalformedError, match="delete the file and run `sallyport-models fetch`"):
        load_approved(ModelStore(tmp_path, models.manifest), approved(models, "yunet"), "yunet")


def test_a_missing_model_says_how_to_fetch_it(models: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(RoadError, match="sallyport-models fetch"):
        load_approved(ModelStore(tmp_path, models.manifest), approved(models, "yunet"), "yunet")


def test_an_estate_that_approves_other_models_is_refused(models: ModelStore, configuration: Configuration) -> None:
    """The estate of the tests approves two made-up models: none of the real ones may run under it."""
    home = configuration.home / configuration.file.store.models
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        home.symlink_to(models.path.resolve())
    with pytest.raises(MalformedError, match="not what the signed model set approves"):
        assemble(configuration)


def test_every_boot_has_a_nonce_of_its_own(configuration: Configuration) -> None:
    one, other = make_boot(configuration), make_boot(configuration)
    assert one.nonce != other.nonce and len(one.nonce) == 16
    assert (one.policy, one.model_set, one.software) == (other.policy, other.model_set, other.software)


@pytest.mark.parametrize("which", ["model_set", "policy"])
def test_a_signed_document_with_a_flipped_byte_is_refused(configuration: Configuration, which: str) -> None:
    path = configuration.path(getattr(configuration.file.documents, which))
    content = path.read_bytes()
    path.chmod(0o600)
    for place in (0, 1, 9, len(content) // 3, len(content) // 2, -70, -1):
        changed = bytearray(content)
        changed[place] ^= 0x01
        path.write_bytes(changed)
        with pytest.raises(MalformedError, match=rf"{path.name}: .*provision this device again"):
            make_boot(configuration)
    path.write_bytes(content)
    assert make_boot(configuration)


def test_an_estate_whose_gateways_are_missing_is_refused(configuration: Configuration) -> None:
    path = configuration.path(configuration.file.trust.gateways)
    path.unlink()
    with pytest.raises(RoadError, match="provision this kiosk again"):
        assemble(configuration)


@pytest.fixture
def calibration_folder(tmp_path: Path) -> Iterator[Path]:
    shutil.copytree(calibrations.FOLDER, tmp_path / "calibration")
    yield tmp_path / "calibration"


@pytest.mark.parametrize(
    ("old", "new"),
    [("version = 2", "version = 1"), ("[fmr]", "[fmr"), ("score = [", "score = [9e9, "), ("point_log10", "point")],
)
def test_a_broken_calibration_names_its_file(calibration_folder: Path, old: str, new: str) -> None:
    path = calibration_folder / "face.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(MalformedError, match=r"face\.toml"):
        calibrations.read_calibration("face", calibration_folder)


def test_a_missing_or_swapped_calibration_names_its_file(calibration_folder: Path) -> None:
    (calibration_folder / "face.toml").replace(calibration_folder / "finger.toml")
    with pytest.raises(RoadError, match=r"face\.toml.*install Sallyport again"):
        calibrations.read_calibration("face", calibration_folder)
    with pytest.raises(MalformedError, match="calibration of face"):
        calibrations.read_calibration("finger", calibration_folder)


@pytest.mark.parametrize(("modality", "names"), [("face", ("yunet", "face-mesh", "sface")), ("finger", ("leader",))])
def test_a_calibration_is_of_the_models_that_run(models: ModelStore, modality: str, names: tuple[str, ...]) -> None:
    digests = [sha256(models.load(name).bytes).digest() for name in names]
    whole = approved(models).model_copy(update={"data": data_digests()})
    assert calibration_for(whole, modality, digests).modality == modality


def test_a_calibration_of_other_models_names_its_file(calibration_folder: Path) -> None:
    for modality, digests in (("face", [bytes(32)] * 3), ("finger", [bytes(32)])):
        calibration = calibrations.read_calibration(modality, calibration_folder)
        with pytest.raises(MalformedError, match=rf"{modality}\.toml: .*other models; install Sallyport again"):
            calibrations.require_models(calibration, digests)


def test_passive_networks_run_where_the_signed_set_names_them_and_they_are_here(
    models: ModelStore, tmp_path: Path
) -> None:
    without = approved(models, "yunet")
    assert not has_passive(model_names(without, models))
    digests = {name: bytes(32) for name in ("minifasnet-v2", "minifasnet-v1se")}
    both = without.model_copy(update={"models": digests})
    assert not has_passive(model_names(both, ModelStore(tmp_path, models.manifest)))  # then the challenge is stricter

    class Full(ModelStore):
        def holds(self, entry: ModelEntry) -> bool:
            return True

    assert has_passive(model_names(both, Full(tmp_path, models.manifest)))
    assert not has_passive(model_names(without, Full(tmp_path, models.manifest)))


def test_an_unwritable_place_for_the_outbox_says_whom_to_give_access(configuration: Configuration) -> None:
    place = configuration.path(configuration.file.store.outbox)
    if place.exists():
        shutil.rmtree(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("a file where a folder should be")
    with pytest.raises(RoadError, match=r"write access|writable"):
        assemble(configuration)
    assert place.is_file()  # and what was there is left alone


def test_our_own_network_runs_where_a_signed_set_names_it_and_makes_no_challenge_easier(
    models: ModelStore, tmp_path: Path
) -> None:
    entry = models.manifest.model("yunet").model_copy(update={"name": "attack-witness", "file": "attack-witness.onnx"})
    manifest = models.manifest.model_copy(update={"models": (*models.manifest.models, entry)})

    class Full(ModelStore):
        def holds(self, entry: ModelEntry) -> bool:
            return True

    signed = approved(models, "yunet").model_copy(update={"models": {"attack-witness": bytes(32)}})
    names = model_names(signed, Full(tmp_path, manifest))
    assert "attack-witness" in names and not has_passive(names)
