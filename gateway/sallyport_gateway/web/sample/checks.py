"""Checks and modality rows as decisions show them."""

from dataclasses import replace

from sallyport_gateway.web.decision_view import CheckView, ModalityView
from sallyport_protocol.decision import ADMISSION, AUTHORISATION, CheckNumber, CheckOutcome

FACE = ModalityView("Face", "Match", 4.2e-5, "good", 1, "Passed", "119 days old, good")
FINGER = ModalityView("Finger", "Match", 2.3e-7, "good", 1, reference="119 days old, good")
WEAK_FINGER = ModalityView("Finger", "Non match", 0.31, "poor", 3, reference="119 days old, fair")

ALL_PASS = tuple(
    CheckView(number, number.title, CheckOutcome.PASS, number.title + ".") for number in (*ADMISSION, *AUTHORISATION)
)


BY_HAND = CheckView(
    CheckNumber.MANUAL_OFFICERS,
    CheckNumber.MANUAL_OFFICERS.title,
    CheckOutcome.PASS,
    CheckNumber.MANUAL_OFFICERS.title + ".",
)


def _with(*changed: CheckView) -> tuple[CheckView, ...]:
    by_number = {check.number: check for check in changed}
    return tuple(by_number.get(check.number, check) for check in ALL_PASS)


def _not_passed(number: CheckNumber, outcome: CheckOutcome, sentence: str, owner: str, step: str) -> CheckView:
    return replace(ALL_PASS[number - 1], outcome=outcome, sentence=sentence, owner=owner, next_step=step)


HELD = _with(
    _not_passed(
        CheckNumber.WARRANTS,
        CheckOutcome.FAIL,
        "A warrant of imprisonment (number 4711 of Sample Crown Court) is outstanding.",
        "Court liaison",
        "Send the court an urgent query through the court liaison desk.",
    ),
    _not_passed(
        CheckNumber.FRESHNESS,
        CheckOutcome.UNKNOWN,
        "The Crown Court's hourly list is 2 h 10 min old; it may be at most 1 h 15 min old.",
        "Offender management",
        "Wait for the source to answer, then start a new attempt.",
    ),
)

REFERRED = _with(
    _not_passed(
        CheckNumber.MATCH,
        CheckOutcome.UNKNOWN,
        "The face matches; the finger could not be compared well enough in three attempts.",
        "Duty governor",
        "Keep the person here and call the duty governor.",
    ),
)
