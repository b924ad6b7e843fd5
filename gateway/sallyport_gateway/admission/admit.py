"""Admission: may this message be believed as the kiosk's answer to this session? Checks 1 to 12, pure.

    1 parse, known version, size         7 challenge matches, first answer for it
    2 signature by a known key           8 counter forward, times within bounds
    3 certificate chain, role, validity  9 approved models, software, policy
    4 not revoked, list fresh           10 capture chain intact, modalities complete or an exception recorded
    5 topic matches device              11 presentation-attack and liveness passed
    6 session open, this kiosk, lane    12 outcome and rates meet the operating point, floors included

All checks run and every finding is reported; a check that cannot be made because an earlier one failed is unknown,
never passed.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec

from sallyport_gateway import parameters
from sallyport_gateway.admission.scores import GUARDED, check_match
from sallyport_gateway.book import Book
from sallyport_protocol import envelope
from sallyport_protocol.checks import ADMISSION, CheckNumber, CheckOutcome, CheckResult, failed, passed, unknown
from sallyport_protocol.documents import Entry
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import Role
from sallyport_protocol.messages import Liveness, ModalityOutcome, Offer, Outcome, Result, chain_head
from sallyport_protocol.subject import Guard, Modality
from sallyport_protocol.topics import Kind, Topic
from sallyport_protocol.trust import Standing, chain_standing, revocation_standing


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as it came in."""

    topic: str
    message: bytes
    retained: bool
    received: int
    """Gateway's monotonic clock, ms."""
    now: datetime
    """Gateway's wall clock, aware, UTC."""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """What the gateway remembers of the session that a result must answer."""

    offer: Offer
    prison: str
    offered: int
    """Gateway's monotonic clock when the offer was sent, ms."""
    open: bool
    counter: int
    """Highest result counter seen from this boot of the kiosk; -1 for none."""
    answer: bytes | None
    """Digest of the first answer, once there was one."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Every finding of checks 1 to 12, and the result where it could be read."""

    checks: tuple[CheckResult, ...]
    result: Result | None
    digest: bytes
    sender: str | None

    @property
    def admitted(self) -> bool:
        """All twelve passed. No checks, no admission."""
        return tuple(check.number for check in self.checks) == ADMISSION and all(
            check.outcome is CheckOutcome.PASS for check in self.checks
        )


def admit(arrival: Arrival, book: Book, session_of: Callable[[bytes], OpenSession | None]) -> Admission:
    """Runs checks 1 to 12 on one arrival. `session_of` looks a session up by its id."""
    digest = envelope.digest_of(arrival.message)
    entry: Entry | None = None
    result: Result | None = None
    findings: list[CheckResult] = []

    def resolve(key_id: bytes) -> ec.EllipticCurvePublicKey | None:
        nonlocal entry
        entry = book.entry(key_id)
        return book.registry.resolve(key_id)

    try:
        if len(arrival.message) > parameters.RESULT_MAX_BYTES:
            raise MalformedError(f"{len(arrival.message)} bytes, over {parameters.RESULT_MAX_BYTES}")
        verified = envelope.verify(arrival.message, arrival.topic, resolve)
        result = Result.parse(verified.content)
        findings += [passed(CheckNumber.PARSE), passed(CheckNumber.SIGNATURE)]
    except envelope.UnknownKeyError:
        findings += [
            passed(CheckNumber.PARSE),
            failed(CheckNumber.SIGNATURE, "UNKNOWN_KEY", "The result is signed by a key that is not in the estate."),
        ]
    except envelope.SignatureError:
        findings += [
            passed(CheckNumber.PARSE),
            failed(CheckNumber.SIGNATURE, "BAD_SIGNATURE", "The result's signature does not hold: altered or moved."),
        ]
    except MalformedError as error:
        findings.append(failed(CheckNumber.PARSE, "MALFORMED", f"The result cannot be read: {error}."))
    findings += _check_sender(entry, arrival, book)
    if result is None or entry is None:
        made = {finding.number for finding in findings}
        findings += [_not_reached(number) for number in ADMISSION if number not in made]
    else:
        session = session_of(result.session)
        findings += _check_session(result, entry, session, digest)
        findings += _check_content(result, session, arrival, book)
    ordered = tuple(sorted(findings, key=lambda finding: finding.number))
    return Admission(ordered, result, digest, entry.name if entry else None)


def check_certificate(entry: Entry | None, role: Role, book: Book, now: datetime) -> list[CheckResult]:
    """Checks 3 and 4, made at admission and again between nonce and grant."""
    if entry is None or entry.certificate is None:
        return [
            unknown(CheckNumber.CERTIFICATE, "NO_CERTIFICATE", "No certificate is known for the sender."),
            unknown(CheckNumber.REVOCATION, "NO_CERTIFICATE", "No certificate is known for the sender."),
        ]
    return [_check_chain(entry, role, book, now), _check_revocation(entry, book, now)]


def _check_sender(entry: Entry | None, arrival: Arrival, book: Book) -> list[CheckResult]:
    return [*check_certificate(entry, Role.KIOSK, book, arrival.now), _check_topic(entry, arrival)]


def _check_chain(entry: Entry, role: Role, book: Book, now: datetime) -> CheckResult:
    number = CheckNumber.CERTIFICATE
    if role not in entry.roles:
        return failed(number, "WRONG_ROLE", f"{entry.name} is not a {role.value}.", [entry.name])
    standing = chain_standing(entry.x509, book.trust, now)
    if standing is not Standing.GOOD:
        return failed(number, standing.value, f"The certificate of {entry.name} is {_words(standing)}.", [entry.name])
    return passed(number, f"The certificate of {entry.name} is valid.", [entry.name])


def _check_revocation(entry: Entry, book: Book, now: datetime) -> CheckResult:
    number = CheckNumber.REVOCATION
    if not entry.active:
        return failed(number, "REVOKED", f"{entry.name} has been revoked.", [entry.name])
    standing = revocation_standing(entry.x509, book.trust, now, book.revocation_age)
    if standing is Standing.REVOKED:
        return failed(number, "REVOKED", f"{entry.name} has been revoked.", [entry.name])
    if standing is not Standing.GOOD:
        return unknown(number, standing.value, f"The revocation list for {entry.name} is {_words(standing)}.")
    return passed(number, f"{entry.name} is not revoked.")


def _check_topic(entry: Entry | None, arrival: Arrival) -> CheckResult:
    number = CheckNumber.TOPIC
    try:
        topic = Topic.parse(arrival.topic)
    except MalformedError as error:
        return failed(number, "NOT_A_TOPIC", f"The message came on a topic that is not ours: {error}.")
    if arrival.retained:
        return failed(number, "RETAINED", "The message was stored by the broker and served again: a replay.")
    if entry is None:
        return _not_reached(number)
    if (topic.device, topic.prison, topic.kind) != (entry.name, entry.prison, Kind.RESULT):
        return failed(number, "OTHER_DEVICE", f"{entry.name} published under {topic.device}.", [entry.name])
    return passed(number)


def _check_session(result: Result, entry: Entry, session: OpenSession | None, digest: bytes) -> list[CheckResult]:
    if session is None:
        missing = "No session with this id is known here: it ended, or it never was."
        return [failed(CheckNumber.SESSION, "UNKNOWN_SESSION", missing), _not_reached(CheckNumber.CHALLENGE)]
    offer = session.offer
    if not session.open:
        first = failed(CheckNumber.SESSION, "SESSION_CLOSED", "The session has ended.")
    elif (result.kiosk, result.lane, entry.name) != (offer.kiosk, offer.lane, offer.kiosk):
        first = failed(CheckNumber.SESSION, "OTHER_KIOSK", f"The session belongs to {offer.kiosk} at {offer.lane}.")
    else:
        first = passed(CheckNumber.SESSION)
    if not hmac.compare_digest(result.challenge, offer.challenge):
        second = failed(CheckNumber.CHALLENGE, "OTHER_CHALLENGE", "The result answers another challenge.")
    elif session.answer is not None and not hmac.compare_digest(session.answer, digest):
        second = failed(CheckNumber.CHALLENGE, "SECOND_ANSWER", "This session already has a different answer.")
    else:
        second = passed(CheckNumber.CHALLENGE)
    return [first, second]


def _check_content(result: Result, session: OpenSession | None, arrival: Arrival, book: Book) -> list[CheckResult]:
    software = _check_software(result, book)
    if session is None:
        rest = (CheckNumber.COUNTER_AND_TIME, CheckNumber.CAPTURES, CheckNumber.LIVENESS, CheckNumber.MATCH)
        return [software, *(_not_reached(number) for number in rest)]
    return [
        _check_time(result, session, arrival, book),
        software,
        _check_captures(result, session.offer),
        _check_liveness(result, session.offer, book),
        check_match(result, session.offer),
    ]


def age_ms(result: Result, offered: int, now: int) -> int:
    """Age of the oldest capture used: the gateway's time since the offer, minus the kiosk's from it to the capture."""
    return now - offered - result.oldest_capture


def _check_time(result: Result, session: OpenSession, arrival: Arrival, book: Book) -> CheckResult:
    number = CheckNumber.COUNTER_AND_TIME
    elapsed = arrival.received - session.offered
    if result.boot_nonce != session.offer.boot_nonce:
        return failed(number, "OTHER_BOOT", "The kiosk has restarted since the offer.")
    if result.counter <= session.counter and session.answer is None:
        return failed(number, "COUNTER_BACK", "The kiosk's counter did not move forward: an old message.")
    if elapsed > session.offer.expires_in:
        return failed(number, "TOO_LATE", "The result came after the session's time.")
    if not result.oldest_capture <= result.finished <= elapsed + parameters.CLOCK_SLACK_MS:
        return failed(number, "IMPOSSIBLE_TIMES", "The kiosk's times do not fit the session's.")
    age = age_ms(result, session.offered, arrival.received)
    if age > book.policy.result_age_s * 1_000:
        return failed(number, "TOO_OLD", f"The oldest capture is {age / 1_000:.0f} s old; take new ones.")
    return passed(number, f"The oldest capture is {max(age, 0) / 1_000:.1f} s old.")


def _check_software(result: Result, book: Book) -> CheckResult:
    number = CheckNumber.SOFTWARE
    approved = set(book.model_set.models.values())
    if not book.policy_counts:
        return failed(number, "DEVELOPMENT_POLICY", "The policy is for development; this gateway is in production.")
    if result.tamper:
        return failed(number, "TAMPER", "The kiosk reports that its case was opened.")
    if not approved or not hmac.compare_digest(result.model_set, book.model_set_digest):
        return failed(number, "OTHER_MODELS", "The kiosk runs models that are not the approved set.")
    if not hmac.compare_digest(result.policy, book.policy_digest):
        return failed(number, "OTHER_POLICY", "The kiosk judged by another policy.")
    if result.software not in book.model_set.software:
        return failed(number, "OTHER_SOFTWARE", "The kiosk runs software that is not approved.")
    used = {digest for modality in result.modalities for digest in modality.models}
    if not used <= approved:
        return failed(number, "OTHER_MODELS", "A model that was used is not in the approved set.")
    return passed(number)


def _check_captures(result: Result, offer: Offer) -> CheckResult:
    number = CheckNumber.CAPTURES
    if not hmac.compare_digest(chain_head(result.session, result.challenge, result.captures), result.chain):
        return failed(number, "BROKEN_CHAIN", "The captures do not form one unbroken chain.")
    times = [capture.at for capture in result.captures]
    if times != sorted(times) or (times and not result.oldest_capture <= times[0] <= times[-1] <= result.finished):
        return failed(number, "CAPTURES_OUT_OF_ORDER", "The captures' times are out of order.")
    reported = [each.modality for each in result.modalities]
    if sorted(reported) != sorted(offer.operating.modalities):
        return failed(number, "MODALITIES_INCOMPLETE", "Not every modality that the session asked for is reported.")
    excused = {each.modality for each in offer.exceptions}
    if offer.guard is not Guard.NONE and Modality.FINGER in excused:
        return failed(number, "FINGER_NEEDED", f"{GUARDED[offer.guard]}: no exception excuses the finger.")
    for each in result.modalities:
        if (each.modality in excused) != (each.exception is not None):
            return failed(number, "EXCEPTION_NOT_RECORDED", f"No officer recorded an exception for {each.modality}.")
        taken = any(capture.modality == each.modality for capture in result.captures)
        if each.modality not in excused and not taken:
            why = f": {result.detail}" if each.outcome is ModalityOutcome.FAULT and result.detail else ""
            return failed(number, "NO_CAPTURE", f"{_NO_CAPTURE[each.modality]}{why}.")
    return passed(number, f"{len(result.captures)} captures in one chain.")


def _check_liveness(result: Result, offer: Offer, book: Book) -> CheckResult:
    number = CheckNumber.LIVENESS
    if result.outcome is Outcome.ATTACK_SUSPECTED or result.liveness is Liveness.FAILED:
        why = f" ({result.detail})" if result.detail else ""
        return failed(number, "ATTACK_SUSPECTED", f"The kiosk suspects a picture, mask or recording{why}.")
    scores = [each.attack_score for each in result.modalities if each.attack_score is not None]
    if any(score >= parameters.ATTACK_SCORE_LIMIT for score in scores):
        return failed(number, "ATTACK_SUSPECTED", "A picture, mask or recording is likely.")
    if result.liveness is Liveness.PASSED:
        return passed(number, "A living person was there.")
    if offer.operating.liveness_required or not book.policy_counts:
        excused = any(each.modality is Modality.FACE for each in offer.exceptions)
        why = " The face is excused: two officers say who it is, on the manual path." if excused else ""
        return unknown(number, "LIVENESS_NOT_PERFORMED", f"It was not checked that a living person is there.{why}")
    return passed(number, "Liveness was not performed; the development policy allows that.")


_NO_CAPTURE = {Modality.FACE: "No face could be captured", Modality.FINGER: "No finger could be captured"}


def _not_reached(number: CheckNumber) -> CheckResult:
    return unknown(number, "NOT_REACHED", f"Could not be checked: {number.title}.")


def _words(standing: Standing) -> str:
    return standing.value.lower().replace("_", " ")
