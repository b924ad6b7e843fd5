"""Authorisation: may this person leave, by this door, for this purpose, now? Checks 13 to 25, pure.

    13 the prisoner's record          18 immigration             23 two officers approved
    14 exactly one authorisation      19 recall                  24 every source fresh
    15 dates                          20 legal status            25 unused, nothing frozen
    16 holds                          21 licence                 26 (manual path) two officers
    17 warrants                       22 one person

All checks run and every finding is reported. A check that finds nothing passes only when the sources that it looked
into are fresh: unknown is not a pass. The same function runs at the decision and again between nonce and grant.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final

from sallyport_gateway.authority.check_basis import (
    check_approvers,
    check_authorisation,
    check_licence,
    check_manual,
)
from sallyport_gateway.authority.check_dates import check_dates
from sallyport_gateway.authority.check_papers import check_immigration, check_recall, check_warrants
from sallyport_gateway.authority.check_person import (
    check_holds,
    check_legal_status,
    check_one_person,
    check_prisoner,
)
from sallyport_gateway.authority.check_state import check_freshness, check_use, needed_sources
from sallyport_gateway.authority.evidence import AuthorityEvidence, ReleaseRequest
from sallyport_gateway.authority.findings import stale
from sallyport_gateway.authority.policy import ReleasePolicy
from sallyport_gateway.authority.question import Question, ask
from sallyport_gateway.authority.relied import records_of
from sallyport_gateway.authority.words import Source
from sallyport_protocol.checks import CheckNumber, CheckResult, Path, passed

Check = Callable[[Question], Iterator[CheckResult]]

CHECKS: Final[Mapping[CheckNumber, Check]] = {
    CheckNumber.PRISONER: check_prisoner,
    CheckNumber.AUTHORISATION: check_authorisation,
    CheckNumber.DATES: check_dates,
    CheckNumber.HOLDS: check_holds,
    CheckNumber.WARRANTS: check_warrants,
    CheckNumber.IMMIGRATION: check_immigration,
    CheckNumber.RECALL: check_recall,
    CheckNumber.LEGAL_STATUS: check_legal_status,
    CheckNumber.LICENCE: check_licence,
    CheckNumber.ONE_PERSON: check_one_person,
    CheckNumber.APPROVERS: check_approvers,
    CheckNumber.FRESHNESS: check_freshness,
    CheckNumber.USE: check_use,
}

LOOKED_INTO: Final[Mapping[CheckNumber, tuple[Source, ...]]] = {
    CheckNumber.PRISONER: (Source.PRISONER,),
    CheckNumber.DATES: (Source.CALCULATION, Source.WARRANTS, Source.IMMIGRATION, Source.PRISONER),
    CheckNumber.HOLDS: (Source.ALERTS,),
    CheckNumber.WARRANTS: (Source.WARRANTS, Source.CROWN_COURT, Source.ALERTS, Source.PRISONER, Source.IDENTITY),
    CheckNumber.IMMIGRATION: (Source.IMMIGRATION, Source.ALERTS),
    CheckNumber.RECALL: (Source.RECALL, Source.PRISONER),
    CheckNumber.LEGAL_STATUS: (Source.PRISONER,),
    CheckNumber.LICENCE: (Source.LICENCE,),
    CheckNumber.ONE_PERSON: (Source.IDENTITY, Source.PRISONER),
}
"""Where each check looks; only the sources that the release needs at all count."""


def authorise(
    request: ReleaseRequest, evidence: AuthorityEvidence, policy: ReleasePolicy, now: datetime
) -> tuple[CheckResult, ...]:
    """Runs checks 13 to 25, and 26 on the manual path. `now` is aware; the same arguments give the same findings."""
    question = ask(request, evidence, policy, now)
    needed = set(needed_sources(question))
    troubled = {source for source in needed if question.trouble(source) is not None}
    checks = dict(CHECKS)
    if request.path is Path.MANUAL:
        checks[CheckNumber.MANUAL_OFFICERS] = check_manual
    results: list[CheckResult] = []
    for number, check in checks.items():
        found = tuple(check(question))
        old = [source for source in LOOKED_INTO.get(number, ()) if source in troubled]
        if found:
            results.extend(found)
        elif old:
            results.append(stale(number, " and ".join(old)))
        else:
            results.append(passed(number, records=records_of(number, question)))
    return tuple(results)
