"""The receipt of the manual path: two officers' signed statements in place of a kiosk's result. Pure.

6 statements: each signed by its officer, for the gateway   7 decision: about those very statements, by hand
8 words: the second officer signed the first's statement and the same words
9 grant: for that session, by one of the two            10 opening: attested by the gateway, or by key
"""

from typing import Annotated, Any, Final

from pydantic import Field

from sallyport_gateway.audit.checkpoint import note_key
from sallyport_gateway.receipts.receipt_parts import (
    ATTESTED,
    Papers,
    Proven,
    Sealed,
    check_entries,
    check_head,
    check_order,
    content,
    der_of,
    require,
)
from sallyport_protocol import envelope
from sallyport_protocol.acts import ACT_PLACE, Act, ActKind
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import Role, same_person
from sallyport_protocol.word import Text

BY_KEY: Final = "by key, stated by the officer who turned it"
_SAME: Final = ("lane", "authorisation", "prisoner", "reason", "why")
_STATERS: Final = (Role.CONFIRMING_OFFICER, Role.DUTY_GOVERNOR)


class ManualReceipt(Sealed):
    """A release on two officers' statements. `grant` is the interlock's grant, or the entry of the key."""

    statements: Annotated[
        tuple[Annotated[bytes, Field(max_length=65_536)], ...], Field(strict=False, min_length=2, max_length=2)
    ]
    """The two signed acts, the first officer's first."""
    officers: Annotated[tuple[Text, ...], Field(strict=False, min_length=2, max_length=2)]
    opening: Proven | None
    """None for a release by key: no interlock spoke."""
    opening_is: Text

    @property
    def entries(self) -> tuple[Proven, ...]:
        """Decision, grant or key, and the opening where the interlock reported one."""
        return (self.decision, self.grant, *((self.opening,) if self.opening is not None else ()))


class ManualPapers(Papers):
    """A manual receipt and what follows from it."""

    sealed: ManualReceipt

    def act(self, index: int) -> Act:
        """One officer's signed act. Raises MalformedError."""
        name = self.sealed.officers[index]
        certificate = self.holder(name, *_STATERS)
        known = {envelope.key_id_of(der_of(certificate)): note_key(name, der_of(certificate)).key}
        act = Act.parse(envelope.verify(self.sealed.statements[index], ACT_PLACE, known.get).content)
        require(act.officer == name, f"the statement is signed by {name} in the name of {act.officer}")
        return act

    @property
    def digests(self) -> tuple[bytes, ...]:
        return tuple(envelope.digest_of(each) for each in self.sealed.statements)

    @property
    def session(self) -> bytes:
        """16 bytes: the first half of the first statement's digest."""
        return self.digests[0][:16]


def _certificates(papers: ManualPapers) -> str:
    papers.holder(papers.gateway, Role.GATEWAY)
    for name in papers.sealed.officers:
        papers.holder(name, *_STATERS)
    return f"{papers.gateway} is a gateway, {' and '.join(papers.sealed.officers)} officers of this estate."


def _order(papers: ManualPapers) -> str:
    by_key = papers.sealed.opening is None
    return check_order(papers, ("DECISION", "KEY_RELEASE") if by_key else ("DECISION", "GRANT", "OPENED"))


def _statements(papers: ManualPapers) -> str:
    kinds = (papers.act(0).kind, papers.act(1).kind)
    require(kinds == (ActKind.MANUAL, ActKind.SECOND), "the acts are no statements of the manual path")
    one, two = papers.sealed.officers
    require(not same_person(one, two), "one officer stated twice")
    return f"{one} and {two} each signed who the person is."


def _decision(papers: ManualPapers) -> str:
    manual = papers.decision.get("manual")
    if not isinstance(manual, dict):
        raise MalformedError("the decision was not made by hand")
    told = manual.get("officers", ())
    require([each.get("statement") for each in told] == list(papers.digests), "the decision is about other statements")
    signed = [_compared(papers.act(index)) for index in range(2)]
    require(
        [each.get("compared", False) for each in told] == signed,
        "the decision says otherwise who compared the photograph",
    )
    require(papers.decision.get("session") == papers.session.hex(), "the decision is about another session")
    require(papers.decision.get("path") == "MANUAL", "the decision was made on another path")
    return f"The decision is about those statements; it rests on {len(papers.decision.get('checks', ()))} checks."


def _words(papers: ManualPapers) -> str:
    first, second = papers.act(0).fields, papers.act(1).fields
    require(second.get("statement") == papers.digests[0].hex(), "the second officer signed about another statement")
    for name in _SAME:
        require(name in first and first[name] == second.get(name), f"the two statements differ in the {name}")
    require(papers.decision.get("authorisation_id") == first["authorisation"], "they are about another authorisation")
    require(papers.decision.get("prisoner_number") == first["prisoner"], "they are about another person")
    require(papers.decision.get("lane") == first["lane"], "they are about another lane")
    looked = papers.sealed.officers[1] if _compared(papers.act(1)) else "neither, as far as these acts say,"
    same = f"both signed the same words: {first['prisoner']}, {first['reason']}"
    return f"No capture stands behind it; {same}; {looked} signed that they compared the photograph on record."


def _compared(act: Act) -> bool:
    """Whether this act says that its officer compared the photograph on record."""
    return act.fields.get("compared") == "yes"


def _grant(papers: ManualPapers) -> str:
    require(papers.grant.get("session") == papers.session, "the grant is for another session")
    require(papers.grant.get("lane") == papers.decision.get("lane"), "the grant is for another lane")
    authorisation, officer = papers.grant.get("authorisation"), papers.grant.get("officer")
    require(authorisation == papers.decision.get("authorisation_id"), "the grant is for another authorisation")
    require(officer in papers.sealed.officers, "neither of the two officers confirmed")
    return f"The grant is for authorisation {authorisation}, confirmed by {officer}."


def _opening(papers: ManualPapers) -> str:
    sealed = papers.sealed
    if sealed.opening is None:
        require(sealed.opening_is == BY_KEY, f"the opening must be labelled: {BY_KEY}")
        return f"Let out {BY_KEY}; no interlock spoke."
    require(sealed.opening_is == ATTESTED, f"the opening must be labelled: {ATTESTED}")
    opening: dict[str, Any] = content(sealed.opening)
    for name in ("nonce", "board", "authorisation"):
        same = name in papers.grant and opening.get(name) == papers.grant[name]
        require(same, f"the opening has another {name} than the grant")
    return f"The opening of {opening['board']} is {ATTESTED}; it is not the interlock's signature."


CHECKS: Final = (
    _certificates,
    check_head,
    check_entries,
    _order,
    _statements,
    _decision,
    _words,
    _grant,
    _opening,
)
