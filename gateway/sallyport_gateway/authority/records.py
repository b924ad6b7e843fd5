"""What each source says, record by record. Frozen; no I/O.

The JSON form uses HMPPS's own field names (camel case) and is the form of case files. A field that is not known
refuses; a code that is not known becomes UNKNOWN in the adapter that read it, never here.
"""

from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any, Self, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

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
from sallyport_protocol.errors import MalformedError

Id = Annotated[str, Field(min_length=1, max_length=64)]
NameText = Annotated[str, Field(max_length=200)]
Line = Annotated[str, Field(max_length=500)]
MAX_BYTES = 1_048_576
"""Largest JSON document accepted for one person or one case, bytes."""


_NUL = "\\u0000"
"""As JSON writes it; unescaped it is no JSON."""


class Record(BaseModel):
    """A frozen value with a strict JSON form."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        allow_inf_nan=False,
    )

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Reads JSON. Raises MalformedError that names every wrong field (the first ten)."""
        if len(text) > MAX_BYTES:
            raise MalformedError(f"{len(text)} bytes; at most {MAX_BYTES} are read. Send one person at a time.")
        if _NUL.encode() in text if isinstance(text, bytes) else _NUL in text:
            raise MalformedError(f"{cls.__name__} holds the character U+0000, which no database keeps: take it out.")
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise MalformedError(explain(cls.__name__, error, cls)) from None

    def to_map(self) -> dict[str, Any]:
        """The JSON form as plain values."""
        return self.model_dump(mode="json", by_alias=True)

    def to_json(self) -> str:
        return self.model_dump_json(by_alias=True)


def explain(what: str, error: ValidationError, model: type[BaseModel] | None = None) -> str:
    """One line for each wrong field, the first ten. With `model`, a field that is none of ours gets a suggestion."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [f"{'.'.join(str(part) for part in each['loc']) or what}{_wrong(each, model)}" for each in found[:10]]
    more = f"; and {len(found) - 10} more" if len(found) > 10 else ""
    return f"{what} cannot be read: {'; '.join(lines)}{more}."


def _wrong(each: Any, model: type[BaseModel] | None) -> str:
    """What is wrong with one field, and what would be right."""
    kind = each["type"]
    if kind == "extra_forbidden":
        near = get_close_matches(str(each["loc"][-1]), _fields_at(model, each["loc"][:-1]), 1)
        return f" is no field of it (is {near[0]} meant?)" if near else " is no field of it"
    if kind == "missing":
        return " is missing"
    if kind.startswith(("datetime", "timezone")):
        return " is not a time with its zone, such as 2026-06-10T09:30:00Z"
    if kind.startswith("date"):
        return " is not a day, such as 2026-06-10"
    return f": {each['msg']}"


def _fields_at(model: type[BaseModel] | None, place: tuple[int | str, ...]) -> list[str]:
    """The names that fields may have there."""
    for part in place:
        if model is not None and isinstance(part, str):
            names = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
            model = next((each for each in _classes(names.get(part)) if issubclass(each, BaseModel)), None)
    return [] if model is None else [field.alias or name for name, field in model.model_fields.items()]


def _classes(annotation: Any) -> list[type]:
    """Every class that an annotation names, however deep."""
    if isinstance(annotation, type) and not get_args(annotation):
        return [annotation]
    return [each for inner in get_args(annotation) for each in _classes(inner)]


def refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For `json.loads`: a key that occurs twice refuses, or two readers of one file would see different things."""
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise MalformedError(f'The key "{twice}" occurs twice.')
    return made


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
