"""Revocation and renewal. The revocation is recorded first and told afterwards: a crash leaves a holder refused."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sallyport_protocol.documents import Document, sign_document
from sallyport_protocol.errors import RoadError
from sallyport_protocol.identity import Role
from sallyport_provisioning.apply import apply
from sallyport_provisioning.enrol import certify, ensure_authority, make_key, rekey_interlock
from sallyport_provisioning.estate import Estate
from sallyport_provisioning.files import write
from sallyport_provisioning.holders import Holder
from sallyport_provisioning.publish import document_path, millis
from sallyport_provisioning.state import Revocation

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
    already = _record(estate, holder, reason, now)
    apply(estate, now=now)
    return Told(name, estate.registry().version, already)


def renew(estate: Estate, name: str, now: datetime) -> Told:
    """New key and certificate (or interlock keys under a higher epoch); the old ones are revoked.

    A board's new keys go to it by cable. Repeating it after a crash finishes what was begun.
    """
    holder = estate.holder(name)
    issuer = ensure_authority(estate, now)
    documents = (estate.registry(), estate.model_set(), estate.policy())
    already = _record(estate, holder, "superseded", now)
    if holder.certified:
        certify(estate, holder, make_key(estate, holder), issuer, now)
    else:
        write(estate.state_file, rekey_interlock(estate, holder, estate.state()).to_json())
    if Role.PROVISIONER in holder.roles:
        _sign_again(estate, documents, now)
    apply(estate, now=now)
    return Told(name, estate.registry().version, already)


def due_for_renewal(estate: Estate, now: datetime) -> list[str]:
    """Holders whose certificate ends soon and has not been revoked."""
    state = estate.state()
    return [
        each.name
        for each in estate.holders()
        if each.certified
        and estate.certificate(each.name).not_valid_after_utc - now < RENEW_BEFORE
        and not state.revoked(estate.current_fingerprint(each.name))
    ]


def _record(estate: Estate, holder: Holder, reason: str, now: datetime) -> bool:
    """Writes the revocation down; True when it was there already."""
    mark = estate.current_fingerprint(holder.name)
    state = estate.state()
    if state.revoked(mark):
        return True
    serial = f"{estate.certificate(holder.name).serial_number:x}" if holder.certified else None
    new = Revocation(name=holder.name, fingerprint=mark.hex(), serial=serial, at=millis(now), reason=reason)
    changed = state.model_copy(update={"revocations": (*state.revocations, new)})
    write(estate.state_file, changed.to_json())
    return False


def _sign_again(estate: Estate, documents: tuple[Document, ...], now: datetime) -> None:
    """The new provisioner's key signs everything that the old one signed, under higher versions."""
    signer = estate.signer(estate.description.provisioner)
    for each in documents:
        newer = each.model_copy(update={"version": each.version + 1, "issued": millis(now)})
        write(document_path(estate, type(each)), sign_document(newer, signer))
