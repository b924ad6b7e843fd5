"""What each source says, record by record. Frozen; no I/O.

The fields have HMPPS's own names. A code that is not known becomes UNKNOWN in the adapter that read it, never here.
"""

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, Field

from sallyport_gateway.authority.json_form import Id, Line, NameText, Record
from sallyport_gateway.authority.words import (
    AuthorisationState,
    CalculationStatus,
    CustodialStatus,
    DateType,
    HoldKind,
    ImmigrationKind,
    InOutStatus,
    LegalStatus,
    LicenceStatus,
    MovementReason,
    MovementType,
    OrderChannel,
    OrderKind,
    PaperKind,
    RecallStatus,
    RecallType,
    RelationKind,
    WarrantKind,
    WarrantStatus,
)
from sallyport_protocol.documents import LaneKind


class Named(Record):
    """A person as a document names them; a missing date of birth is None."""

    surname: NameText
    forenames: NameText = ""
    date_of_birth: date | None = None


class Identifier(Record):
    type: Id
    value: Id


class PrisonerRecord(Named):
    """The prison's record of one number."""

    prisoner_number: Id
    status: Id
    in_out_status: InOutStatus
    prison_id: Id
    legal_status: LegalStatus
    recall: bool
    restricted_patient: bool = False
    aliases: tuple[Named, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    current_facial_image_id: int | None = None


class LinkedNumber(Record):
    """Another prison number of the same person; reviewed when an officer looked at what stands under it."""

    prisoner_number: Id
    reviewed_by: Id | None = None
    reviewed_at: AwareDatetime | None = None


class ReviewedAlias(Named):
    reviewed_by: Id | None = None
    reviewed_at: AwareDatetime | None = None


class Identity(Record):
    """The core person record: `cpr_uuids` holds every person found under this number; there must be one."""

    cpr_uuids: tuple[Id, ...]
    numbers: tuple[LinkedNumber, ...] = ()
    aliases: tuple[ReviewedAlias, ...] = ()


class Approval(Record):
    officer: Id
    duty_governor: bool = False
    at: AwareDatetime


class Escort(Record):
    """Who takes the person over. Accepted means: signed for, and the signature verified on arrival."""

    name: NameText
    organisation: NameText
    accepted_at: AwareDatetime | None = None
    acceptance: Id | None = None
    """Digest of the signed acceptance."""


class Authorisation(Named):
    """One authorisation to leave once: who, why, by what kind of lane, in which window [opens, closes)."""

    id: Id
    prisoner_number: Id
    prison_id: Id
    movement_type: MovementType
    movement_reason: MovementReason
    date_type: DateType | None = None
    lane_kind: LaneKind
    window_opens: AwareDatetime
    window_closes: AwareDatetime
    state: AuthorisationState
    created_by: Id
    created_at: AwareDatetime
    approvals: tuple[Approval, ...] = ()
    calculation_reference: Id | None = None
    order_id: Id | None = None
    escort: Escort | None = None
    early_day_decision: Id | None = None
    """The decision that lets this person out before a Friday or the day before a bank holiday."""
    cites: Id | None = None


class Offence(Record):
    """One offence code that the calculation used, with the days on which the code was in force."""

    code: Id
    committed_on: date
    in_force_from: date | None = None
    in_force_until: date | None = None


class Calculation(Record):
    calculation_reference: Id
    status: CalculationStatus
    calculated_by_username: Id
    calculated_at: AwareDatetime
    checked_by_username: Id | None = None
    checked_at: AwareDatetime | None = None
    inputs_changed: bool | None = None
    """What checkForChange said; None when it was not asked or did not answer."""
    dates: dict[DateType, date]
    adjustments_included: tuple[Id, ...] = ()
    warrants_included: tuple[Id, ...] = ()
    offences: tuple[Offence, ...] = ()


class Adjustment(Record):
    """Days added to or taken from a sentence; `days` positive makes it longer."""

    adjustment_id: Id
    days: int
    active: bool = True


class Hold(Record):
    hold_id: Id
    kind: HoldKind
    why: Line
    placed_by: Id
    placed_at: AwareDatetime
    lifted_at: AwareDatetime | None = None


class Alert(Record):
    alert_id: Id
    alert_type: Id
    alert_code: Id
    active: bool = True


class Ruling(Record):
    """An officer's finding that an unmatched warrant is not about this prisoner."""

    prisoner_number: Id
    by: Id
    at: AwareDatetime


class Warrant(Named):
    """`prisoner_number` None: stored, but linked to nobody."""

    warrant_id: Id
    kind: WarrantKind
    status: WarrantStatus
    prisoner_number: Id | None = None
    court: NameText = ""
    not_this_person: tuple[Ruling, ...] = ()


class Paper(Record):
    paper_id: Id
    kind: PaperKind
    warrant_kind: WarrantKind | None = None
    received_at: AwareDatetime


class CourtCase(Record):
    case_id: Id
    custodial_status: CustodialStatus
    warrant_id: Id | None = None


class Condition(Record):
    text: Line
    met: bool | None = None


class CourtOrder(Named):
    order_id: Id
    kind: OrderKind
    channel: OrderChannel
    made_on: date
    confirmed_by: Id | None = None
    """Who rang the court back on its published number, where the order did not come through the court's system."""
    confirmed_at: AwareDatetime | None = None
    conditions: tuple[Condition, ...] = ()
    superseded: bool = False


class ImmigrationRecord(Record):
    record_id: Id
    kind: ImmigrationKind
    current: bool = True


class Recall(Record):
    recall_id: Id
    recall_type: RecallType
    status: RecallStatus


class Licence(Record):
    licence_id: Id
    kind: Id
    status: LicenceStatus


class Relation(Record):
    """Somebody who could be mistaken for this person. Kept under both numbers where the other has one too."""

    relation_id: Annotated[str, Field(min_length=1, max_length=60)]
    kind: RelationKind
    other: NameText
    """The other's name, for officers' eyes."""
    other_number: Id | None = None
    recorded_by: Id
    recorded_at: AwareDatetime
    ended_by: Id | None = None
    ended_at: AwareDatetime | None = None
    """When it turned out to be no relation at all; a relation never ends otherwise."""


class Namesake(Named):
    """Somebody of a similar name on the roll of the same prison."""

    prisoner_number: Id


class Conflict(Record):
    """Two sources say different things of the same fact."""

    conflict_id: Id
    what: Line
