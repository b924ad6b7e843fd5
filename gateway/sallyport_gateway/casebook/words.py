"""The case file, form `sallyport-case/1`. Its JSON Schema is `schema.json`; docs/authority.md explains it."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from sallyport_gateway.authority.evidence import AuthorityEvidence, ReleaseRequest
from sallyport_gateway.authority.json_form import Record
from sallyport_gateway.authority.policy import ReleasePolicy
from sallyport_protocol.causes import CauseCode, NextStep, Owner
from sallyport_protocol.checks import CheckOutcome
from sallyport_protocol.decision import Verdict

FORM = "sallyport-case/1"

Text = Annotated[str, Field(min_length=1, max_length=2_000)]


class AdmissionFinding(Record):
    """A finding of checks 1 to 12 that is not a pass."""

    number: Annotated[int, Field(ge=1, le=12)]
    outcome: Literal[CheckOutcome.FAIL, CheckOutcome.UNKNOWN] = CheckOutcome.FAIL
    reason: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{1,63}$")]
    sentence: Text


class Expectation(Record):
    """What the decision must be. Empty lists mean: no check with that outcome; None: not asked."""

    verdict: Verdict
    cause: CauseCode | None = None
    failed: tuple[int, ...] = ()
    unknown: tuple[int, ...] = ()
    reasons: tuple[str, ...] | None = None
    """Reason codes that must all be reported, in any order; others may be."""
    owner: Owner | None = None
    next_step: NextStep | None = None


class Case(Record):
    """One complete case."""

    form: Literal["sallyport-case/1"]
    name: Text
    lesson: Text
    source: str = ""
    now: AwareDatetime
    request: ReleaseRequest
    admission: tuple[AdmissionFinding, ...] = ()
    """Findings of checks 1 to 12 that did not pass; the others passed."""
    evidence: AuthorityEvidence
    policy: ReleasePolicy | None = None
    """None: the policy that comes with this release."""
    expect: Expectation | None = None


class Variant(Record):
    """A case that is another one with changes (RFC 7396 merge patch): arrays are replaced, null removes."""

    form: Literal["sallyport-case/1"]
    extends: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    """Name, without `.json`, of a case file in the same folder."""
    name: Text
    lesson: Text
    source: str = ""
    changes: dict[str, Any] = Field(default_factory=dict)
    """What is different in `now`, `request`, `admission`, `evidence` and `policy`."""
    expect: Expectation
