"""Signed heads of a log: C2SP checkpoints (tlog-checkpoint) as C2SP signed notes with ECDSA P-256. Pure.

    gateway-1
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — gateway-1 <base64 of key id (4 bytes) and ASN.1 signature>

The key id is the first four bytes of the SHA-256 of the public key (SPKI, DER). A witness adds a line of its own.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate

from sallyport_gateway.audit.parameters import MAX_NOTE
from sallyport_protocol.envelope import Signer
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import public_key_of

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,15}")
_DASH: Final = "—"
LOG_PATTERN: Final = r"[A-Za-z0-9][A-Za-z0-9.-]{1,63}"
"""Names of logs: a gateway's name, or that and the number of its generation."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: its first `size` entries have this Merkle root."""

    log: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.log}\n{self.size}\n{b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature of a note: who says to have made it, with which key."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{_DASH} {self.name} {b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A key that somebody is known to sign notes with."""

    name: str
    key: ec.EllipticCurvePublicKey

    @property
    def key_id(self) -> bytes:
        """C2SP signed-note, type 0x02."""
        return sha256(self.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()[:4]


def sign(checkpoint: Checkpoint, signer: Signer) -> str:
    """The note of a head, signed by the log itself."""
    return checkpoint.text + "\n" + str(_line(checkpoint, signer, checkpoint.log))


def cosignature(checkpoint: Checkpoint, signer: Signer, name: str) -> str:
    """A witness's signature line, to be added to the note."""
    return str(_line(checkpoint, signer, name))


def parse(note: str) -> tuple[Checkpoint, tuple[SignatureLine, ...]]:
    """Reads a note without believing it. Raises MalformedError."""
    text, middle, lines = note.rpartition("\n\n")
    if len(note) > MAX_NOTE or not middle or any(ord(sign) < 32 and sign != "\n" for sign in note):
        raise MalformedError("not a signed note")
    parts = text.split("\n")
    if len(parts) != 3 or not re.fullmatch(LOG_PATTERN, parts[0]) or not _SIZE.fullmatch(parts[1]):
        raise MalformedError("the note is not the head of a log")
    root = _base64(parts[2])
    if len(root) != 32 or not lines.endswith("\n"):
        raise MalformedError("the note is not the head of a log")
    return Checkpoint(parts[0], int(parts[1]), root), tuple(map(_signature, lines.removesuffix("\n").split("\n")))


def verify(note: str, keys: Iterable[NoteKey]) -> Checkpoint:
    """The head that the log itself signed with one of `keys`. Raises MalformedError when no known key of the log
    signed it, or when a signature of any known key does not hold."""
    checkpoint, lines = parse(note)
    if checkpoint.log not in signers(note, keys):
        raise MalformedError(f"the head of {checkpoint.log} at {checkpoint.size} is not signed by a known key of it")
    assert lines
    return checkpoint


def signers(note: str, keys: Iterable[NoteKey]) -> frozenset[str]:
    """Who signed a note, of those whose keys are known. Raises MalformedError when one of these signatures is wrong."""
    checkpoint, lines = parse(note)
    names = set()
    for known in keys:
        for line in lines:
            if (line.name, line.key_id) == (known.name, known.key_id):
                _check(checkpoint, line, known.key)
                names.add(known.name)
    return frozenset(names)


def note_key(name: str, certificate_der: bytes) -> NoteKey:
    """The key of a certificate, under the name that it signs notes with."""
    return NoteKey(name, public_key_of(load_der_x509_certificate(certificate_der)))


def _check(checkpoint: Checkpoint, line: SignatureLine, key: ec.EllipticCurvePublicKey) -> None:
    try:
        key.verify(line.signature, checkpoint.text.encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise MalformedError(f"{line.name}'s signature of the head at {checkpoint.size} does not hold") from error


def _line(checkpoint: Checkpoint, signer: Signer, name: str) -> SignatureLine:
    raw = signer.sign(checkpoint.text.encode())
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    return SignatureLine(name, note_key(name, signer.certificate_der).key_id, der)


def _signature(line: str) -> SignatureLine:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != _DASH or not re.fullmatch(LOG_PATTERN, parts[1]):
        raise MalformedError("a signature line of the note is malformed")
    content = _base64(parts[2])
    if len(content) < 5:
        raise MalformedError("a signature line of the note is malformed")
    return SignatureLine(parts[1], content[:4], content[4:])


def _base64(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (Base64Error, ValueError) as error:
        raise MalformedError("a field of the note is not base64") from error
