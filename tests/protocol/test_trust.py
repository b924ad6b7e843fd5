"""Chains, validity and revocation: every standing, and that nothing unknown is good."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import Role
from sallyport_protocol.trust import Standing, Trust, chain_standing, read_trust, revocation_standing, standing
from sallyport_provisioning.certificates import (
    CLOCK_SKEW,
    HOLDER_LIFE,
    LIST_LIFE,
    Issuer,
    Subject,
    holder_certificate,
    issuing_certificate,
    new_key,
    revocation_list,
    root_certificate,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
KIOSK = Subject("MDI-K01", (Role.KIOSK,), "MDI")


class World:
    """One authority with one kiosk."""

    def __init__(self) -> None:
        root_key, issuing_key = new_key(), new_key()
        self.root = Issuer(root_certificate("test", root_key, NOW), root_key)
        self.issuing = Issuer(issuing_certificate("test", issuing_key.public_key(), self.root, NOW), issuing_key)
        self.kiosk = holder_certificate(KIOSK, new_key().public_key(), self.issuing, NOW)
        empty = revocation_list((), self.issuing, 1, NOW)
        self.trust = Trust((self.root.certificate,), (self.issuing.certificate,), (empty,))

    def revoking(self, *certificates: x509.Certificate, issuer: Issuer | None = None) -> Trust:
        serials = tuple((each.serial_number, NOW) for each in certificates)
        return replace(self.trust, lists=(revocation_list(serials, issuer or self.issuing, 2, NOW),))


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def test_a_holder_of_ours_is_good(world: World) -> None:
    assert standing(world.kiosk, world.trust, NOW) is Standing.GOOD


def test_time_bounds_are_kept(world: World) -> None:
    early, late = NOW - CLOCK_SKEW - timedelta(seconds=1), NOW + HOLDER_LIFE + timedelta(seconds=1)
    assert standing(world.kiosk, world.trust, early) is Standing.NOT_YET_VALID
    assert standing(world.kiosk, world.trust, late) is Standing.EXPIRED


def test_another_authority_of_the_same_name_is_not_ours(world: World) -> None:
    assert chain_standing(World().kiosk, world.trust, NOW) is Standing.UNTRUSTED


def test_a_chain_without_its_middle_is_not_trusted(world: World) -> None:
    assert chain_standing(world.kiosk, replace(world.trust, authorities=()), NOW) is Standing.UNTRUSTED


def test_a_holder_issues_nothing(world: World) -> None:
    key = new_key()
    middle = Issuer(holder_certificate(KIOSK, key.public_key(), world.issuing, NOW), key)
    forged = holder_certificate(KIOSK, new_key().public_key(), middle, NOW)
    trust = replace(world.trust, authorities=(*world.trust.authorities, middle.certificate))
    assert chain_standing(forged, trust, NOW) is Standing.UNTRUSTED


def test_revoked_is_revoked_even_on_a_stale_list(world: World) -> None:
    trust = world.revoking(world.kiosk)
    assert standing(world.kiosk, trust, NOW) is Standing.REVOKED
    assert revocation_standing(world.kiosk, trust, NOW + LIST_LIFE * 2) is Standing.REVOKED


def test_no_list_is_no_pass(world: World) -> None:
    assert standing(world.kiosk, replace(world.trust, lists=()), NOW) is Standing.LIST_MISSING


def test_a_list_by_somebody_else_does_not_count(world: World) -> None:
    other = Issuer(world.issuing.certificate, new_key())
    assert standing(world.kiosk, world.revoking(issuer=other), NOW) is Standing.LIST_MISSING


def test_a_stale_list_is_no_pass(world: World) -> None:
    later = NOW + LIST_LIFE + timedelta(seconds=1)
    assert standing(world.kiosk, world.trust, later) is Standing.LIST_STALE
    bound = timedelta(hours=1)
    assert standing(world.kiosk, world.trust, NOW + timedelta(minutes=50), bound) is Standing.GOOD
    assert standing(world.kiosk, world.trust, NOW + timedelta(minutes=56), bound) is Standing.LIST_STALE


def test_the_two_files_read_back(world: World) -> None:
    authorities = b"".join(each.certificate.public_bytes(Encoding.PEM) for each in (world.root, world.issuing))
    lists = b"".join(each.public_bytes(Encoding.PEM) for each in world.trust.lists * 2)
    trust = read_trust(authorities, lists)
    assert trust.roots == world.trust.roots and trust.authorities == world.trust.authorities
    assert len(trust.lists) == 2 and standing(world.kiosk, trust, NOW) is Standing.GOOD


def test_files_without_a_root_or_with_a_broken_list_are_refused(world: World) -> None:
    with pytest.raises(MalformedError, match="no root"):
        read_trust(world.issuing.certificate.public_bytes(Encoding.PEM), b"")
    with pytest.raises(MalformedError, match="revocation list"):
        broken = b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"
        read_trust(world.root.certificate.public_bytes(Encoding.PEM), broken)


def test_an_empty_list_file_is_a_missing_list(world: World) -> None:
    trust = read_trust(
        b"".join(each.certificate.public_bytes(Encoding.PEM) for each in (world.root, world.issuing)), b""
    )
    assert standing(world.kiosk, trust, NOW) is Standing.LIST_MISSING


def test_what_was_verified_once_is_still_asked_about_its_times(world: World) -> None:
    """A chain is verified once; that makes nobody valid for ever, and a new list counts at once (S18)."""
    trust = replace(world.trust)
    assert standing(world.kiosk, trust, NOW) is Standing.GOOD
    assert standing(world.kiosk, trust, NOW + HOLDER_LIFE + timedelta(seconds=1)) is Standing.EXPIRED
    root_over = world.root.certificate.not_valid_after_utc + timedelta(seconds=1)
    assert trust.chain_of(world.kiosk, NOW) and trust.chain_of(world.kiosk, root_over) is None
    assert standing(world.kiosk, world.revoking(world.kiosk), NOW) is Standing.REVOKED
    assert chain_standing(world.kiosk, replace(trust, authorities=()), NOW) is Standing.UNTRUSTED
