"""The release policy as data: what each kind of release rests on, and how old each source may be.

The policy in force is `release_policy.json`, versioned and named by its SHA-256 in every decision; a gateway may be
given another one, signed by the provisioner, at its start (`drivers/release_rules.py`). What the policy does not name
is not allowed.
"""

from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from importlib.resources import files
from typing import Annotated, Final, Self

from pydantic import Field, model_validator
from pydantic.alias_generators import to_camel

from sallyport_gateway.authority.json_form import Line, Record
from sallyport_gateway.authority.words import (
    NOT_DISCHARGES,
    DateType,
    LegalStatus,
    MovementReason,
    OrderKind,
    ReleaseRoute,
    Source,
)
from sallyport_protocol.checks import CheckNumber
from sallyport_protocol.documents import LaneKind


class Basis(StrEnum):
    """What gives the right to leave."""

    CALCULATION = "CALCULATION"
    """A date of a confirmed calculation."""
    ORDER = "ORDER"
    """A court's or minister's order."""
    IMMIGRATION_BAIL = "IMMIGRATION_BAIL"
    DEPORTATION = "DEPORTATION"
    """A deportation order; whoever still serves a sentence also needs a date of it."""


class DayRule(StrEnum):
    """What happens to a date on a weekend or bank holiday."""

    EARLIER = "EARLIER"
    LATER = "LATER"
    NONE = "NONE"


class Purpose(Record):
    """The rule for one release reason."""

    reason: MovementReason
    name: Line
    basis: Basis
    date_types: tuple[DateType, ...] = ()
    order_kinds: tuple[OrderKind, ...] = ()
    legal_statuses: tuple[LegalStatus, ...]
    lane_kinds: tuple[LaneKind, ...]
    day_rule: DayRule = DayRule.NONE
    licence_kinds: tuple[str, ...] = ()
    """Empty: no licence needed."""
    escort: bool = False
    """Only to a named escort who has signed."""
    immigration_escort: bool = False
    """That escort may take over somebody under an immigration hold."""
    duty_governor: bool = False
    custody_continues: bool = False
    """Remand or sentence goes on elsewhere (hospital, the requesting state), so a court's custody does not bar it."""
    route: ReleaseRoute
    source: Line

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.reason in NOT_DISCHARGES:
            raise ValueError(f"{self.reason} is not a discharge: nobody is released by it")
        if self.basis in (Basis.CALCULATION, Basis.DEPORTATION) and not self.date_types:
            raise ValueError(f"{self.reason} rests on a date but names no date type")
        if self.basis is Basis.ORDER and not self.order_kinds:
            raise ValueError(f"{self.reason} rests on an order but names no kind of order")
        if self.escort and LaneKind.PEDESTRIAN in self.lane_kinds:
            raise ValueError(f"{self.reason} goes with an escort and so only by the vehicle lock")
        if not self.legal_statuses or not self.lane_kinds:
            raise ValueError(f"{self.reason} names no legal status or no kind of lane: nobody could leave")
        return self


class Bound(Record):
    """How old a source may be."""

    source: Source
    seconds: Annotated[int, Field(ge=1, le=86_400)]
    """A day at most: what a source said yesterday is no word on today's release."""
    why: Line


class HoldingAlert(Record):
    """An alert that bars a release, and the check that says so; `code` None means the whole type."""

    type: str | None = None
    code: str | None = None
    check: CheckNumber
    name: Line


class Measure(Record):
    """One number with its unit and where it comes from."""

    value: float
    unit: Line
    source: Line


class Measures(Record):
    """The other numbers of the policy."""

    clock_skew: Measure
    window_longest: Measure
    name_similarity: Measure
    friday_days: Measure
    age_youngest: Measure = Measure(
        value=10, unit="years", source="the age of criminal responsibility, Children and Young Persons Act 1933 s.50"
    )
    age_oldest: Measure = Measure(value=120, unit="years", source="nobody older has been held; the year is mistyped")
    feed_silence: Measure = Measure(
        value=120, unit="s", source="the feed answers every 20 s; six answers missed are no accident"
    )

    @model_validator(mode="after")
    def _sane(self) -> Self:
        for name, (least, most) in _SANE.items():
            value = getattr(self, name).value
            if not least <= value <= most:
                raise ValueError(f"{to_camel(name)} is {value:g}; it must lie between {least:g} and {most:g}")
        return self


_SANE: Final = {
    "clock_skew": (0, 60),
    "window_longest": (1, 72),
    "name_similarity": (0.5, 0.9),
    "friday_days": (0, 2),
    "age_youngest": (1, 18),
    "age_oldest": (100, 130),
    "feed_silence": (20, 600),
}
"""Least and most that each measure may be, in its unit: whatever is signed, beyond these a check would be none."""


class ReleasePolicy(Record):
    """A version of the policy."""

    version: Line
    purposes: tuple[Purpose, ...]
    bounds: tuple[Bound, ...]
    holding_alerts: tuple[HoldingAlert, ...]
    measures: Measures

    @model_validator(mode="after")
    def _complete(self) -> Self:
        reasons = [purpose.reason for purpose in self.purposes]
        if len(set(reasons)) != len(reasons):
            raise ValueError("a release reason has two rules")
        if sorted(bound.source for bound in self.bounds) != sorted(Source):
            raise ValueError("each source needs exactly one bound")
        if not self.holding_alerts:
            raise ValueError("no alert bars a release: that cannot be meant")
        return self

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the policy's own JSON form, hex."""
        return sha256(self.to_json().encode()).hexdigest()

    @cached_property
    def name(self) -> str:
        """How decisions name the policy."""
        return f"{self.version} {self.digest[:16]}"

    @cached_property
    def _purposes(self) -> dict[MovementReason, Purpose]:
        return {purpose.reason: purpose for purpose in self.purposes}

    @cached_property
    def _bounds(self) -> dict[Source, timedelta]:
        return {bound.source: timedelta(seconds=bound.seconds) for bound in self.bounds}

    def purpose(self, reason: MovementReason) -> Purpose | None:
        """The rule for a reason; None means that nobody leaves for it."""
        return self._purposes.get(reason)

    def bound(self, source: Source) -> timedelta:
        """How old the source may be."""
        return self._bounds[source]

    def holding(self, alert_type: str, alert_code: str) -> HoldingAlert | None:
        """The rule by which an alert bars a release, or None. Case and blanks do not make another code."""
        alert_type, alert_code = alert_type.strip().upper(), alert_code.strip().upper()
        return next(
            (
                rule
                for rule in self.holding_alerts
                if (rule.code == alert_code or rule.code is None) and (rule.type == alert_type or rule.type is None)
            ),
            None,
        )


def weaknesses(policy: ReleasePolicy, floor: ReleasePolicy) -> tuple[str, ...]:
    """What `floor` asks and `policy` does not: alerts that bar, people who must be there, who must not be let out.

    What the law may change is not compared: purposes, dates, statuses, orders, how old a source may be.
    """
    lost = [f"{each.name} bars no release" for each in floor.holding_alerts if not _bars(policy, each)]
    for own in policy.purposes:
        usual = floor.purpose(own.reason)
        if usual is None:
            continue
        asked = [name for name in _ASKED if getattr(usual, name) and not getattr(own, name)]
        allowed = [name for name in _ALLOWED if getattr(own, name) and not getattr(usual, name)]
        lost += [f"{own.reason} goes without {to_camel(name)}" for name in asked]
        lost += [f"{own.reason} goes with {to_camel(name)}" for name in allowed]
    return tuple(lost)


_ASKED: Final = ("escort", "duty_governor")
_ALLOWED: Final = ("immigration_escort", "custody_continues")


def _bars(policy: ReleasePolicy, alert: HoldingAlert) -> bool:
    found = policy.holding(alert.type or "", alert.code or "")
    return found is not None and found.check is alert.check


def load_release_policy(text: str | bytes) -> ReleasePolicy:
    """Reads a policy. Raises MalformedError that names what is wrong."""
    return ReleasePolicy.parse(text)


def release_policy() -> ReleasePolicy:
    """The policy that comes with this release."""
    return load_release_policy((files("sallyport_gateway.authority") / "release_policy.json").read_bytes())
