"""Everything that checks 13 to 25 may look at, composed for one person at one moment. Frozen; no I/O."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Self

from pydantic import AwareDatetime, Field

from sallyport_gateway.authority.json_form import Id, Line, Record
from sallyport_gateway.authority.records import (
    Adjustment,
    Alert,
    Authorisation,
    Calculation,
    CourtCase,
    CourtOrder,
    Hold,
    Identity,
    ImmigrationRecord,
    Licence,
    Namesake,
    Paper,
    PrisonerRecord,
    Recall,
    Relation,
    Warrant,
)
from sallyport_gateway.authority.words import FreezeScope, LifeState, MovementReason, MovementType, Source
from sallyport_protocol.checks import Path
from sallyport_protocol.documents import LaneKind
from sallyport_protocol.subject import Guard


class Life(Record):
    """Where an authorisation stands in the ledger; `session` holds it while RESERVED or GRANTED."""

    state: LifeState
    session: Id | None = None
    stopped: bool = False


class Freeze(Record):
    scope: FreezeScope
    name: Id
    """The lane, the prison, or ESTATE."""
    why: Line = ""


class Feed(Record):
    """The road on which the sources say that something changed."""

    heard_at: AwareDatetime | None = None
    """The moment up to which nothing is missing; None when it was never heard."""


class AuthorityEvidence(Record):
    """All sources about one prisoner number (and the numbers linked to it), each with its as-of time.

    A source that is missing from `as_of` did not answer.
    """

    prisoner_number: Id
    as_of: dict[Source, AwareDatetime]
    prisoner: PrisonerRecord | None = None
    identity: Identity | None = None
    authorisations: tuple[Authorisation, ...] = ()
    calculation: Calculation | None = None
    adjustments: tuple[Adjustment, ...] = ()
    holds: tuple[Hold, ...] = ()
    alerts: tuple[Alert, ...] = ()
    warrants: tuple[Warrant, ...] = ()
    unmatched_warrants: tuple[Warrant, ...] = ()
    papers: tuple[Paper, ...] = ()
    court_cases: tuple[CourtCase, ...] = ()
    court_orders: tuple[CourtOrder, ...] = ()
    immigration: tuple[ImmigrationRecord, ...] = ()
    recalls: tuple[Recall, ...] = ()
    licences: tuple[Licence, ...] = ()
    lives: dict[Id, Life] = Field(default_factory=dict)
    freezes: tuple[Freeze, ...] = ()
    ledger_current: bool | None = None
    """False: behind a witnessed audit head or an interlock's counter; None: not known."""
    relations: tuple[Relation, ...] = ()
    namesakes: tuple[Namesake, ...] = ()
    """Who on the roll of this prison has a similar name, as the door that composed this found them."""
    conflicts: tuple[Line, ...] = ()
    """Where two sources said different things of the same fact, as the adapter found it."""
    feed: Feed | None = None
    """None: the records are kept here, and no feed is needed to hear of a change."""

    def with_ledger(
        self, lives: Mapping[str, Life], freezes: Iterable[Freeze], ledger_current: bool | None
    ) -> "AuthorityEvidence":
        """Adds what the ledger knows: how far each authorisation is used, what is frozen, whether it is complete."""
        ledger = {"lives": dict(lives), "freezes": tuple(freezes), "ledger_current": ledger_current}
        return self.model_copy(update=ledger)


class ManualIdentification(Record):
    """The manual path: who looked, why, and what the kiosk had said before."""

    officers: tuple[Id, ...]
    why: Line
    after: Line = ""
    """Outcome of the last attempt at the kiosk: NON_MATCH, ATTACK_SUSPECTED, or why none could be made."""
    duty_governor: Id | None = None


class ReleaseRequest(Record):
    """One attempt at one door."""

    session: Id
    path: Path = Path.BIOMETRIC
    prison_id: Id
    lane: Id
    lane_kind: LaneKind
    prisoner_number: Annotated[str, Field(max_length=64)]
    authorisation_id: Id
    movement_type: MovementType
    movement_reason: MovementReason
    confirming_officer: Id | None = None
    manual: ManualIdentification | None = None
    guard: Guard = Guard.NONE
    """What the check at the kiosk allowed for."""

    @classmethod
    def at_any_door(cls, given: Authorisation, session: str) -> Self:
        """The request of a release on `given` with nobody at a kiosk: what is asked there is not asked of it."""
        return cls(
            session=session,
            prison_id=given.prison_id,
            lane="any",
            lane_kind=given.lane_kind,
            prisoner_number=given.prisoner_number,
            authorisation_id=given.id,
            movement_type=given.movement_type,
            movement_reason=given.movement_reason,
            guard=Guard.TWIN,
        )
