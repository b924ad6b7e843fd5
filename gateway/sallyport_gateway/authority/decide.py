"""The one decision: admission's findings, the authority's evidence, the policy and the time in; a verdict out. Pure."""

from collections.abc import Iterable
from datetime import datetime

from sallyport_gateway.authority.authorise import authorise
from sallyport_gateway.authority.evidence import AuthorityEvidence, ReleaseRequest
from sallyport_gateway.authority.policy import ReleasePolicy
from sallyport_protocol.checks import CheckResult
from sallyport_protocol.decision import Decision, judge


def decide(
    admission: Iterable[CheckResult],
    request: ReleaseRequest,
    evidence: AuthorityEvidence,
    policy: ReleasePolicy,
    now: datetime,
) -> Decision:
    """Judges one attempt.

    `admission` holds the findings of checks 1 to 12 (on the manual path of 1 to 8: the officers stand in for the
    rest). The same arguments always give the same decision: auditors replay old ones with it.
    """
    window = [each.window_closes for each in evidence.authorisations if each.id == request.authorisation_id]
    return judge(
        (*admission, *authorise(request, evidence, policy, now)),
        path=request.path,
        now=now,
        window_ends=window[0] if len(window) == 1 else None,
        session=request.session,
        prisoner_number=request.prisoner_number,
        authorisation_id=request.authorisation_id,
        policy=policy.name,
    )
