"""Making an estate: complete or not at all, exactly what each holder needs, nothing changed by repeating it."""

import json
import os
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_protocol.identity import Role, identity_of
from sallyport_protocol.trust import Standing, read_trust, standing
from sallyport_provisioning import apply as apply_module
from sallyport_provisioning.apply import Applied, EstateExistsError, apply, create_development_estate
from sallyport_provisioning.approved import Approved
from sallyport_provisioning.enrol import certify, issuer_of
from sallyport_provisioning.estate import Estate, open_estate
from sallyport_provisioning.plan import Do, Step
from sallyport_provisioning.publish import registry_of

NOTHING = Applied((), [], [])
APPROVED = Approved({}, ())


def content(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_each_holder_has_exactly_what_it_needs(estate: Estate) -> None:
    common = {"authorities.pem", "revoked.pem", "certificate.pem", "key.pem"}
    assert files(estate.folder("broker-1")) - {"broker.log"} == common | {"mosquitto.conf", "access.acl"}
    documents = {"provisioner.pem", "model-set.cose", "policy.cose"}
    assert files(estate.folder("gateway-1")) == common | documents | {
        "registry.cose",
        "interlocks/MDI-L01.json",
        "references.key",
        "gateway.toml",
    }
    assert files(estate.folder("MDI-K01")) == common | documents | {"gateways.pem", "key-password", "kiosk.toml"}
    assert files(estate.folder("MDI-L01")) == {"keys.json"}
    for officer in ("j.hughes", "m.okafor", "s.patel", "d.morgan", "a.lind"):
        assert files(estate.folder(officer)) == {"certificate.pem", "key.pem"}


def test_secrets_are_for_their_owner_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        root = create_development_estate(tmp_path / "run", approved=APPROVED).root
    finally:
        os.umask(before)
    secret = [p for p in root.rglob("*") if p.name in ("key.pem", "key-password", "keys.json", "references.key")]
    secret += [*root.glob("authority/*-key.pem"), *root.glob("gateway/*/interlocks/*.json")]
    assert len(secret) == 15
    assert {path.stat().st_mode & 0o777 for path in secret} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in [root, *root.rglob("*")] if path.is_dir()} == {0o700}


def test_every_certificate_is_good_and_says_its_roles(estate: Estate) -> None:
    now = datetime.now(UTC)
    for holder in estate.holders():
        if holder.certified:
            certificate = estate.certificate(holder.name)
            assert standing(certificate, estate.trust(), now) is Standing.GOOD
            assert identity_of(certificate).roles == frozenset(holder.roles)


def test_the_kiosk_s_key_file_needs_its_password(estate: Estate) -> None:
    pem = (estate.folder("MDI-K01") / "key.pem").read_bytes()
    with pytest.raises(TypeError):
        load_pem_private_key(pem, None)
    assert estate.signer("MDI-K01").key.key_size == 256


def test_board_and_gateway_hold_the_same_two_different_keys(estate: Estate) -> None:
    board = (estate.folder("MDI-L01") / "keys.json").read_bytes()
    assert board == (estate.folder("gateway-1") / "interlocks" / "MDI-L01.json").read_bytes()
    keys = json.loads(board)
    assert keys["epoch"] == 1 and keys["lane"] == "MDI-LANE-1"
    assert len(bytes.fromhex(keys["key_up"])) == len(bytes.fromhex(keys["key_down"])) == 32
    assert keys["key_up"] != keys["key_down"]


def test_configurations_name_files_that_are_there(estate: Estate) -> None:
    for config in (estate.gateway_config, estate.kiosk_config):
        table = tomllib.loads(config.read_text())
        named = [*table["trust"].values(), *table["documents"].values(), *table["identity"].values()]
        for name in named:
            assert (config.parent / name.removeprefix("file:")).is_file(), name
        read_trust(
            (config.parent / table["trust"]["authorities"]).read_bytes(),
            (config.parent / table["trust"]["revoked"]).read_bytes(),
        )


def test_an_estate_can_be_moved(own_estate: Estate, tmp_path: Path) -> None:
    for name, data in content(own_estate.root).items():
        assert b".partial-" not in data, name
    moved = own_estate.root.rename(tmp_path / "elsewhere")
    assert apply(open_estate(moved), now=datetime.now(UTC)) == NOTHING


def test_making_it_twice_refuses_and_loses_nothing(own_estate: Estate) -> None:
    before = content(own_estate.root)
    with pytest.raises(EstateExistsError, match="--force"):
        create_development_estate(own_estate.root, approved=APPROVED)
    assert content(own_estate.root) == before


def test_force_replaces_an_estate_keys_and_all(own_estate: Estate) -> None:
    before = own_estate.current_fingerprint("MDI-K01")
    replaced = create_development_estate(own_estate.root, approved=APPROVED, force=True)
    assert replaced.current_fingerprint("MDI-K01") != before
    assert [path.name for path in own_estate.root.parent.iterdir()] == ["run"]


@pytest.mark.parametrize("force", [False, True])
def test_other_people_s_files_are_never_replaced(tmp_path: Path, force: bool) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(EstateExistsError, match="holds other files"):
        create_development_estate(tmp_path, approved=APPROVED, force=force)
    assert content(tmp_path) == {"thesis.txt": b"years of work"}


def test_an_empty_directory_is_taken(tmp_path: Path) -> None:
    assert create_development_estate(tmp_path / "new" / "deep", approved=APPROVED).root.is_dir()
    (tmp_path / "empty").mkdir()
    assert create_development_estate(tmp_path / "empty", approved=APPROVED).gateway_config.is_file()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RoadError, match=r"cannot make an estate at .*Choose a directory"):
        create_development_estate(tmp_path / "file" / "run", approved=APPROVED)
    with pytest.raises(EstateExistsError, match="is a file"):
        create_development_estate(tmp_path / "file", approved=APPROVED)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(RoadError, match="Permission denied"):
            create_development_estate(tmp_path / "run", approved=APPROVED)
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("step", ["ensure_authority", "settle_list", "publish", "deliver"])
def test_a_failure_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def fail(*_: object) -> None:
        raise RoadError("the disk is full")

    monkeypatch.setattr(apply_module, step, fail)
    with pytest.raises(RoadError, match="disk is full"):
        create_development_estate(tmp_path / "run", approved=APPROVED)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_replacement_keeps_the_old_estate(own_estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RoadError("the disk is full")

    before = content(own_estate.root)
    monkeypatch.setattr(apply_module, "deliver", fail)
    with pytest.raises(RoadError):
        create_development_estate(own_estate.root, approved=APPROVED, force=True)
    assert content(own_estate.root) == before


def test_repeating_apply_changes_nothing(own_estate: Estate) -> None:
    before = content(own_estate.root)
    assert apply(own_estate, now=datetime.now(UTC)) == NOTHING
    assert content(own_estate.root) == before


def test_apply_restores_what_was_lost_and_makes_no_new_key(own_estate: Estate) -> None:
    before = content(own_estate.root)
    lost = ["gateway/gateway-1/policy.cose", "kiosk/MDI-K01/gateways.pem", "broker/access.acl"]
    for name in lost:
        (own_estate.root / name).unlink()
    assert sorted(apply(own_estate, now=datetime.now(UTC)).delivered) == sorted(lost)
    assert content(own_estate.root) == before


def test_apply_enrols_who_was_added(own_estate: Estate) -> None:
    text = (own_estate.root / "estate.toml").read_text()
    text += '\n[[officer]]\nname = "n.ew"\nfull_name = "Nia Ew"\nroles = ["approver", "auditor"]\n'
    (own_estate.root / "estate.toml").write_text(text)
    applied = apply(open_estate(own_estate.root), now=datetime.now(UTC))
    assert applied.steps == (Step(Do.ENROL, "n.ew", "new"),) and applied.signed == ["registry"]
    registry = own_estate.registry()
    entry = registry.named("n.ew")
    assert registry.version == 2 and entry is not None and entry.roles == (Role.APPROVER, Role.AUDITOR)


def test_approved_models_reach_the_kiosk(own_estate: Estate) -> None:
    applied = apply(own_estate, now=datetime.now(UTC), approved=Approved({"new": b"\x44" * 32}, (b"\x55" * 32,)))
    assert applied.signed == ["model-set"]
    assert own_estate.model_set().version == 2
    delivered = (own_estate.folder("MDI-K01") / "model-set.cose").read_bytes()
    assert delivered == (own_estate.authority_dir / "documents" / "model-set.cose").read_bytes()


def test_by_default_the_manifest_and_this_build_are_approved(tmp_path: Path) -> None:
    from sallyport_models.approved_data import set_digest
    from sallyport_models.manifest import Manifest
    from sallyport_models.software import software_digest

    approved = create_development_estate(tmp_path / "run").model_set()
    assert approved.digest == set_digest(Manifest.read())
    assert approved.software == (software_digest(),)


def test_one_key_under_two_names_is_refused(own_estate: Estate) -> None:
    """Whoever holds it could be two officers."""
    now, one, other = datetime.now(UTC), "j.hughes", "m.okafor"
    holder = next(each for each in own_estate.holders() if each.name == other)
    certify(own_estate, holder, own_estate.certificate(one).public_key(), issuer_of(own_estate), now)  # type: ignore[arg-type]
    with pytest.raises(MalformedError, match=r"j\.hughes and m\.okafor have the same key"):
        registry_of(own_estate, 1)
