"""The release policy is data that the provisioner signs: delivered, read at the start, never an older one (S13)."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from sallyport_gateway.authority.policy import ReleasePolicy, release_policy
from sallyport_gateway.configuration import Configuration, load_configuration
from sallyport_gateway.drivers.release_rules import read_rules
from sallyport_gateway.store import Store
from sallyport_protocol.documents import OlderDocumentError, Profile, ReleaseRules, sign_document
from sallyport_protocol.errors import MalformedError
from sallyport_provisioning.apply import apply
from sallyport_provisioning.estate import Estate, open_estate

OURS = json.loads((files("sallyport_gateway.authority") / "release_policy.json").read_text())


def sign(estate: Estate, version: str) -> Estate:
    """The estate names a policy of this version, and the provisioner signs and delivers it."""
    (estate.root / "rules.json").write_text(json.dumps(OURS | {"version": version}))
    described = estate.root / "estate.toml"
    text = described.read_text()
    if "release_policy" not in text:
        described.write_text(text.replace("\nformat = 1", '\nformat = 1\nrelease_policy = "rules.json"', 1))
    opened = open_estate(estate.root)
    apply(opened, now=datetime.now(UTC))
    return opened


def read(estate: Estate, store: Store) -> ReleasePolicy:
    return read_rules(load_configuration(estate.gateway_config), store)


def test_a_signed_policy_is_delivered_and_decided_by(own_estate: Estate, tmp_path: Path) -> None:
    with Store(tmp_path / "store.db") as store:
        assert read(own_estate, store).name == release_policy().name, "a development gateway has one of its own"
        estate = sign(own_estate, "2027-1")
        assert read(estate, store).version == "2027-1"
        delivered = estate.gateway_config.parent / "release-policy.cose"
        shutil.copy(delivered, tmp_path / "old")
        again = delivered.read_bytes()
        apply(estate, now=datetime.now(UTC))
        assert delivered.read_bytes() == again, "nothing changed, nothing is signed"
        estate = sign(estate, "2027-2")
        assert read(estate, store).version == "2027-2"
        shutil.copy(tmp_path / "old", delivered)
        with pytest.raises(OlderDocumentError, match="older"):
            read(estate, store)


def test_what_the_provisioner_did_not_sign_or_no_gateway_can_read(own_estate: Estate, tmp_path: Path) -> None:
    estate = sign(own_estate, "2027-1")
    delivered = estate.gateway_config.parent / "release-policy.cose"
    with Store(tmp_path / "store.db") as store:
        for signer, rules, words in (
            ("gateway-1", json.dumps(OURS).encode(), "release-policy.cose"),
            (estate.description.provisioner, b'{"version": "x"}', "purposes is missing"),
        ):
            document = ReleaseRules(version=9, issued=9, rules=rules)
            delivered.write_bytes(sign_document(document, estate.signer(signer)))
            with pytest.raises(MalformedError, match=words):
                read(estate, store)
    (estate.root / "rules.json").write_text("{")
    with pytest.raises(MalformedError, match="not JSON"):
        apply(estate, now=datetime.now(UTC))


def _without_escort(rules: dict[str, Any]) -> None:
    next(each for each in rules["purposes"] if each.get("escort")).update(escort=False)


def _measure(name: str, value: float) -> Callable[[dict[str, Any]], None]:
    return lambda rules: rules["measures"][name].update(value=value)


@pytest.mark.parametrize(
    "weaken, words",
    [
        (lambda rules: rules["holdingAlerts"].pop(0), "Not For Release bars no release"),
        (lambda rules: rules["holdingAlerts"][3].update(code="WX"), "Warrant bars no release"),
        (_without_escort, "goes without escort"),
        (lambda rules: rules["purposes"][0].update(custodyContinues=True), "goes with custodyContinues"),
        (lambda rules: rules["bounds"][0].update(seconds=7 * 86_400), "less than or equal to 86400"),
        (_measure("clockSkew", 1e12), "clockSkew is 1e.12; it must lie between 0 and 60"),
        (_measure("nameSimilarity", 2.0), "nameSimilarity is 2"),
        (_measure("windowLongest", -5.0), "windowLongest is -5"),
    ],
)
def test_a_signature_does_not_make_a_policy_that_lets_everybody_out_good(
    own_estate: Estate, tmp_path: Path, weaken: Callable[[dict[str, Any]], None], words: str
) -> None:
    estate, rules = sign(own_estate, "2027-1"), json.loads(json.dumps(OURS))
    weaken(rules)
    document = ReleaseRules(version=9, issued=9, rules=json.dumps(rules).encode())
    delivered = estate.gateway_config.parent / "release-policy.cose"
    delivered.write_bytes(sign_document(document, estate.signer(estate.description.provisioner)))
    with Store(tmp_path / "store.db") as store, pytest.raises(MalformedError, match=words):
        read(estate, store)


def test_a_production_gateway_does_not_start_without(own_estate: Estate, tmp_path: Path) -> None:
    found = load_configuration(own_estate.gateway_config)
    strict = Configuration(found.file.model_copy(update={"profile": Profile.PRODUCTION}), found.home)
    with Store(tmp_path / "store.db") as store, pytest.raises(MalformedError, match="signed release policy"):
        read_rules(strict, store)
