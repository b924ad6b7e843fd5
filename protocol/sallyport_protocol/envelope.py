"""COSE_Sign1 (RFC 9052) with ES256 (RFC 9053), thin over `cbor2` and `cryptography`.

Protected header: {1: -7 (ES256), 4: key id}. Unprotected header: empty. The key id is the SHA-256 of the signer's
certificate (DER). External data is the topic or the name of the document, so a message cannot be moved to another
door. Every other header, algorithm or shape refuses (S14).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from sallyport_protocol import canonical
from sallyport_protocol.errors import MalformedError

ALGORITHM: Final = 1
KEY_ID: Final = 4
ES256: Final = -7
MAX_MESSAGE: Final = 262_144
"""Largest message accepted, bytes. The largest honest one, an offer with sealed references, is below 64 KiB."""

_COORDINATE: Final = 32


class Signer(Protocol):
    """Holds a P-256 key that never leaves it: a TPM, a PKCS#11 token, in development a file."""

    @property
    def key_id(self) -> bytes:
        """SHA-256 of the certificate's DER, 32 bytes."""

    @property
    def certificate_der(self) -> bytes:
        """The certificate that vouches for the key."""

    def sign(self, data: bytes) -> bytes:
        """ECDSA over SHA-256 of `data`: 64 bytes, r then s, big-endian."""


class UnknownKeyError(MalformedError):
    """Nobody we know signs with that key id."""


class SignatureError(MalformedError):
    """The signature does not match the content, the key and the place."""


KeyResolver = Callable[[bytes], ec.EllipticCurvePublicKey | None]
"""Key id -> public key, or None for a key nobody vouches for."""


@dataclass(frozen=True, slots=True)
class Verified:
    """Content whose signature holds. Who may say what is the caller's judgement."""

    content: dict[str, Any]
    key_id: bytes
    digest: bytes
    """SHA-256 of the whole message as received."""


def key_id_of(certificate_der: bytes) -> bytes:
    """The key id that a certificate gives its key."""
    return sha256(certificate_der).digest()


def to_be_signed(content: dict[str, Any], key_id: bytes, external: str) -> bytes:
    """The Sig_structure of RFC 9052 §4.4, for signers that live elsewhere (a browser, a token)."""
    return sig_structure(_protected(key_id), external.encode(), canonical.encode(content))


def assemble(content: dict[str, Any], key_id: bytes, signature: bytes) -> bytes:
    """A message from its parts, for a signature made elsewhere over `to_be_signed`."""
    return canonical.encode([_protected(key_id), {}, canonical.encode(content), signature])


def sign(content: dict[str, Any], signer: Signer, external: str) -> bytes:
    """Signs `content` for the place `external`; returns the message's bytes."""
    protected, payload = _protected(signer.key_id), canonical.encode(content)
    signature = signer.sign(sig_structure(protected, external.encode(), payload))
    return canonical.encode([protected, {}, payload, signature])


def verify(message: bytes, external: str, resolve: KeyResolver, limit: int = MAX_MESSAGE) -> Verified:
    """Checks shape, then key, then signature, then content, in that order; `limit` is the most bytes to accept.

    Raises UnknownKeyError, SignatureError, or MalformedError for any other shape than ours.
    """
    protected, payload, signature, key_id = _parts(message, limit)
    key = resolve(key_id)
    if key is None:
        raise UnknownKeyError(f"no known key has the id {key_id.hex()[:16]}…")
    r, s = (int.from_bytes(signature[i : i + _COORDINATE], "big") for i in (0, _COORDINATE))
    try:
        key.verify(
            encode_dss_signature(r, s),
            sig_structure(protected, external.encode(), payload),
            ec.ECDSA(hashes.SHA256()),
        )
    except InvalidSignature as error:
        raise SignatureError(f"the signature does not hold at {external}") from error
    content = canonical.decode(payload, limit=limit)
    if not isinstance(content, dict) or not set(map(type, content)) <= {str}:
        raise MalformedError("the content is not a map with text keys")
    return Verified(content, key_id, sha256(message).digest())


def claimed_key_id(message: bytes) -> bytes:
    """The key id a message names, unverified: for look-up and for alarms only."""
    return _parts(message)[3]


def digest_of(message: bytes) -> bytes:
    """SHA-256 of a whole message: how an acknowledgement names it."""
    return sha256(message).digest()


def der_to_raw(signature: bytes) -> bytes:
    """ASN.1 ECDSA signature to the 64 bytes of COSE, for signers whose library speaks DER."""
    r, s = decode_dss_signature(signature)
    return r.to_bytes(_COORDINATE, "big") + s.to_bytes(_COORDINATE, "big")


def sig_structure(protected: bytes, external: bytes, payload: bytes) -> bytes:
    """The bytes that a COSE_Sign1 signature covers (RFC 9052 §4.4)."""
    return canonical.encode(["Signature1", protected, external, payload])


def _parts(message: bytes, limit: int = MAX_MESSAGE) -> tuple[bytes, bytes, bytes, bytes]:
    outer = canonical.decode(message, limit=limit)
    match outer:
        case [bytes() as protected, dict() as unprotected, bytes() as payload, bytes() as signature]:
            pass
        case _:
            raise MalformedError("not a COSE_Sign1: four parts, protected, unprotected, payload, signature")
    if unprotected:
        raise MalformedError("the unprotected header must be empty")
    if len(signature) != 2 * _COORDINATE:
        raise MalformedError(f"the signature has {len(signature)} bytes, not 64")
    return protected, payload, signature, _named_key(protected)


@lru_cache(maxsize=1_024)
def _named_key(protected: bytes) -> bytes:
    """The key id of a protected header; one signer's is always the same. Raises MalformedError for any other header."""
    header = canonical.decode(protected, limit=256)
    match header:
        case {1: int() as algorithm, 4: bytes() as key_id} if len(header) == 2:
            pass
        case _:
            raise MalformedError("the protected header must hold the algorithm and the key id and nothing else")
    if type(algorithm) is not int or algorithm != ES256:
        raise MalformedError(f"algorithm {algorithm} is not ES256 (-7)")
    if len(key_id) != 32:
        raise MalformedError("the key id must be a SHA-256")
    return key_id


@lru_cache(maxsize=64)
def _protected(key_id: bytes) -> bytes:
    return canonical.encode({ALGORITHM: ES256, KEY_ID: key_id})
