"""What must be done so that the keys and certificates that exist are those that the description wants. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509
from cryptography.x509.oid import NameOID

from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import identity_of
from sallyport_provisioning.certificates import Subject
from sallyport_provisioning.holders import Holder
from sallyport_provisioning.state import InterlockKeys


class Do(StrEnum):
    ENROL = "enrol"
    """New keys, and a certificate where the holder has one."""
    RENEW = "renew"
    """The certificate says something else than the description: new key, new certificate, the old one revoked."""
    REVOKE = "revoke"
    """The description no longer names the holder."""


@dataclass(frozen=True, slots=True)
class Step:
    do: Do
    name: str
    why: str


def plan(
    estate: str,
    wanted: tuple[Holder, ...],
    certificates: Mapping[str, x509.Certificate],
    boards: Mapping[str, InterlockKeys],
) -> tuple[Step, ...]:
    """The steps from what exists (`certificates`, `boards`, by name) to what is wanted; revocations come first.

    A holder whose certificate was revoked keeps it, revoked, until somebody renews it by name.
    """
    names = {holder.name for holder in wanted}
    gone = sorted((certificates.keys() | boards.keys()) - names)
    steps = [Step(Do.REVOKE, name, "no longer described") for name in gone]
    for holder in wanted:
        if holder.name not in (certificates if holder.certified else boards):
            steps.append(Step(Do.ENROL, holder.name, "new"))
        elif holder.certified and (why := _difference(certificates[holder.name], holder.subject(estate))):
            steps.append(Step(Do.RENEW, holder.name, why))
    return tuple(steps)


def _difference(certificate: x509.Certificate, subject: Subject) -> str:
    """What the certificate says otherwise; empty when it says the same."""
    try:
        identity = identity_of(certificate)
    except MalformedError as error:
        return str(error)
    if (identity.name, identity.roles) != (subject.name, frozenset(subject.roles)):
        return f"roles are now {', '.join(subject.roles)}"
    units = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    if [unit.value for unit in units] != [subject.unit]:
        return f"belongs now to {subject.unit}"
    if _serves(certificate) != set(subject.serves):
        return f"is now reached at {', '.join(subject.serves)}"
    return ""


def _serves(certificate: x509.Certificate) -> set[str]:
    alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    names = alternatives.get_values_for_type(x509.DNSName)
    return {*names, *(str(address) for address in alternatives.get_values_for_type(x509.IPAddress))}
