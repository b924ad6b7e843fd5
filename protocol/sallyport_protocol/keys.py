"""A signer whose P-256 key is in this process's memory: gateways and officers in development, provisioners, tests.

A kiosk in production signs with a TPM or a PKCS#11 token behind the same `Signer` port; this one is its development
stand-in, read from a password-protected PKCS#8 file.
"""

from dataclasses import dataclass, field
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from sallyport_protocol.envelope import der_to_raw, key_id_of
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import public_key_of, read_certificates


@dataclass(frozen=True)
class SoftwareSigner:
    """Implements `envelope.Signer` with a key in memory."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate

    @cached_property
    def certificate_der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @cached_property
    def key_id(self) -> bytes:
        return key_id_of(self.certificate_der)

    def sign(self, data: bytes) -> bytes:
        """ECDSA over SHA-256 of `data`: 64 bytes, r then s."""
        return der_to_raw(self.key.sign(data, ec.ECDSA(hashes.SHA256())))


def signer_from_pem(certificate_pem: bytes, key_pem: bytes, password: bytes | None = None) -> SoftwareSigner:
    """A signer from a certificate and a PKCS#8 key in PEM form.

    Raises MalformedError when either cannot be read, the password is wrong or the two do not belong together.
    """
    certificate = read_certificates(certificate_pem)[0]
    try:
        key = load_pem_private_key(key_pem, password)
    except (ValueError, TypeError) as error:
        raise MalformedError(f"the private key cannot be read: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise MalformedError("the private key is not a P-256 key")
    if key.public_key() != public_key_of(certificate):
        raise MalformedError("the private key does not belong to the certificate")
    return SoftwareSigner(key, certificate)
