"""The policy as data: what comes with the release agrees with the field's facts; nonsense refuses."""

import json
from importlib.resources import files
from typing import Any

import pytest

from sallyport_gateway.authority.policy import Basis, load_release_policy, release_policy
from sallyport_gateway.authority.words import NOT_DISCHARGES, DateType, MovementReason, Source
from sallyport_protocol.documents import LaneKind
from sallyport_protocol.errors import MalformedError


def content() -> dict[str, Any]:
    text = (files("sallyport_gateway.authority") / "release_policy.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found


def refused(changed: dict[str, Any]) -> str:
    with pytest.raises(MalformedError) as told:
        load_release_policy(json.dumps(changed))
    return str(told.value)


def test_every_discharge_has_a_rule_and_nothing_else_has() -> None:
    assert {each.reason for each in release_policy().purposes} == {*MovementReason} - NOT_DISCHARGES


@pytest.mark.parametrize(
    ("reason", "dates"),
    [("CR", "CRD"), ("SC", "ARD SED"), ("HR", "HDCAD"), ("PX", "APD"), ("PD", "PRRD"), ("NP", "NPD"), ("ETR", "ERSED")],
)
def test_purpose_and_date_agree(reason: str, dates: str) -> None:
    rule = release_policy().purpose(MovementReason(reason))
    assert rule is not None and rule.basis is Basis.CALCULATION
    assert rule.date_types == tuple(DateType(each) for each in dates.split())


@pytest.mark.parametrize("reason", ["ETR", "DD", "DE", "EX"])
def test_removals_go_by_the_vehicle_lock_with_an_escort(reason: str) -> None:
    rule = release_policy().purpose(MovementReason(reason))
    assert rule is not None and rule.escort and rule.lane_kinds == (LaneKind.VEHICLE,)
    assert rule.duty_governor == (reason == "ETR")


def test_each_number_says_unit_and_source() -> None:
    policy = release_policy()
    assert all(bound.why for bound in policy.bounds) and len(policy.bounds) == len(Source)
    assert policy.bound(Source.CROWN_COURT).total_seconds() > 3_600, "an hourly feed"
    for name in type(policy.measures).model_fields:
        measure = getattr(policy.measures, name)
        assert measure.unit and measure.source
    assert all(each.source for each in policy.purposes)


def test_the_name_changes_with_any_change() -> None:
    changed = content()
    changed["bounds"][0]["seconds"] += 1
    assert load_release_policy(json.dumps(changed)).name != release_policy().name
    assert release_policy().name == load_release_policy(release_policy().to_json()).name


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c["purposes"].append(c["purposes"][0]), "has two rules"),
        (lambda c: c["bounds"].pop(), "each source needs exactly one bound"),
        (lambda c: c.update(holdingAlerts=[]), "no alert bars a release"),
        (lambda c: c["purposes"][0].update(reason="UAL"), "is not a discharge"),
        (lambda c: c["purposes"][0].update(dateTypes=[]), "names no date type"),
        (lambda c: c["purposes"][0].update(legalStatuses=[]), "nobody could leave"),
        (lambda c: c["purposes"][0].update(escort=True), "only by the vehicle lock"),
        (lambda c: c["purposes"][0].update(surprise=1), "is no field of it"),
        (lambda c: c["bounds"][0].update(seconds=10**9), "bounds.0.seconds"),
    ],
)
def test_nonsense_refuses(change: Any, words: str) -> None:
    changed = content()
    change(changed)
    assert words in refused(changed)
