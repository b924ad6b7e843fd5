"""Whether a certificate may be relied on now: chain and validity (admission check 3), revocation (check 4). Pure.

An unknown issuer, a missing revocation list or a stale one is a refusal like any other: nothing is assumed good.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store, VerificationError

from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import public_key_of, read_certificates


class Standing(StrEnum):
    """What is known of a certificate; only GOOD is good."""

    GOOD = "GOOD"
    UNTRUSTED = "UNTRUSTED"
    NOT_YET_VALID = "NOT_YET_VALID"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    LIST_MISSING = "LIST_MISSING"
    LIST_STALE = "LIST_STALE"


@dataclass(frozen=True, slots=True)
class Trust:
    """Who may issue: the root, the authorities under it and their revocation lists."""

    roots: tuple[x509.Certificate, ...]
    authorities: tuple[x509.Certificate, ...]
    lists: tuple[x509.CertificateRevocationList, ...]


def read_trust(authorities_pem: bytes, lists_pem: bytes) -> Trust:
    """From the two files that every holder has. Raises MalformedError when either cannot be read or has no root."""
    certificates = read_certificates(authorities_pem)
    roots = tuple(c for c in certificates if c.issuer == c.subject)
    if not roots:
        raise MalformedError("the authorities' file holds no root certificate")
    return Trust(roots, tuple(c for c in certificates if c not in roots), read_lists(lists_pem))


def read_lists(pem: bytes) -> tuple[x509.CertificateRevocationList, ...]:
    """Every revocation list of a PEM file. Raises MalformedError."""
    end = b"-----END X509 CRL-----"
    blocks = [block + end for block in pem.split(end) if b"-----BEGIN X509 CRL-----" in block]
    try:
        return tuple(x509.load_pem_x509_crl(block) for block in blocks)
    except ValueError as error:
        raise MalformedError("the revocation list cannot be read") from error


def chain_standing(certificate: x509.Certificate, trust: Trust, now: datetime) -> Standing:
    """Check 3: an authority of ours vouches for it, and it is valid at `now` (aware, UTC)."""
    if now < certificate.not_valid_before_utc:
        return Standing.NOT_YET_VALID
    if now > certificate.not_valid_after_utc:
        return Standing.EXPIRED
    verifier = (
        PolicyBuilder()
        .store(Store(list(trust.roots)))
        .time(now)
        .max_chain_depth(2)
        .extension_policies(ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=ExtensionPolicy.permit_all())
        .build_client_verifier()
    )
    try:
        public_key_of(certificate)
        verifier.verify(certificate, list(trust.authorities))
    except (VerificationError, MalformedError):
        return Standing.UNTRUSTED
    return Standing.GOOD


def revocation_standing(
    certificate: x509.Certificate, trust: Trust, now: datetime, oldest: timedelta | None = None
) -> Standing:
    """Check 4: the issuer's own list is here, is fresh at `now` and does not name it.

    Fresh means not past the list's next update and, where `oldest` is given, issued no longer ago than that.
    """
    found = [each for each in trust.lists if each.issuer == certificate.issuer and _signed_by_ours(each, trust)]
    if not found:
        return Standing.LIST_MISSING
    newest = max(found, key=lambda each: each.last_update_utc)
    if any(each.get_revoked_certificate_by_serial_number(certificate.serial_number) for each in found):
        return Standing.REVOKED
    if newest.next_update_utc is None or now > newest.next_update_utc:
        return Standing.LIST_STALE
    if oldest is not None and now - newest.last_update_utc > oldest:
        return Standing.LIST_STALE
    return Standing.GOOD


def standing(certificate: x509.Certificate, trust: Trust, now: datetime, oldest: timedelta | None = None) -> Standing:
    """Checks 3 and 4 together: the first that is not good, else GOOD."""
    chain = chain_standing(certificate, trust, now)
    return chain if chain is not Standing.GOOD else revocation_standing(certificate, trust, now, oldest)


def issuer_name(certificate: x509.Certificate) -> str:
    """The issuer's common name, for people."""
    names = certificate.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else "nobody"


def _signed_by_ours(revocations: x509.CertificateRevocationList, trust: Trust) -> bool:
    for authority in (*trust.authorities, *trust.roots):
        if authority.subject == revocations.issuer:
            try:
                if revocations.is_signature_valid(public_key_of(authority)):
                    return True
            except (InvalidSignature, MalformedError, TypeError):
                continue
    return False
