"""What is asked: may this person leave, by this lane, for this purpose, now? The one argument of every check."""

from dataclasses import dataclass, field
from datetime import date, datetime

from sallyport_gateway.authority.calendar import london, london_day
from sallyport_gateway.authority.evidence import AuthorityEvidence, ReleaseRequest
from sallyport_gateway.authority.policy import Basis, Purpose, ReleasePolicy
from sallyport_gateway.authority.records import Authorisation, Named
from sallyport_gateway.authority.words import LegalStatus, LifeState, Source
from sallyport_protocol.identity import person_key

_SPENT = (LifeState.CONSUMED, LifeState.SETTLED)


@dataclass(frozen=True, slots=True)
class Question:
    """One attempt, all that is known about it, the policy and the time. `authorisation` and `purpose` are looked up."""

    request: ReleaseRequest
    evidence: AuthorityEvidence
    policy: ReleasePolicy
    now: datetime
    authorisation: Authorisation | None
    purpose: Purpose | None
    _troubles: dict[Source, str | None] = field(default_factory=dict, compare=False, repr=False)
    """What `trouble` has said: each source is asked for by several checks."""

    @property
    def today(self) -> date:
        """The day in London."""
        return london_day(self.now)

    @property
    def purpose_name(self) -> str:
        return f"{self.request.movement_reason} {self.purpose.name if self.purpose else ''}".strip()

    @property
    def names(self) -> tuple[Named, ...]:
        """The person's name and every alias known to any source."""
        own = (self.evidence.prisoner, *self.evidence.prisoner.aliases) if self.evidence.prisoner else ()
        return (*own, *(self.evidence.identity.aliases if self.evidence.identity else ()))

    @property
    def needs_dates(self) -> bool:
        """Does this release rest on a sentence's dates?"""
        if self.purpose is None:
            return False
        prisoner = self.evidence.prisoner
        detained = prisoner is not None and prisoner.legal_status is LegalStatus.IMMIGRATION_DETAINEE
        return self.purpose.basis is Basis.CALCULATION or (self.purpose.basis is Basis.DEPORTATION and not detained)

    @property
    def escorted(self) -> bool:
        """Has a named escort signed for this person, on this authorisation since it was made, by now?"""
        escort = self.authorisation.escort if self.authorisation else None
        return (
            escort is not None
            and bool(escort.name.strip() and escort.organisation.strip() and escort.acceptance)
            and escort.accepted_at is not None
            and self.authorisation is not None
            and not self.before(escort.accepted_at, self.authorisation.created_at)
            and escort.accepted_at <= self.now
        )

    def before(self, one: datetime, other: datetime) -> bool:
        """Was it earlier, by more than clocks differ?"""
        return (other - one).total_seconds() > self.policy.measures.clock_skew.value

    def spent(self, authorisation_id: str) -> bool:
        life = self.evidence.lives.get(authorisation_id)
        return life is not None and life.state in _SPENT

    def trouble(self, source: Source) -> str | None:
        """Why a source cannot be relied on: SOURCE_MISSING, SOURCE_IN_FUTURE, SOURCE_STALE; None when fresh."""
        if source not in self._troubles:
            self._troubles[source] = self._trouble(source)
        return self._troubles[source]

    def _trouble(self, source: Source) -> str | None:
        heard = self.evidence.as_of.get(source)
        if heard is None:
            return "SOURCE_MISSING"
        age = (self.now - heard).total_seconds()
        if age < -self.policy.measures.clock_skew.value:
            return "SOURCE_IN_FUTURE"
        return "SOURCE_STALE" if age > self.policy.bound(source).total_seconds() else None


def ask(request: ReleaseRequest, evidence: AuthorityEvidence, policy: ReleasePolicy, now: datetime) -> Question:
    """Looks up the authorisation (exactly one of that id) and the rule for the purpose. `now` must be aware."""
    if now.tzinfo is None:
        raise ValueError("now must have a time zone")
    named = [each for each in evidence.authorisations if each.id == request.authorisation_id]
    return Question(
        request, evidence, policy, now, named[0] if len(named) == 1 else None, policy.purpose(request.movement_reason)
    )


def clock(moment: datetime) -> str:
    """A time as an officer reads it: London's clock."""
    return f"{london(moment):%H:%M on %-d %B %Y}"


def day(value: date | None) -> str:
    """A day as an officer reads it."""
    return "nothing" if value is None else f"{value:%-d %B %Y}"


def written(name: Named) -> str:
    """A name as written, on one line."""
    return " ".join(f"{name.forenames} {name.surname}".split()) or "nobody"


def unclear(*names: str | None) -> list[str]:
    """The names of which nobody can tell whose they are, each with its letters' numbers; None is nobody's."""
    found = [name for name in dict.fromkeys(names) if name is not None and not person_key(name)]
    return [f"{name} ({name.encode('ascii', 'backslashreplace').decode()})" for name in found]
