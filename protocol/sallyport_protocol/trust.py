"""Whether a certificate may be relied on now: chain and validity (admission check 3), revocation (check 4). Pure.

An unknown issuer, a missing revocation list or a stale one is a refusal like any other: nothing is assumed good.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

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


Chain = tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class SignedList:
    """A revocation list that one of our authorities signed, read once."""

    issued: datetime
    ends: datetime | None
    serials: frozenset[int]


@dataclass(frozen=True)
class Trust:
    """Who may issue: the root, the authorities under it and their revocation lists.

    Signatures among them do not change with time, so each is verified once for as long as this value lives. A new
    file makes a new value; the times are compared at every question.
    """

    roots: Chain
    authorities: Chain
    lists: tuple[x509.CertificateRevocationList, ...]
    _chains: dict[x509.Certificate, Chain] = field(default_factory=dict, init=False, repr=False, compare=False)
    _numbers: dict[x509.Certificate, tuple[int, tuple[SignedList, ...]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @cached_property
    def signed_lists(self) -> dict[x509.Name, tuple[SignedList, ...]]:
        """The lists whose signature holds, by issuer."""
        found: dict[x509.Name, tuple[SignedList, ...]] = {}
        for each in self.lists:
            if _signed_by_ours(each, self):
                serials = frozenset(revoked.serial_number for revoked in each)
                read = SignedList(each.last_update_utc, each.next_update_utc, serials)
                found[each.issuer] = (*found.get(each.issuer, ()), read)
        return found

    def chain_of(self, certificate: x509.Certificate, now: datetime) -> Chain | None:
        """The certificates from this one to a root, each valid at `now`; None when there is no such chain."""
        known = self._chains.get(certificate)
        if known is None or not all(each.not_valid_before_utc <= now <= each.not_valid_after_utc for each in known):
            known = _verified_chain(certificate, self, now)
            if known is not None:
                self._chains[certificate] = known
        return known

    def number_and_lists(self, certificate: x509.Certificate) -> tuple[int, tuple[SignedList, ...]]:
        """The certificate's serial number and the lists of its issuer that may name it."""
        known = self._numbers.get(certificate)
        if known is None:
            known = (certificate.serial_number, self.signed_lists.get(certificate.issuer, ()))
            self._numbers[certificate] = known
        return known


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
    return Standing.GOOD if trust.chain_of(certificate, now) else Standing.UNTRUSTED


def revocation_standing(
    certificate: x509.Certificate, trust: Trust, now: datetime, oldest: timedelta | None = None
) -> Standing:
    """Check 4: the issuer's own list is here, is fresh at `now` and does not name it.

    Fresh means not past the list's next update and, where `oldest` is given, issued no longer ago than that.
    """
    number, found = trust.number_and_lists(certificate)
    if not found:
        return Standing.LIST_MISSING
    newest = max(found, key=lambda each: each.issued)
    if any(number in each.serials for each in found):
        return Standing.REVOKED
    if newest.ends is None or now > newest.ends:
        return Standing.LIST_STALE
    if oldest is not None and now - newest.issued > oldest:
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


def _verified_chain(certificate: x509.Certificate, trust: Trust, now: datetime) -> Chain | None:
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
        return tuple(verifier.verify(certificate, list(trust.authorities)).chain)
    except (VerificationError, MalformedError):
        return None


def _signed_by_ours(revocations: x509.CertificateRevocationList, trust: Trust) -> bool:
    for authority in (*trust.authorities, *trust.roots):
        if authority.subject == revocations.issuer:
            try:
                if revocations.is_signature_valid(public_key_of(authority)):
                    return True
            except (InvalidSignature, MalformedError, TypeError):
                continue
    return False
