"""What every release receipt has, whichever way the person was identified. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import Field

from sallyport_gateway.audit import checkpoint, tree
from sallyport_gateway.audit.checkpoint import Checkpoint, note_key
from sallyport_gateway.audit.generations import gateway_of
from sallyport_gateway.audit.log import entry_bytes
from sallyport_gateway.audit.parameters import MAX_BODY
from sallyport_protocol import canonical
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import Role, identity_of
from sallyport_protocol.trust import Standing, Trust, chain_standing
from sallyport_protocol.word import Count, Digest, Many, Message, Millis, Text, Word

ATTESTED: Final = "attested by the gateway"
MAX_RECEIPT: Final = 8 * 1_048_576
"""Largest receipt accepted, bytes; an honest one is below 64 KiB."""


class Proven(Word):
    """One audit entry and its path to the head's root."""

    index: Count
    previous: Annotated[bytes, Field(max_length=32)]
    kind: Text
    at: Millis
    body: Annotated[bytes, Field(max_length=MAX_BODY)]
    path: Annotated[tuple[Digest, ...], Field(strict=False, max_length=63)]


class Elsewhere(Word):
    """Another gateway's log, in which the opening was recorded: the lane had changed its keeper by then."""

    log: Text
    head: Annotated[str, Field(max_length=16_384)]


class Sealed(Message):
    """What both kinds of receipt hold, as deterministic CBOR."""

    log: Text
    head: Annotated[str, Field(max_length=16_384)]
    decision: Proven
    grant: Proven
    certificates: Many[Annotated[bytes, Field(max_length=4_096)]]
    """DER: the gateways', the identifiers', the issuing authorities'. The root is the reader's own."""
    opened_in: Elsewhere | None = None
    """None: the opening stands in the same log as decision and grant."""

    @property
    def entries(self) -> tuple[Proven, ...]:
        """The audit entries, in the order in which they must have been written."""
        raise NotImplementedError


class Step(StrEnum):
    SHAPE = "1 shape"
    CERTIFICATES = "2 certificates"
    HEAD = "3 head"
    ENTRIES = "4 entries"
    ORDER = "5 order"
    RESULT = "6 result"
    DECISION = "7 decision"
    CAPTURES = "8 captures"
    GRANT = "9 grant"
    OPENING = "10 opening"


@dataclass(frozen=True, slots=True)
class Finding:
    """One step of the check."""

    step: Step
    passed: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Judged:
    """Every step's finding. Empty or incomplete means no."""

    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        return tuple(each.step for each in self.findings) == tuple(Step) and all(each.passed for each in self.findings)


class Papers:
    """A receipt and what follows from it; each property raises MalformedError where the receipt does not carry it."""

    def __init__(self, sealed: Sealed, roots: tuple[x509.Certificate, ...]) -> None:
        self.sealed, self.roots = sealed, roots
        self.decision, self.grant = content(sealed.decision), content(sealed.grant)

    def holder(self, name: str, *roles: Role) -> x509.Certificate:
        """The certificate in the receipt that gives `name` one of these roles, good at the time of the decision."""
        moment = datetime.fromtimestamp(self.sealed.decision.at / 1_000, UTC)
        certificates = [_certificate(der) for der in self.sealed.certificates]
        trust = Trust(self.roots, tuple(each for each in certificates if each.issuer in _subjects(self.roots)), ())
        for each in certificates:
            try:
                identity = identity_of(each)
            except MalformedError:
                continue
            fits = identity.name == name and not identity.roles.isdisjoint(roles)
            if fits and chain_standing(each, trust, moment) is Standing.GOOD:
                return each
        wanted = " or ".join(roles)
        raise MalformedError(f"no certificate under the given root makes {name} a {wanted} at the time of the decision")

    @property
    def gateway(self) -> str:
        """The gateway whose log it is."""
        return gateway_of(self.sealed.log)

    @property
    def heads(self) -> tuple[Checkpoint, ...]:
        """The signed head over decision and grant, and the other gateway's over the opening where it was recorded
        there."""
        sealed, there = self.sealed, self.sealed.opened_in
        own = self._head(sealed.log, sealed.head)
        if there is None:
            return (own,)
        require(there.log != sealed.log, "the opening's own log is the same log")
        return (own, self._head(there.log, there.head))

    def _head(self, log: str, note: str) -> Checkpoint:
        certificate = self.holder(gateway_of(log), Role.GATEWAY)
        head = checkpoint.verify(note, [note_key(log, der_of(certificate))])
        require(head.log == log, "the head is of another log")
        return head


def check_head(papers: Papers) -> str:
    """Step 3."""
    signed = [f"{gateway_of(each.log)} signed the head of its first {each.size} entries" for each in papers.heads]
    return "; ".join(signed) + "."


def check_entries(papers: Papers) -> str:
    """Step 4."""
    heads, sealed = papers.heads, papers.sealed
    for each in sealed.entries:
        head = heads[-1] if each.kind == "OPENED" else heads[0]
        made = entry_bytes(head.log, each.index, each.previous, each.kind, each.at, each.body)
        root = tree.root_by_inclusion(tree.leaf_hash(made), each.index, head.size, each.path)
        require(root == head.root, f"entry {each.index} ({each.kind}) is not under the signed head")
    there = "" if sealed.opened_in is None else f"; the opening under {gateway_of(sealed.opened_in.log)}'s"
    return f"Decision, grant and opening are entries under that head{there}."


def check_order(papers: Papers, kinds: tuple[str, ...]) -> str:
    """Step 5: these kinds, one after the other, beginning with a RELEASE."""
    parts = papers.sealed.entries
    require(tuple(each.kind for each in parts) == kinds, "the entries are of other kinds")
    here = parts if papers.sealed.opened_in is None else parts[:-1]
    rising = [each.index for each in here]
    require(rising == sorted(set(rising)), "the entries are not in order")
    require(papers.decision.get("verdict") == "RELEASE", "the decision is not a release")
    return "RELEASE is " + ", ".join(f"entry {each.index} ({each.kind})" for each in parts) + "."


def der_of(certificate: x509.Certificate) -> bytes:
    """A certificate's DER."""
    return certificate.public_bytes(Encoding.DER)


def content(entry: Proven) -> dict[str, Any]:
    """An entry's content. Raises MalformedError."""
    value = canonical.decode(entry.body, limit=MAX_BODY)
    if not isinstance(value, dict):
        raise MalformedError(f"entry {entry.index} has no content")
    return value


def _certificate(der: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError as error:
        raise MalformedError("a certificate in the receipt cannot be read") from error


def _subjects(certificates: tuple[x509.Certificate, ...]) -> set[x509.Name]:
    return {each.subject for each in certificates}


def require(holds: bool, otherwise: str) -> None:
    """Raises MalformedError that says `otherwise` where something does not hold."""
    if not holds:
        raise MalformedError(otherwise)
