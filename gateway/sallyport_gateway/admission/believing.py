"""Whether a message is this kiosk's own word. Results go through admission, everything else through here. Pure."""

from typing import Any, Final

from sallyport_gateway.admission.admit import Admission, Arrival, check_certificate
from sallyport_gateway.book import Book
from sallyport_gateway.ports import Office
from sallyport_protocol import envelope
from sallyport_protocol.checks import CheckNumber, CheckOutcome, CheckResult
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import Role
from sallyport_protocol.messages import Ready

BELIEVED: Final = (
    CheckNumber.PARSE,
    CheckNumber.SIGNATURE,
    CheckNumber.CERTIFICATE,
    CheckNumber.REVOCATION,
    CheckNumber.TOPIC,
)
"""Until these pass, a result is not the kiosk's word and cannot use up its challenge."""


def believe(arrival: Arrival, book: Book, kiosk: str) -> dict[str, Any]:
    """The content that `kiosk` itself signed for this topic. Raises MalformedError."""
    if arrival.retained:
        raise MalformedError(f"a retained message on {arrival.topic}")
    verified = envelope.verify(arrival.message, arrival.topic, book.registry.resolve)
    entry = book.entry(verified.key_id)
    if entry is None or entry.name != kiosk:
        raise MalformedError(f"{kiosk}'s topic carries a message of {entry.name if entry else 'nobody'}")
    for finding in check_certificate(entry, Role.KIOSK, book, arrival.now):
        if finding.outcome is not CheckOutcome.PASS:
            raise MalformedError(finding.sentence)
    return verified.content


def doubt_kiosk(office: Office, ready: Ready) -> str | None:
    """Why no references may go to this kiosk now; None when they may."""
    if ready.tamper:
        return f"The kiosk {ready.kiosk} reports that its case was opened. Call device support."
    book = office.book()
    findings = check_certificate(book.registry.named(ready.kiosk), Role.KIOSK, book, office.clock.now())
    return next((each.sentence for each in findings if each.outcome is not CheckOutcome.PASS), None)


def disbelief(admission: Admission) -> CheckResult | None:
    """The first of those findings that did not pass; None when the result is its sender's word."""
    bad = (each for each in admission.checks if each.number in BELIEVED)
    return next((each for each in bad if each.outcome is not CheckOutcome.PASS), None)
