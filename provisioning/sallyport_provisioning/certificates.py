"""The estate's X.509: a root, one issuing authority under it, certificates of holders, the revocation list.

P-256 and ECDSA with SHA-256 throughout (what TPMs and secure elements sign). Keys are arguments; so is the time.
Devices get `clientAuth`, what serves TLS gets `serverAuth`, people get `documentSigning` (RFC 9336) alone, so the
broker's TLS already refuses an officer's certificate.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from sallyport_protocol.identity import Role, role_uri

ROOT_LIFE: Final = timedelta(days=3_650)
ISSUING_LIFE: Final = timedelta(days=1_095)
HOLDER_LIFE: Final = timedelta(days=90)
LIST_LIFE: Final = timedelta(days=14)
"""Signed again at half of it, so once a week."""
CLOCK_SKEW: Final = timedelta(minutes=5)
"""Certificates start this long before they are made: a kiosk's clock may be behind."""

DOCUMENT_SIGNING: Final = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
_USES: Final = {
    Role.BROKER: (ExtendedKeyUsageOID.SERVER_AUTH,),
    Role.GATEWAY: (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH),
    Role.KIOSK: (ExtendedKeyUsageOID.CLIENT_AUTH,),
    Role.LISTENER: (ExtendedKeyUsageOID.CLIENT_AUTH,),
}


@dataclass(frozen=True, slots=True)
class Issuer:
    """An authority: its certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Subject:
    """Who a certificate is for."""

    name: str
    roles: tuple[Role, ...]
    unit: str
    """Prison code, or the estate's name for a holder of the whole estate."""
    serves: tuple[str, ...] = ()
    """DNS names and addresses that it answers at."""


def new_key() -> ec.EllipticCurvePrivateKey:
    """A fresh P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def root_certificate(estate: str, key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    """Self-signed; may have one authority under it. Its key belongs in a safe, in development it is a file."""
    name = _name(f"Sallyport {estate} root", estate)
    builder = _builder(name, name, key.public_key(), now, ROOT_LIFE)
    return _authority(builder, 1, key.public_key(), key.public_key()).sign(key, hashes.SHA256())


def issuing_certificate(
    estate: str, public_key: ec.EllipticCurvePublicKey, root: Issuer, now: datetime
) -> x509.Certificate:
    """The authority that issues to holders and signs the revocation list."""
    name = _name(f"Sallyport {estate} issuing authority", estate)
    builder = _builder(name, root.certificate.subject, public_key, now, ISSUING_LIFE)
    return _authority(builder, 0, public_key, root.key.public_key()).sign(root.key, hashes.SHA256())


def holder_certificate(
    subject: Subject, public_key: ec.EllipticCurvePublicKey, issuer: Issuer, now: datetime
) -> x509.Certificate:
    """Binds a key to a name and its roles."""
    builder = _builder(_name(subject.name, subject.unit), issuer.certificate.subject, public_key, now, HOLDER_LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(signs=True), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage(_uses(subject.roles)), critical=False)
    alternatives: list[x509.GeneralName] = [
        x509.UniformResourceIdentifier(role_uri(role, subject.name)) for role in subject.roles
    ]
    alternatives += [_place(each) for each in subject.serves]
    builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return _identified(builder, public_key, issuer.key.public_key()).sign(issuer.key, hashes.SHA256())


def revocation_list(
    revoked: tuple[tuple[int, datetime], ...], issuer: Issuer, number: int, now: datetime
) -> x509.CertificateRevocationList:
    """The issuing authority's list of (serial number, since when); `number` rises with every list (S13)."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(now - CLOCK_SKEW)
        .next_update(now + LIST_LIFE)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(_authority_identifier(issuer.key.public_key()), critical=False)
    )
    for serial, since in revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build()
        )
    return builder.sign(issuer.key, hashes.SHA256())


def _name(common: str, unit: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Sallyport"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + life)
    )


def _authority(
    builder: x509.CertificateBuilder,
    below: int,
    key: ec.EllipticCurvePublicKey,
    issuer: ec.EllipticCurvePublicKey,
) -> x509.CertificateBuilder:
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=below), critical=True)
    return _identified(builder.add_extension(_key_usage(signs=False), critical=True), key, issuer)


def _identified(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePublicKey, issuer: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    return builder.add_extension(_authority_identifier(issuer), critical=False)


def _authority_identifier(issuer: ec.EllipticCurvePublicKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer)


def _uses(roles: tuple[Role, ...]) -> list[ObjectIdentifier]:
    uses = {use for role in roles for use in _USES.get(role, (DOCUMENT_SIGNING,))}
    return sorted(uses, key=lambda use: use.dotted_string)


def _place(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    """A holder signs; an authority signs certificates and lists, and nothing else."""
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signs,
        crl_sign=not signs,
        encipher_only=False,
        decipher_only=False,
    )
