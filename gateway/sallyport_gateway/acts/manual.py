"""The manual path: two officers state, each under their own signature, who stands before them. Pure.

It stands in for checks 9 to 12 only. Checks 1 to 8 are made on the officers' two signed statements as on a kiosk's
signed result; 13 to 25 are made as ever; check 26 judges the officers. The session's challenge is the digest of the
first officer's signed act: the second signs that digest and the same words, so both have signed what both have read.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sallyport_gateway import parameters
from sallyport_gateway.admission.admit import check_certificate
from sallyport_gateway.book import Book
from sallyport_gateway.ports import Identified
from sallyport_gateway.release.attempts import Attempt
from sallyport_protocol.acts import ManualReason, Means
from sallyport_protocol.checks import CheckNumber, CheckOutcome, CheckResult, failed, passed
from sallyport_protocol.identity import Role, same_person


@dataclass(frozen=True, slots=True)
class Statement:
    """One officer's signed word: this person, on this authorisation, at this lane, for this reason."""

    officer: str
    governor: bool
    """Whether the officer is a duty governor."""
    lane: str
    authorisation: str
    prisoner: str
    reason: ManualReason
    why: str
    means: Means
    compared: bool
    """Whether the officer signed that they compared the photograph on record."""
    message: bytes
    """The signed act as it came."""
    digest: bytes
    """Its SHA-256."""
    at: datetime
    """When this gateway took it."""

    @property
    def words(self) -> tuple[str, ...]:
        """What both officers must have signed alike."""
        return (self.lane, self.authorisation, self.prisoner, self.reason, self.why)


@dataclass(frozen=True, slots=True)
class Manual:
    """A manual identification from its first statement on. `after` is what the kiosk had said before."""

    first: Statement
    after: str
    second: Statement | None = None

    @property
    def session(self) -> bytes:
        """16 bytes: the first half of the challenge."""
        return self.first.digest[:16]

    @property
    def statements(self) -> tuple[Statement, ...]:
        return (self.first,) if self.second is None else (self.first, self.second)

    @property
    def officers(self) -> tuple[str, ...]:
        return tuple(each.officer for each in self.statements)

    @property
    def identified(self) -> Identified:
        """As check 26 needs it."""
        governor = next((each.officer for each in self.statements if each.governor), None)
        return Identified(self.officers, f"{self.first.reason}: {self.first.why}", self.after, governor)


@dataclass(frozen=True, slots=True)
class Facts:
    """What this gateway itself knows about a reason."""

    kiosk_serves: bool
    """It is heard, reports neither fault nor tampering, and its models have not been held."""
    enrolled: bool
    attempts: tuple[Attempt, ...]
    """On this authorisation, oldest first."""


def after(attempts: tuple[Attempt, ...]) -> str:
    """What the kiosk said before: the gravest of all attempts on the authorisation, so that a later, milder one hides
    nothing; NO_ATTEMPT for none."""
    for grave in ("ATTACK_SUSPECTED", "NON_MATCH"):
        if any(each.outcome == grave for each in attempts):
            return grave
    return attempts[-1].outcome if attempts else "NO_ATTEMPT"


def refuse_reason(reason: ManualReason, facts: Facts) -> str | None:
    """Why a reason is not true as far as this gateway knows; None when it may be. Two officers alone cannot decide to
    do without the kiosk."""
    said = {each.outcome for each in facts.attempts}
    last = facts.attempts[-1] if facts.attempts else Attempt(0, "")
    holds = {
        ManualReason.NOT_RECOGNISED: bool(said - {"FAULT", "ATTACK_SUSPECTED", "MATCH"}),
        ManualReason.ATTACK_SUSPECTED: "ATTACK_SUSPECTED" in said,
        ManualReason.NO_REFERENCE: not facts.enrolled,
        ManualReason.CANNOT_BE_CAPTURED: True,
        ManualReason.KIOSK_OUT_OF_SERVICE: not facts.kiosk_serves or "FAULT" in said or last.doubted,
    }
    return None if holds[reason] else _UNTRUE[reason]


_UNTRUE: Final = {
    ManualReason.NOT_RECOGNISED: "The kiosk has not refused this person on this authorisation. Let them try first.",
    ManualReason.ATTACK_SUSPECTED: "The kiosk has suspected no attack on this authorisation.",
    ManualReason.NO_REFERENCE: "A reference is enrolled for this person. Let them try at the kiosk first.",
    ManualReason.CANNOT_BE_CAPTURED: "",
    ManualReason.KIOSK_OUT_OF_SERVICE: "The kiosk answers and reports no fault. Let the person try first.",
}


def refuse_second(manual: Manual, second: Statement, challenge: bytes) -> str | None:
    """Why a second statement does not belong to the first; None when it does. `challenge` is what it names."""
    if same_person(second.officer, manual.first.officer):
        return f"{second.officer} has identified the person already. Another officer must."
    if challenge != manual.first.digest:
        return "This is about another statement than the one that was made here."
    if second.words != manual.first.words:
        return "The two statements differ in their words. Both officers must sign the same."
    return None


def admit_statements(manual: Manual, lane: str, book: Book, now: datetime) -> tuple[CheckResult, ...]:
    """Checks 1 to 8 on the two statements, whose form and signatures held when they were taken."""
    digests = [each.digest.hex() for each in manual.statements]
    whole = manual.second is not None
    same = manual.second is not None and manual.second.words == manual.first.words
    here = all(each.lane == lane for each in manual.statements)
    age = (now - manual.first.at).total_seconds() * 1_000
    in_time = 0 <= age <= parameters.STATEMENT_LIFE_MS
    return (
        passed(CheckNumber.PARSE, "Each officer's statement was read.", digests),
        passed(CheckNumber.SIGNATURE, "Each statement is signed by its officer's own key.", manual.officers),
        *check_officers(manual, book, now),
        _found(CheckNumber.TOPIC, here, "OTHER_LANE", "The statements are about another lane."),
        _found(CheckNumber.SESSION, whole, "ONE_STATEMENT", "Only one officer has identified the person."),
        _found(CheckNumber.CHALLENGE, same, "WORDS_DIFFER", "The two officers did not sign the same words."),
        _found(CheckNumber.COUNTER_AND_TIME, in_time, "TOO_OLD", "The first statement is too old. Both make new ones."),
    )


def check_officers(manual: Manual, book: Book, now: datetime) -> tuple[CheckResult, CheckResult]:
    """Checks 3 and 4 on both officers' certificates; made again between nonce and grant."""
    chain, revocation = passed(CheckNumber.CERTIFICATE), passed(CheckNumber.REVOCATION)
    for each in manual.statements:
        entry = book.registry.named(each.officer)
        at_the_door = entry is not None and Role.CONFIRMING_OFFICER in entry.roles
        role = Role.CONFIRMING_OFFICER if at_the_door else Role.DUTY_GOVERNOR
        for finding in check_certificate(entry, role, book, now):
            if finding.outcome is CheckOutcome.PASS:
                continue
            if finding.number is CheckNumber.CERTIFICATE:
                chain = finding
            else:
                revocation = finding
    return chain, revocation


def _found(number: CheckNumber, holds: bool, reason: str, sentence: str) -> CheckResult:
    return passed(number) if holds else failed(number, reason, sentence)
