"""Revocation and renewal, told to everybody."""

from datetime import UTC, datetime, timedelta

import pytest

from sallyport_protocol.documents import Status, interlock_fingerprint, load_registry, signed_by
from sallyport_protocol.errors import RoadError
from sallyport_protocol.trust import Standing, read_trust, standing
from sallyport_provisioning import lifecycle
from sallyport_provisioning.apply import apply
from sallyport_provisioning.certificates import HOLDER_LIFE, LIST_LIFE
from sallyport_provisioning.estate import Estate
from sallyport_provisioning.examine import examine

NOW = datetime.now(UTC) + timedelta(hours=3)
"""After everything that a test makes, however long the tests before it took."""


def told(estate: Estate, name: str) -> Standing:
    """What a gateway concludes from the files in its own folder."""
    folder = estate.folder("gateway-1")
    trust = read_trust((folder / "authorities.pem").read_bytes(), (folder / "revoked.pem").read_bytes())
    return standing(estate.certificate(name), trust, max(NOW, datetime.now(UTC)))


def test_a_revoked_kiosk_is_on_the_list_and_in_the_registry_of_the_gateway(own_estate: Estate) -> None:
    assert told(own_estate, "MDI-K01") is Standing.GOOD
    done = lifecycle.revoke(own_estate, "MDI-K01", "stolen", NOW)
    assert (done.registry_version, done.already) == (2, False)
    assert told(own_estate, "MDI-K01") is Standing.REVOKED
    message = (own_estate.folder("gateway-1") / "registry.cose").read_bytes()
    entry = load_registry(message, signed_by(own_estate.certificate("provisioner-1")), 2).named("MDI-K01")
    assert entry is not None and entry.status is Status.REVOKED
    assert told(own_estate, "gateway-1") is Standing.GOOD
    assert (own_estate.broker_dir / "revoked.pem").read_bytes() == (
        own_estate.folder("gateway-1") / "revoked.pem"
    ).read_bytes()


def test_revoking_twice_changes_nothing_more(own_estate: Estate) -> None:
    first = lifecycle.revoke(own_estate, "s.patel", "left", NOW)
    second = lifecycle.revoke(own_estate, "s.patel", "left", NOW)
    assert second.already and second.registry_version == first.registry_version
    assert len(own_estate.state().revocations) == 1


def test_a_revoked_board_is_revoked_in_the_registry_and_on_no_list(own_estate: Estate) -> None:
    lists = own_estate.trust().lists
    lifecycle.revoke(own_estate, "MDI-L01", "board dead", NOW)
    entry = own_estate.registry().named("MDI-L01")
    assert entry is not None and not entry.active
    assert own_estate.trust().lists == lists


def test_a_crash_after_the_record_is_finished_by_apply(own_estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(lifecycle, "apply", crash)
        lifecycle.revoke(own_estate, "MDI-K01", "stolen", NOW)
    assert any(not finding.good and "not on the list" in finding.detail for finding in examine(own_estate, NOW))
    apply(own_estate, now=NOW)
    assert told(own_estate, "MDI-K01") is Standing.REVOKED


def test_the_provisioner_cannot_revoke_itself(own_estate: Estate) -> None:
    with pytest.raises(RoadError, match="renew"):
        lifecycle.revoke(own_estate, "provisioner-1", "oops", NOW)


def test_an_unknown_name_is_answered_with_the_known_ones(estate: Estate) -> None:
    with pytest.raises(RoadError, match=r"MDI-K02.*MDI-K01"):
        lifecycle.revoke(estate, "MDI-K02", "x", NOW)


def test_renewal_gives_a_new_key_and_revokes_the_old(own_estate: Estate) -> None:
    old = own_estate.certificate("MDI-K01")
    lifecycle.renew(own_estate, "MDI-K01", NOW)
    new = own_estate.certificate("MDI-K01")
    assert new.public_key() != old.public_key()
    assert standing(old, own_estate.trust(), NOW) is Standing.REVOKED
    assert standing(new, own_estate.trust(), NOW) is Standing.GOOD
    entry = own_estate.registry().named("MDI-K01")
    assert entry is not None and entry.active and entry.fingerprint == own_estate.signer("MDI-K01").key_id


def test_a_revoked_holder_comes_back_only_with_a_new_key(own_estate: Estate) -> None:
    lifecycle.revoke(own_estate, "MDI-K01", "lost", NOW)
    lifecycle.renew(own_estate, "MDI-K01", NOW)
    assert told(own_estate, "MDI-K01") is Standing.GOOD


def test_rekeying_a_board_raises_its_epoch(own_estate: Estate) -> None:
    before = own_estate.current_fingerprint("MDI-L01")
    lifecycle.renew(own_estate, "MDI-L01", NOW)
    entry = own_estate.registry().named("MDI-L01")
    assert entry is not None and entry.epoch == 2 and entry.fingerprint != before
    assert interlock_fingerprint(b"", b"", 2) != entry.fingerprint
    assert all(finding.good for finding in examine(own_estate, NOW) if finding.subject in ("MDI-L01", "registry"))


def test_a_new_provisioner_signs_everything_again_with_higher_versions(own_estate: Estate) -> None:
    old = own_estate.certificate("provisioner-1")
    lifecycle.renew(own_estate, "provisioner-1", NOW)
    assert own_estate.certificate("provisioner-1") != old
    assert own_estate.registry().version > 1
    assert own_estate.model_set().version == own_estate.policy().version == 2
    delivered = (own_estate.folder("gateway-1") / "registry.cose").read_bytes()
    load_registry(delivered, signed_by(own_estate.certificate("provisioner-1")))


@pytest.mark.parametrize("name", ["MDI-K01", "MDI-L01", "provisioner-1"])
@pytest.mark.parametrize("crash_in", ["record", "put_away", "enrol", "apply"])
def test_a_renewal_that_crashed_is_finished_by_the_next(
    own_estate: Estate, monkeypatch: pytest.MonkeyPatch, name: str, crash_in: str
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    old = own_estate.current_fingerprint(name)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(lifecycle, crash_in, crash)
        lifecycle.renew(own_estate, name, NOW)
    lifecycle.renew(own_estate, name, NOW)
    assert own_estate.current_fingerprint(name) != old
    assert [each for each in examine(own_estate, NOW) if not each.good] == []


def test_who_is_due(own_estate: Estate) -> None:
    assert lifecycle.due_for_renewal(own_estate, NOW) == []
    late = NOW + HOLDER_LIFE - timedelta(days=29)
    assert "MDI-K01" in lifecycle.due_for_renewal(own_estate, late)
    lifecycle.revoke(own_estate, "MDI-K01", "stolen", NOW)
    assert "MDI-K01" not in lifecycle.due_for_renewal(own_estate, late)


def test_the_list_is_renewed_at_half_its_life_under_a_higher_number(own_estate: Estate) -> None:
    def number() -> int:
        from cryptography import x509

        only = own_estate.trust().lists[0]
        return only.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number

    assert number() == 1
    apply(own_estate, now=NOW + LIST_LIFE / 3)
    assert number() == 1
    apply(own_estate, now=NOW + LIST_LIFE * 2 / 3)
    assert number() == 2
