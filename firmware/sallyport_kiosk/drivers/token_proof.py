"""Does the key behind a signer belong to its certificate? Asked once, when the signer is made."""

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from sallyport_protocol.envelope import Signer
from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_protocol.identity import public_key_of, read_certificates

COORDINATE = 32
"""Bytes of r and of s for P-256."""
_QUESTION = b"sallyport: does this key belong to its certificate?"


def read_certificate(path: Path) -> tuple[bytes, ec.EllipticCurvePublicKey]:
    """DER and public key of the first certificate in a PEM file. Raises RoadError or MalformedError."""
    try:
        certificate = read_certificates(path.read_bytes())[0]
    except OSError as error:
        raise RoadError(f"cannot read {path} ({error.strerror}): enrol this device again") from error
    return certificate.public_bytes(Encoding.DER), public_key_of(certificate)


def prove(signer: Signer, public: ec.EllipticCurvePublicKey, where: str) -> None:
    """Signs a fixed sentence, which is no message of ours, and verifies it. Raises MalformedError."""
    signature = signer.sign(_QUESTION)
    r, s = (int.from_bytes(half, "big") for half in (signature[:COORDINATE], signature[COORDINATE:]))
    try:
        public.verify(encode_dss_signature(r, s), _QUESTION, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise MalformedError(f"the key in {where} is not the certificate's: enrol this device again") from error
