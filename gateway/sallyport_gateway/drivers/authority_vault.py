"""The key `references.key`, under which references and photographs lie in the store: AES-256-GCM.

The associated data ties a reference to its person, modality, position and enrolment, so that none can be moved to
another person.
"""

import os
from datetime import date
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sallyport_gateway.drivers.authority_references import SealedReference
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.subject import Modality, Reference

_NONCE: Final = 12
"""Bytes of an AES-GCM nonce, random for each sealing."""


class Vault:
    """Seals and opens. `key_id` names the key without telling it."""

    def __init__(self, key: bytes) -> None:
        """`key` has 32 bytes. Raises MalformedError for another length."""
        if len(key) != 32:
            raise MalformedError("The references' key must have 32 bytes; provision this gateway again.")
        self._cipher = AESGCM(key)
        self.key_id: Final = sha256(b"sallyport/v1/reference-key" + key).hexdigest()[:16]

    def seal(self, plain: bytes, bound: bytes) -> bytes:
        """What may be stored; it opens with the same `bound` alone."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, bound)

    def open(self, sealed: bytes, bound: bytes) -> bytes | None:
        """What was sealed; None where this key or `bound` does not open it."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound)
        except (InvalidTag, ValueError):
            return None


def seal_reference(vault: Vault, number: str, reference: Reference) -> SealedReference:
    """The reference of the person `number` as it may be stored."""
    where = (number, reference.modality, reference.position)
    sealed = vault.seal(reference.template, _bound(*where, reference.record))
    return SealedReference(*where, date.fromisoformat(reference.captured_on), reference.record, vault.key_id, sealed)


def open_reference(vault: Vault, kept: SealedReference) -> Reference:
    """The reference as a kiosk needs it. Raises MalformedError for one that this gateway's key does not open."""
    template = vault.open(kept.sealed, _bound(kept.prisoner_number, kept.modality, kept.position, kept.enrolment))
    if template is None:
        raise MalformedError(
            f"The {kept.modality} reference of {kept.prisoner_number} does not open with this gateway's key"
            f" ({vault.key_id}; it was sealed with {kept.key_id}). Enrol it again or restore the key."
        )
    return Reference(
        modality=kept.modality,
        position=kept.position,
        template=template,
        captured_on=kept.captured_on.isoformat(),
        record=kept.enrolment,
    )


def _bound(number: str, modality: Modality, position: int, enrolment: bytes) -> bytes:
    return f"sallyport/v1/reference|{number}|{modality.value}|{position}|".encode() + enrolment
