"""Checks about what we know and hold: 24 every source fresh, 25 the authorisation unused and nothing frozen. Pure."""

from collections.abc import Iterator

from sallyport_gateway.authority.findings import finding
from sallyport_gateway.authority.question import Question, clock
from sallyport_gateway.authority.records import Authorisation
from sallyport_gateway.authority.words import FreezeScope, LifeState, Source
from sallyport_protocol.checks import CheckResult

_ALWAYS = (
    Source.PRISONER,
    Source.IDENTITY,
    Source.ALERTS,
    Source.WARRANTS,
    Source.CROWN_COURT,
    Source.IMMIGRATION,
    Source.RECALL,
)


def needed_sources(q: Question) -> tuple[Source, ...]:
    """The sources that this release rests on. Without a rule for the purpose: all of them."""
    if q.purpose is None:
        return tuple(Source)
    dates = (Source.CALCULATION,) if q.needs_dates else ()
    return (*_ALWAYS, *dates, *((Source.LICENCE,) if q.purpose.licence_kinds else ()))


def check_freshness(q: Question) -> Iterator[CheckResult]:
    """24: each source that this release rests on is fresh; none contradicts another; the feed of changes lives."""
    for source in needed_sources(q):
        trouble = q.trouble(source)
        if trouble is not None:
            heard = q.evidence.as_of.get(source)
            minutes = f"{q.policy.bound(source).total_seconds() / 60:.0f}"
            yield finding(trouble, [source], source=source, at=clock(heard) if heard else "never", bound=minutes)
    for what in q.evidence.conflicts:
        yield finding("SOURCES_DISAGREE", what=what)
    yield from _check_feed(q)


def _check_feed(q: Question) -> Iterator[CheckResult]:
    """While the feed is silent nobody would tell us of a change."""
    if q.evidence.feed is None:
        return
    heard, bound = q.evidence.feed.heard_at, q.policy.measures.feed_silence.value
    silent = heard is None or (q.now - heard).total_seconds() > bound
    if silent or (heard is not None and (heard - q.now).total_seconds() > q.policy.measures.clock_skew.value):
        yield finding("FEED_SILENT", at=clock(heard) if heard else "never", bound=f"{bound:.0f}")


def check_use(q: Question) -> Iterator[CheckResult]:
    """25: not consumed, not another session's, nothing frozen, this gateway's record complete."""
    named = q.request.authorisation_id
    life = q.evidence.lives.get(named)
    if life is None or life.state is LifeState.UNKNOWN:
        yield finding("USE_UNKNOWN", [named], id=named)
    elif q.spent(named):
        yield finding("USED", [named], id=named)
    elif life.state is LifeState.GRANTED:
        yield finding("GRANTED", [named], id=named)
    elif life.state is LifeState.RESERVED and life.session != q.request.session:
        yield finding("RESERVED_ELSEWHERE", [named], id=named)
    if life is not None and life.stopped:
        yield finding("STOPPED", [named], id=named)
    for other in q.evidence.authorisations:
        if _unknown_use(q, other):
            yield finding("EARLIER_USE_UNKNOWN", [other.id], id=other.id, number=other.prisoner_number)
    places = {FreezeScope.PRISON: q.request.prison_id, FreezeScope.LANE: q.request.lane}
    for freeze in q.evidence.freezes:
        if freeze.scope is FreezeScope.ESTATE or freeze.name == places[freeze.scope]:
            yield finding(
                "FROZEN", scope=freeze.scope.capitalize(), name=freeze.name, why=freeze.why or "no reason given"
            )
    if q.evidence.ledger_current is None:
        yield finding("LEDGER_UNKNOWN")
    elif not q.evidence.ledger_current:
        yield finding("LEDGER_BEHIND")


def _unknown_use(q: Question, other: Authorisation) -> bool:
    """Another authorisation of this person whose opening is unsettled: they may have left already."""
    if other.id == q.request.authorisation_id or (q.authorisation is not None and q.authorisation.cites == other.id):
        return False
    life = q.evidence.lives.get(other.id)
    return life is not None and life.state in (LifeState.UNKNOWN, LifeState.GRANTED)
