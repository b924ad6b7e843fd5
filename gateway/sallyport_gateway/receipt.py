"""The release receipt: one file from which a third party can check, offline, why a door opened. Pure.

It holds the kiosk's signed result, the entries of the decision, the grant and the opening with their Merkle paths, the
signed head that they are under, and the certificates. Whoever has the estate's root certificate can follow the chain
from the captures to the grant. The opening itself is *attested by the gateway*: the interlock authenticates its word
with a key that it shares with the gateway, which is no signature.

 1 shape: known version, every field, nothing else     2 certificates: chain to the given root at the decision, roles
 3 head: signed by that gateway                          4 entries: each is a leaf under the head
 5 order: one RELEASE, then its grant, then its opening  6 result: signed by that kiosk, for its own topic
 7 decision: about that very result and session          8 captures: their chain ends where the result says
 9 grant: for that session and authorisation            10 opening: of the granted nonce, attested by the gateway
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import Field

from sallyport_gateway.audit import checkpoint, tree
from sallyport_gateway.audit.checkpoint import Checkpoint, note_key
from sallyport_gateway.audit.log import entry_bytes
from sallyport_gateway.audit.parameters import MAX_BODY
from sallyport_protocol import canonical, envelope
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import Role, identity_of
from sallyport_protocol.messages import Result, chain_head
from sallyport_protocol.topics import Topic
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


class Receipt(Message):
    """What the file holds, as deterministic CBOR."""

    log: Text
    head: Annotated[str, Field(max_length=16_384)]
    topic: Text
    result: Annotated[bytes, Field(max_length=262_144)]
    decision: Proven
    grant: Proven
    opening: Proven
    opening_is: Text
    """How far the opening can be believed: always `attested by the gateway`."""
    certificates: Many[Annotated[bytes, Field(max_length=4_096)]]
    """DER: the gateway's, the kiosk's, the issuing authorities'. The root is the reader's own."""


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


def write(receipt: Receipt) -> bytes:
    """The file's bytes."""
    return canonical.encode(receipt.to_map())


def read(data: bytes) -> Receipt:
    """Step 1. Raises MalformedError."""
    content = canonical.decode(data, limit=MAX_RECEIPT)
    if not isinstance(content, dict):
        raise MalformedError("not a release receipt")
    return Receipt.parse(content)


def judge(data: bytes, roots: tuple[x509.Certificate, ...]) -> Judged:
    """Checks a receipt's bytes against the estate's root certificates, step by step; stops where going on is vain."""
    findings: list[Finding] = []
    try:
        receipt = read(data)
        findings.append(Finding(Step.SHAPE, True, f"A receipt of the log {receipt.log}."))
        for step, check in zip(list(Step)[1:], _CHECKS, strict=True):
            findings.append(Finding(step, True, check(_Papers(receipt, roots))))
    except MalformedError as error:
        findings.append(Finding(list(Step)[len(findings)], False, f"{error}."))
    return Judged(tuple(findings))


class _Papers:
    """A receipt and what follows from it; each property raises MalformedError where the receipt does not carry it."""

    def __init__(self, receipt: Receipt, roots: tuple[x509.Certificate, ...]) -> None:
        self.receipt, self.roots = receipt, roots
        self.decision, self.grant, self.opening = map(_content, (receipt.decision, receipt.grant, receipt.opening))

    def holder(self, role: Role, name: str) -> x509.Certificate:
        """The certificate in the receipt that gives `name` this role, good at the time of the decision."""
        moment = datetime.fromtimestamp(self.receipt.decision.at / 1_000, UTC)
        certificates = [_certificate(der) for der in self.receipt.certificates]
        trust = Trust(self.roots, tuple(each for each in certificates if each.issuer in _subjects(self.roots)), ())
        for each in certificates:
            try:
                identity = identity_of(each)
            except MalformedError:
                continue
            if (
                identity.name == name
                and role in identity.roles
                and chain_standing(each, trust, moment) is Standing.GOOD
            ):
                return each
        raise MalformedError(f"no certificate under the given root makes {name} a {role} at the time of the decision")

    @property
    def gateway(self) -> str:
        """The gateway whose log it is: a log may carry the number of its generation."""
        name, _, number = self.receipt.log.rpartition(".")
        return name if name and number.isdecimal() else self.receipt.log

    @property
    def head(self) -> Checkpoint:
        certificate = self.holder(Role.GATEWAY, self.gateway)
        key = note_key(self.receipt.log, _der(certificate))
        head = checkpoint.verify(self.receipt.head, [key])
        _require(head.log == self.receipt.log, "the head is of another log")
        return head

    @property
    def topic(self) -> Topic:
        return Topic.parse(self.receipt.topic)

    @property
    def result(self) -> Result:
        certificate = self.holder(Role.KIOSK, self.topic.device)
        key = note_key(self.topic.device, _der(certificate)).key
        known = {envelope.key_id_of(_der(certificate)): key}
        return Result.parse(envelope.verify(self.receipt.result, self.receipt.topic, known.get).content)


def _certificates(papers: _Papers) -> str:
    papers.holder(Role.GATEWAY, papers.gateway)
    papers.holder(Role.KIOSK, papers.topic.device)
    return f"{papers.gateway} is a gateway and {papers.topic.device} a kiosk of this estate."


def _head(papers: _Papers) -> str:
    return f"{papers.gateway} signed the head of its first {papers.head.size} entries."


def _entries(papers: _Papers) -> str:
    head, receipt = papers.head, papers.receipt
    for each in (receipt.decision, receipt.grant, receipt.opening):
        made = entry_bytes(receipt.log, each.index, each.previous, each.kind, each.at, each.body)
        root = tree.root_by_inclusion(tree.leaf_hash(made), each.index, head.size, each.path)
        _require(root == head.root, f"entry {each.index} ({each.kind}) is not under the signed head")
    return "Decision, grant and opening are entries under that head."


def _order(papers: _Papers) -> str:
    parts = (papers.receipt.decision, papers.receipt.grant, papers.receipt.opening)
    _require(tuple(each.kind for each in parts) == ("DECISION", "GRANT", "OPENED"), "the entries are of other kinds")
    _require(parts[0].index < parts[1].index < parts[2].index, "the entries are not in order")
    _require(papers.decision.get("verdict") == "RELEASE", "the decision is not a release")
    return f"RELEASE is entry {parts[0].index}, its grant {parts[1].index}, its opening {parts[2].index}."


def _result(papers: _Papers) -> str:
    result, topic = papers.result, papers.topic
    _require(result.kiosk == topic.device, "the result is another kiosk's")
    _require(result.outcome.value == "MATCH", f"the result is {result.outcome.value}, not a match")
    return f"{result.kiosk} signed a match at {result.lane}."


def _decision(papers: _Papers) -> str:
    result = papers.result
    same = papers.decision.get("result") == envelope.digest_of(papers.receipt.result)
    _require(same, "the decision is about another result")
    _require(papers.decision.get("session") == result.session.hex(), "the decision is about another session")
    _require(papers.decision.get("lane") == result.lane, "the decision is for another lane")
    return f"The decision is about that result; it rests on {len(papers.decision.get('checks', ()))} checks."


def _captures(papers: _Papers) -> str:
    result = papers.result
    head = chain_head(result.session, result.challenge, result.captures)
    _require(bool(result.captures) and head == result.chain, "the chain of captures does not end where the result says")
    return f"{len(result.captures)} captures are bound, in order, to this session's challenge."


def _grant(papers: _Papers) -> str:
    _require(papers.grant.get("session") == papers.result.session, "the grant is for another session")
    _require(papers.grant.get("lane") == papers.result.lane, "the grant is for another lane")
    same = papers.grant.get("authorisation") == papers.decision.get("authorisation_id")
    _require(same, "the grant is for another authorisation")
    authorisation, officer = papers.grant.get("authorisation"), papers.grant.get("officer")
    return f"The grant is for authorisation {authorisation}, confirmed by {officer}."


def _opening(papers: _Papers) -> str:
    _require(papers.receipt.opening_is == ATTESTED, f"the opening must be labelled: {ATTESTED}")
    for name in ("nonce", "board", "authorisation"):
        same = name in papers.grant and papers.opening.get(name) == papers.grant[name]
        _require(same, f"the opening has another {name} than the grant")
    return f"The opening of {papers.opening['board']} is {ATTESTED}; it is not the interlock's signature."


_CHECKS: Final = (_certificates, _head, _entries, _order, _result, _decision, _captures, _grant, _opening)


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _content(entry: Proven) -> dict[str, Any]:
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


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise MalformedError(otherwise)
