"""Who a certificate is about: a name and the roles that the estate's authority gave it.

The name is the subject's common name (the broker takes it as user name and client id). Each role is one URI in the
subject's alternative names: `sallyport:role:<role>:<name>`. A certificate without a role means nobody (empty means no).
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final
from unicodedata import category, normalize

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from sallyport_protocol.envelope import key_id_of
from sallyport_protocol.errors import MalformedError

_SCHEME: Final = "sallyport:role"
NAME_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9.-]{1,31}$"
"""Names of holders: no space, colon, slash or wildcard, so a name is safe in access rules, topics and paths."""


class Role(StrEnum):
    """What a holder may be in the estate."""

    BROKER = "broker"
    GATEWAY = "gateway"
    KIOSK = "kiosk"
    INTERLOCK = "interlock"
    APPROVER = "approver"
    CONFIRMING_OFFICER = "confirming-officer"
    DUTY_GOVERNOR = "duty-governor"
    AUDITOR = "auditor"
    PROVISIONER = "provisioner"
    LISTENER = "listener"
    """Another system that is told who has left, and can say nothing."""


OFFICER_ROLES: Final = frozenset({Role.APPROVER, Role.CONFIRMING_OFFICER, Role.DUTY_GOVERNOR, Role.AUDITOR})


_ACCOUNT: Final = re.compile(r"[_-](gen|adm)$")
"""A person's general and administrator's accounts at HMPPS differ in this ending alone [?]."""
_LOOKS_LIKE: Final = str.maketrans({"0": "o", "1": "l", "i": "l"})
_DRAWN_LIKE: Final = (("rn", "m"), ("vv", "w"))
"""What ASCII has of Unicode's confusable signs (UTS 39), and vv. I and l are alike, so without case i and l are."""


@lru_cache(maxsize=8_192)
def person_key(name: str) -> str:
    """What makes a user name somebody's: equal keys are one person, whatever the spelling. Empty: nobody can tell.

    Case, accents, widths, blanks, invisible signs, punctuation, a mail domain and the kind of account tell nobody
    apart, nor do signs that look alike. A letter that is not Latin belongs into no user name: it may be drawn like one
    that does.
    """
    text = normalize("NFKD", name).casefold().partition("@")[0]
    text = _ACCOUNT.sub("", "".join(c for c in text if not c.isspace() and category(c) not in ("Cf", "Mn")))
    if not text.isascii() or not text.isprintable():
        return ""
    key = "".join(c for c in text if c.isalnum()).translate(_LOOKS_LIKE)
    for drawn, like in _DRAWN_LIKE:
        key = key.replace(drawn, like)
    return key


def same_person(one: str, other: str) -> bool:
    """Whether two user names may be one person's. Who cannot be told may be anybody: so two of whom one is unclear are
    not two people."""
    keys = person_key(one), person_key(other)
    return keys[0] == keys[1] or not all(keys)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a certificate says of its holder."""

    name: str
    roles: frozenset[Role]


def role_uri(role: Role, name: str) -> str:
    """The alternative name that gives `name` the role."""
    return f"{_SCHEME}:{role}:{name}"


def identity_of(certificate: x509.Certificate) -> Identity:
    """Reads name and roles. Raises MalformedError for no name, no role, an unknown role or a role of another name."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if len(names) != 1 or not isinstance(names[0].value, str) or not re.fullmatch(NAME_PATTERN, names[0].value):
        raise MalformedError("the certificate must have exactly one common name in the form of a holder's name")
    name = names[0].value
    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound as error:
        raise MalformedError(f"the certificate of {name} gives no role") from error
    uris = alternative.get_values_for_type(x509.UniformResourceIdentifier)
    roles = frozenset(_role(uri, name) for uri in uris if uri.startswith(_SCHEME))
    if not roles:
        raise MalformedError(f"the certificate of {name} gives no role")
    return Identity(name, roles)


def fingerprint(certificate: x509.Certificate) -> bytes:
    """SHA-256 of the certificate's DER, 32 bytes: the key id of everything its holder signs."""
    return key_id_of(certificate.public_bytes(Encoding.DER))


def public_key_of(certificate: x509.Certificate) -> ec.EllipticCurvePublicKey:
    """The P-256 key of a certificate. Raises MalformedError for any other key."""
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise MalformedError("a certificate of the estate must hold a P-256 key")
    return key


def read_certificates(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Every certificate of a PEM file, in order. Raises MalformedError when there is none or one cannot be read."""
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise MalformedError("not a certificate in PEM form") from error


def _role(uri: str, name: str) -> Role:
    parts = uri.split(":")
    if len(parts) != 4 or parts[3] != name:
        raise MalformedError(f"the certificate of {name} gives a role to somebody else: {uri}")
    try:
        return Role(parts[2])
    except ValueError as error:
        raise MalformedError(f"the certificate of {name} gives an unknown role: {uri}") from error
