"""`sallyport-estate verify` finds each thing that can be wrong, and changes nothing."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sallyport_provisioning.certificates import HOLDER_LIFE
from sallyport_provisioning.estate import Estate, open_estate
from sallyport_provisioning.examine import examine

NOW = datetime.now(UTC) + timedelta(hours=3)
"""After everything that a test makes, however long the tests before it took."""


def bad(estate: Estate, now: datetime = NOW) -> str:
    return "\n".join(f"{each.subject}: {each.detail}" for each in examine(estate, now) if not each.good)


def test_a_new_estate_is_good(estate: Estate) -> None:
    findings = examine(estate, NOW)
    assert bad(estate) == "" and len(findings) == len(estate.holders()) + 6


def swap_keys(root: Path) -> None:
    shutil.copy(root / "officers/j.hughes/key.pem", root / "officers/m.okafor/key.pem")


def swap_certificates(root: Path) -> None:
    for name in ("key.pem", "certificate.pem"):
        shutil.copy(root / "officers/j.hughes" / name, root / "officers/m.okafor" / name)


def flip(name: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        data = bytearray((root / name).read_bytes())
        data[len(data) // 2] ^= 1
        (root / name).write_bytes(data)

    return change


def other_board_key(root: Path) -> None:
    path = root / "interlock/MDI-L01/keys.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"key_up": "00" * 32}))


def promote(root: Path) -> None:
    text = (root / "estate.toml").read_text()
    (root / "estate.toml").write_text(text.replace('roles = ["auditor"]', 'roles = ["duty-governor"]'))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (swap_keys, "m.okafor: the private key does not belong to the certificate"),
        (swap_certificates, "m.okafor: the holder's certificate is not the one that the authority issued"),
        (lambda root: (root / "kiosk/MDI-K01/key.pem").unlink(), "MDI-K01: cannot read"),
        (lambda root: (root / "kiosk/MDI-K01/key-password").write_text("guess"), "MDI-K01: the private key"),
        (lambda root: (root / "broker/key.pem").chmod(0o644), "others may read broker/key.pem"),
        (flip("authority/documents/registry.cose"), "registry: "),
        (flip("authority/documents/model-set.cose"), "model set: "),
        (flip("authority/documents/policy.cose"), "policy: "),
        (flip("gateway/gateway-1/registry.cose"), r"missing or old \(gateway/gateway-1/registry.cose\)"),
        (flip("broker/access.acl"), r"missing or old \(broker/access.acl\)"),
        (lambda root: (root / "authority/revoked.pem").unlink(), "cannot read .*revoked.pem"),
        (other_board_key, "MDI-L01: its keys are not those of the registry"),
        (promote, "a.lind: name or roles differ from estate.toml"),
    ],
)
def test_each_fault_is_found(own_estate: Estate, change: Callable[[Path], None], told: str) -> None:
    change(own_estate.root)
    import re

    found = bad(open_estate(own_estate.root))
    assert re.search(told, found), found


def test_ends_of_certificates_are_found(own_estate: Estate) -> None:
    assert "MDI-K01: expired" in bad(own_estate, NOW + HOLDER_LIFE * 2)


def test_a_model_that_is_not_the_approved_one_is_found(tmp_path: Path) -> None:
    from sallyport_models.manifest import Manifest
    from sallyport_provisioning.apply import create_development_estate

    entry = Manifest.read().approved()[0]
    store = tmp_path / "models"
    store.mkdir()
    estate = create_development_estate(tmp_path / "run", models_store=str(store))
    assert "model set" not in bad(estate)
    (store / entry.file).write_bytes(b"other bytes")
    assert f"is not the approved {entry.name}" in bad(estate)


def test_a_calibration_that_is_not_the_approved_one_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sallyport_models.approved_data import FILES
    from sallyport_provisioning import examine
    from sallyport_provisioning.apply import create_development_estate

    estate = create_development_estate(tmp_path / "run")
    assert "model set" not in bad(estate)
    changed = tmp_path / "fused.toml"
    changed.write_bytes(FILES["calibration/fused.toml"].read_bytes() + b" ")
    monkeypatch.setattr(examine, "FILES", {**FILES, "calibration/fused.toml": changed})
    assert f"{changed} is not what was approved" in bad(estate)


def test_an_estate_that_approves_nothing_is_told(tmp_path: Path) -> None:
    from sallyport_provisioning.apply import create_development_estate
    from sallyport_provisioning.approved import Approved

    assert "approves nothing" in bad(create_development_estate(tmp_path / "run", approved=Approved({}, ())))
