"""The release receipt: one file from which a third party can check, offline, why a door opened. Pure.

It holds the kiosk's signed result, the entries of the decision, the grant and the opening with their Merkle paths, the
signed head that they are under, and the certificates. Whoever has the estate's root certificate can follow the chain
from the captures to the grant. The opening itself is *attested by the gateway*: the interlock authenticates its word
with a key that it shares with the gateway, which is no signature. A receipt of the manual path holds two officers'
signed statements instead of the result (`receipt_by_hand`).

 1 shape: known version, every field, nothing else     2 certificates: chain to the given root at the decision, roles
 3 head: signed by that gateway                          4 entries: each is a leaf under the head
 5 order: one RELEASE, then its grant, then its opening  6 result: signed by that kiosk, for its own topic
 7 decision: about that very result and session          8 captures: their chain ends where the result says
 9 grant: for that session and authorisation            10 opening: of the granted nonce, attested by the gateway
"""

from typing import Annotated, Any, Final

from cryptography import x509
from pydantic import Field

from sallyport_gateway.audit.checkpoint import note_key
from sallyport_gateway.receipts import receipt_by_hand
from sallyport_gateway.receipts.receipt_by_hand import ManualReceipt
from sallyport_gateway.receipts.receipt_parts import (
    ATTESTED,
    MAX_RECEIPT,
    Finding,
    Judged,
    Papers,
    Proven,
    Sealed,
    Step,
    check_entries,
    check_head,
    check_order,
    content,
    der_of,
    require,
)
from sallyport_protocol import canonical, envelope
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import Role
from sallyport_protocol.messages import Result, chain_head
from sallyport_protocol.topics import Topic
from sallyport_protocol.word import Text

__all__ = ["ATTESTED", "Finding", "Judged", "ManualReceipt", "Proven", "Receipt", "Step", "judge", "read", "write"]


class Receipt(Sealed):
    """A release on a kiosk's result."""

    topic: Text
    result: Annotated[bytes, Field(max_length=262_144)]
    opening: Proven
    opening_is: Text
    """How far the opening can be believed: always `attested by the gateway`."""

    @property
    def entries(self) -> tuple[Proven, ...]:
        """Decision, grant, opening."""
        return (self.decision, self.grant, self.opening)


def write(receipt: Receipt | ManualReceipt) -> bytes:
    """The file's bytes."""
    return canonical.encode(receipt.to_map())


def read(data: bytes) -> Receipt | ManualReceipt:
    """Step 1. Raises MalformedError."""
    fields = canonical.decode(data, limit=MAX_RECEIPT)
    if not isinstance(fields, dict):
        raise MalformedError("not a release receipt")
    return ManualReceipt.parse(fields) if "statements" in fields else Receipt.parse(fields)


def judge(data: bytes, roots: tuple[x509.Certificate, ...]) -> Judged:
    """Checks a receipt's bytes against the estate's root certificates, step by step; stops where going on is vain."""
    findings: list[Finding] = []
    try:
        receipt = read(data)
        findings.append(Finding(Step.SHAPE, True, f"A receipt of the log {receipt.log}."))
        by_hand = isinstance(receipt, ManualReceipt)
        steps: Any = receipt_by_hand.CHECKS if by_hand else _CHECKS
        for step, check in zip(list(Step)[1:], steps, strict=True):
            papers = receipt_by_hand.ManualPapers(receipt, roots) if by_hand else _KioskPapers(receipt, roots)
            findings.append(Finding(step, True, check(papers)))
    except MalformedError as error:
        findings.append(Finding(list(Step)[len(findings)], False, f"{error}."))
    return Judged(tuple(findings))


class _KioskPapers(Papers):
    """A kiosk's receipt and what follows from it."""

    sealed: Receipt

    @property
    def opening(self) -> dict[str, Any]:
        return content(self.sealed.opening)

    @property
    def topic(self) -> Topic:
        return Topic.parse(self.sealed.topic)

    @property
    def result(self) -> Result:
        certificate = self.holder(self.topic.device, Role.KIOSK)
        key = note_key(self.topic.device, der_of(certificate)).key
        known = {envelope.key_id_of(der_of(certificate)): key}
        return Result.parse(envelope.verify(self.sealed.result, self.sealed.topic, known.get).content)


def _certificates(papers: _KioskPapers) -> str:
    papers.holder(papers.gateway, Role.GATEWAY)
    papers.holder(papers.topic.device, Role.KIOSK)
    return f"{papers.gateway} is a gateway and {papers.topic.device} a kiosk of this estate."


def _order(papers: _KioskPapers) -> str:
    return check_order(papers, ("DECISION", "GRANT", "OPENED"))


def _result(papers: _KioskPapers) -> str:
    result, topic = papers.result, papers.topic
    require(result.kiosk == topic.device, "the result is another kiosk's")
    require(result.outcome.value == "MATCH", f"the result is {result.outcome.value}, not a match")
    return f"{result.kiosk} signed a match at {result.lane}."


def _decision(papers: _KioskPapers) -> str:
    result = papers.result
    same = papers.decision.get("result") == envelope.digest_of(papers.sealed.result)
    require(same, "the decision is about another result")
    require(papers.decision.get("session") == result.session.hex(), "the decision is about another session")
    require(papers.decision.get("lane") == result.lane, "the decision is for another lane")
    return f"The decision is about that result; it rests on {len(papers.decision.get('checks', ()))} checks."


def _captures(papers: _KioskPapers) -> str:
    result = papers.result
    head = chain_head(result.session, result.challenge, result.captures)
    require(bool(result.captures) and head == result.chain, "the chain of captures does not end where the result says")
    return f"{len(result.captures)} captures are bound, in order, to this session's challenge."


def _grant(papers: _KioskPapers) -> str:
    require(papers.grant.get("session") == papers.result.session, "the grant is for another session")
    require(papers.grant.get("lane") == papers.result.lane, "the grant is for another lane")
    same = papers.grant.get("authorisation") == papers.decision.get("authorisation_id")
    require(same, "the grant is for another authorisation")
    authorisation, officer = papers.grant.get("authorisation"), papers.grant.get("officer")
    return f"The grant is for authorisation {authorisation}, confirmed by {officer}."


def _opening(papers: _KioskPapers) -> str:
    require(papers.sealed.opening_is == ATTESTED, f"the opening must be labelled: {ATTESTED}")
    for name in ("nonce", "board", "authorisation"):
        same = name in papers.grant and papers.opening.get(name) == papers.grant[name]
        require(same, f"the opening has another {name} than the grant")
    return f"The opening of {papers.opening['board']} is {ATTESTED}; it is not the interlock's signature."


_CHECKS: Final = (_certificates, check_head, check_entries, _order, _result, _decision, _captures, _grant, _opening)
