"""Each numbered check, one thing wrong at a time: the reason that is reported, and that nothing else is."""

import json
from typing import Any

import pytest

from sallyport_gateway.authority.authorise import CHECKS, authorise
from sallyport_gateway.authority.findings import finding
from sallyport_gateway.authority.policy import ReleasePolicy, load_release_policy, release_policy
from sallyport_gateway.authority.reasons import REASONS
from sallyport_gateway.casebook.files import LIBRARY, expand, merge
from sallyport_gateway.casebook.words import Case
from sallyport_protocol.checks import AUTHORISATION, CheckNumber, CheckOutcome

POLICY = release_policy()


def reported(base: str, changes: dict[str, Any], policy: ReleasePolicy = POLICY) -> set[tuple[int, str]]:
    case = Case.parse(json.dumps(merge(expand(LIBRARY / f"base-{base}.json"), changes)))
    results = authorise(case.request, case.evidence, policy, case.now)
    return {(int(each.number), each.reason) for each in results if each.outcome is not CheckOutcome.PASS}


def paper(base: str, **changes: Any) -> dict[str, Any]:
    given = expand(LIBRARY / f"base-{base}.json")["evidence"]["authorisations"][0]
    return {"evidence": {"authorisations": [merge(given, changes)]}}


LATER = "2026-06-10T10:00:00Z"


@pytest.mark.parametrize(
    ("base", "changes", "expected"),
    [
        ("cr", paper("cr", prisonId="WWI"), {(14, "AUTHORISATION_OTHER_PRISON")}),
        ("cr", paper("cr", createdAt=LATER), {(14, "CREATED_IN_FUTURE"), (23, "APPROVED_BEFORE_MADE")}),
        (
            "cr",
            {"request": {"movementReason": "SC"}},
            {(14, "OTHER_MOVEMENT"), (15, "DATE_TYPE_DISAGREES")},
        ),
        ("cr", {"evidence": {"calculation": {"calculatedAt": LATER, "checkedAt": LATER}}},
         {(15, "CALCULATION_IN_FUTURE"), (23, "APPROVED_BEFORE_CALCULATION")}),
        ("cr", merge(paper("cr", calculationReference="x"),
          {"evidence": {"calculation": {"calculationReference": "x"}}}), {(15, "CALCULATION_REFERENCE_MALFORMED")}),
        ("cr", {"evidence": {"calculation": {"checkedAt": "2026-05-01T09:00:00Z"}}},
         {(15, "CHECKED_BEFORE_CALCULATED")}),
        ("cr", {"evidence": {"calculation": {"dates": {"CRD": None}}}}, {(15, "DATE_MISSING")}),
        ("cr", {"evidence": {"calculation": None}},
         {(15, "NO_CALCULATION"), (17, "WARRANT_NOT_CALCULATED"), (17, "COURT_SENTENCE_NOT_CALCULATED")}),
        ("early-removal", {"request": {"movementReason": "DD"}, **merge({"evidence": {"immigration": []}},
          paper("early-removal", movementReason="DD", dateType="CRD"))},
         {(15, "NO_DEPORTATION_ORDER"), (15, "NOT_DUE")}),
        ("bail", {"evidence": {"courtOrders": [merge(expand(LIBRARY / "base-bail.json")["evidence"]["courtOrders"][0],
          {"madeOn": "2026-06-11"})]}}, {(15, "ORDER_IN_FUTURE")}),
        ("bail", {"evidence": {"courtOrders": [merge(expand(LIBRARY / "base-bail.json")["evidence"]["courtOrders"][0],
          {"kind": "HOSPITAL"})]}}, {(15, "ORDER_OF_OTHER_KIND")}),
        ("cr", {"evidence": {"alerts": [{"alertId": "a", "alertType": "W", "alertCode": "WO"}]}},
         {(17, "WARRANT_ALERT")}),
        ("cr", {"evidence": {"warrants": [{"warrantId": "W", "kind": "CIVIL", "status": "UNKNOWN", "surname": "H"}]}},
         {(17, "WARRANT_UNKNOWN"), (17, "WARRANT_MISSING")}),
        ("cr", {"evidence": {"recalls": [{"recallId": "r", "recallType": "FTR_14", "status": "UNKNOWN"}]}},
         {(19, "RECALL_UNKNOWN"), (19, "RECALL_NOT_MARKED")}),
        ("cr", {"evidence": {"identity": None}}, {(22, "NO_IDENTITY")}),
        ("cr", {"evidence": {"identity": {"cprUuids": []}}}, {(22, "NO_IDENTITY")}),
        ("cr", {"evidence": {"identity":
          {"numbers": [{"prisonerNumber": "Z9876YX", "reviewedBy": "r", "reviewedAt": LATER}]}}},
         {(22, "REVIEWED_IN_FUTURE")}),
        ("cr", {"request": {"confirmingOfficer": None}}, {(23, "NO_CONFIRMING_OFFICER")}),
        ("cr", paper("cr", approvals=[{"officer": "a", "at": LATER}, {"officer": "b", "at": "2026-06-09T10:00:00Z"}]),
         {(23, "APPROVED_IN_FUTURE")}),
        ("cr", {"evidence": {"lives": {"auth-1": {"state": "GRANTED", "session": "x"}}}}, {(25, "GRANTED")}),
        ("cr", {"evidence": {"ledgerCurrent": None}}, {(25, "LEDGER_UNKNOWN")}),
        ("cr", {"request": {"path": "MANUAL"}}, {(26, "NOT_MANUAL")}),
        ("cr", {"request": {"path": "MANUAL", "manual": {"officers": ["k.lane", "E.Fenn"], "why": "w"}}},
         {(26, "MANUAL_BY_CALCULATOR")}),
    ],
)  # fmt: skip
def test_one_thing_wrong(base: str, changes: dict[str, Any], expected: set[tuple[int, str]]) -> None:
    assert reported(base, changes) == expected


def test_a_purpose_that_the_policy_does_not_name_lets_nobody_out() -> None:
    content = POLICY.to_map()
    content["purposes"] = [each for each in content["purposes"] if each["reason"] != "CR"]
    poorer = load_release_policy(json.dumps(content))
    assert reported("cr", {}, poorer) == {
        (14, "PURPOSE_NOT_COVERED"),
        (15, "NO_PURPOSE"),
        (20, "STATUS_UNKNOWN"),
        (21, "LICENCE_UNKNOWN"),
    }


@pytest.mark.parametrize("reason", list(REASONS.values()), ids=list(REASONS))
def test_every_reason_belongs_to_a_check_and_has_a_sentence(reason: Any) -> None:
    places = dict.fromkeys(_places(reason.sentence), "x")
    numbers = {"hours": 30.0, "most": 24.0} if reason.code == "WINDOW_TOO_LONG" else {}
    found = finding(reason.code, ["r"], **{**places, **numbers})
    assert found.number in (*AUTHORISATION, CheckNumber.MANUAL_OFFICERS)
    assert (found.outcome is not CheckOutcome.PASS and found.sentence[0].isupper()) or found.sentence[0] == "x"


def _places(sentence: str) -> list[str]:
    from string import Formatter

    return [name for _, name, _, _ in Formatter().parse(sentence) if name]


def test_the_checks_are_13_to_25_in_order() -> None:
    assert tuple(CHECKS) == AUTHORISATION


def test_a_passed_check_names_the_records_that_it_relied_on() -> None:
    case = Case.parse(json.dumps(expand(LIBRARY / "base-cr.json")))
    relied = {int(each.number): each.records for each in authorise(case.request, case.evidence, POLICY, case.now)}
    assert relied[15] == ("1f0c3a52-7d0e-4b67-9f6e-0a4b5c6d7e8f",)
    assert relied[17] == ("W-100", "T20250001")
    assert relied[16] == ("al-1",) and relied[21] == ("L-1",)
    assert relied[22] == ("6d0a2a4e-4a52-4d0f-9d9e-3a3c0f0d1c11",)
