"""Revocation and renewal. The revocation is recorded first and told afterwards: a crash leaves a holder refused."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sallyport_protocol.errors import RoadError
from sallyport_protocol.identity import Role, fingerprint
from sallyport_provisioning.apply import apply
from sallyport_provisioning.enrol import enrol, ensure_authority
from sallyport_provisioning.estate import Estate
from sallyport_provisioning.revocation import put_away, record

RENEW_BEFORE: Final = timedelta(days=30)
"""A certificate with less than this left is due: a third of its life."""


@dataclass(frozen=True, slots=True)
class Told:
    """Where the change stands now. The broker must read its list again (SIGHUP); gateways do so by themselves."""

    name: str
    registry_version: int
    already: bool
    """It had been revoked before; only the telling was repeated."""


def revoke(estate: Estate, name: str, reason: str, now: datetime) -> Told:
    """Revokes a holder's current certificate or keys, and tells everybody by list and registry.

    Raises RoadError for a name that is not in the estate, or for the provisioner, who would sign its own end.
    """
    holder = estate.holder(name)
    if Role.PROVISIONER in holder.roles:
        raise RoadError(f"{name} signs the revocation: give it a new key first with `sallyport-estate renew`")
    already = record(estate, name, reason, now)
    apply(estate, now=now)
    return Told(name, estate.registry().version, already)


def renew(estate: Estate, name: str, now: datetime) -> Told:
    """New key and certificate (or interlock keys under a higher epoch); the old ones are revoked.

    A board's new keys go to it by cable. Repeating it after a crash finishes what was begun.
    """
    holder = estate.holder(name)
    issuer = ensure_authority(estate, now)
    already = record(estate, name, "superseded", now)
    put_away(estate, name)
    enrol(estate, holder, issuer, now)
    apply(estate, now=now)
    return Told(name, estate.registry().version, already)


def due_for_renewal(estate: Estate, now: datetime) -> list[str]:
    """Holders whose certificate ends soon and has not been revoked."""
    revoked = {each.fingerprint for each in estate.state().revocations}
    return [
        name
        for name, certificate in estate.issued().items()
        if certificate.not_valid_after_utc - now < RENEW_BEFORE and fingerprint(certificate).hex() not in revoked
    ]
