"""Sealing references to one kiosk for one session: HPKE base mode (RFC 9180), X25519, HKDF-SHA256, AES-256-GCM.

The binding (session, challenge, kiosk, lane, handle, policy) goes into `info`, so a sealed blob opens nowhere else.
"""

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from sallyport_protocol import canonical
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.subject import References

_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_LIMIT: Final = 131_072


def binding(offer_fields: tuple[bytes, bytes, str, str, bytes, bytes]) -> bytes:
    """The associated data that ties sealed references to (session, challenge, kiosk, lane, handle, policy)."""
    return canonical.encode(["sallyport/v1/references", *offer_fields])


def seal(references: References, seal_key: bytes, bound: bytes) -> bytes:
    """Seals to the public key (32 bytes) that a kiosk made for this boot. `bound` is a `binding`."""
    return _SUITE.encrypt(
        canonical.encode(references.to_map()), X25519PublicKey.from_public_bytes(seal_key), info=bound
    )


def unseal(sealed: bytes, key: X25519PrivateKey, bound: bytes) -> References:
    """Opens a sealed blob. Raises MalformedError when it is not for this key and `bound`."""
    try:
        plain = _SUITE.decrypt(sealed, key, info=bound)
    except (InvalidTag, ValueError) as error:
        raise MalformedError("the sealed references are not for this session at this kiosk") from error
    return References.parse(canonical.decode(plain, limit=_LIMIT))


def public_bytes(key: X25519PrivateKey) -> bytes:
    """The 32 bytes that READY publishes."""
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
