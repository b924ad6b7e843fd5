"""The field's closed lists of codes. Each is exactly the code that HMPPS systems use."""

from enum import StrEnum


class MovementType(StrEnum):
    ADM = "ADM"
    CRT = "CRT"
    REL = "REL"
    TAP = "TAP"
    TRN = "TRN"


class MovementReason(StrEnum):
    """Reasons of a REL movement."""

    CR = "CR"
    SC = "SC"
    HR = "HR"
    PX = "PX"
    PD = "PD"
    NP = "NP"
    BL = "BL"
    BD = "BD"
    NG = "NG"
    NCS = "NCS"
    DS = "DS"
    DA = "DA"
    ETR = "ETR"
    DD = "DD"
    DE = "DE"
    EX = "EX"
    HP = "HP"
    PF = "PF"
    UAL = "UAL"
    ESCP = "ESCP"
    DEC = "DEC"
    MRG = "MRG"


NOT_DISCHARGES = frozenset({MovementReason.UAL, MovementReason.ESCP, MovementReason.DEC, MovementReason.MRG})
"""Typed REL upstream, but nobody walks out of a door for them: at large, escaped, died, records merged."""


class ReleaseRoute(StrEnum):
    """How released, as the release-in-error statistics count it."""

    BAIL = "BAIL"
    FINAL_DISCHARGE = "FINAL_DISCHARGE"
    POLICE_PRODUCTION = "POLICE_PRODUCTION"
    COURT_PRODUCTION = "COURT_PRODUCTION"
    ESCORT = "ESCORT"
    OTHER = "OTHER"


class DateType(StrEnum):
    CRD = "CRD"
    ARD = "ARD"
    SED = "SED"
    LED = "LED"
    SLED = "SLED"
    HDCED = "HDCED"
    HDCAD = "HDCAD"
    PED = "PED"
    APD = "APD"
    NPD = "NPD"
    PRRD = "PRRD"
    TUSED = "TUSED"
    ERSED = "ERSED"
    TERSED = "TERSED"
    ETD = "ETD"
    MTD = "MTD"
    LTD = "LTD"
    DPRRD = "DPRRD"
    ESED = "ESED"
    TARIFF = "Tariff"
    ROTL = "ROTL"


class CalculationStatus(StrEnum):
    PRELIMINARY = "PRELIMINARY"
    CONFIRMED = "CONFIRMED"
    """The only authority."""
    ERROR = "ERROR"
    TEST = "TEST"
    RECORD_A_RECALL = "RECORD_A_RECALL"
    BULK = "BULK"
    OVERRIDDEN = "OVERRIDDEN"


class InOutStatus(StrEnum):
    IN = "IN"
    OUT = "OUT"
    TRN = "TRN"


class LegalStatus(StrEnum):
    RECALL = "RECALL"
    DEAD = "DEAD"
    INDETERMINATE_SENTENCE = "INDETERMINATE_SENTENCE"
    SENTENCED = "SENTENCED"
    CONVICTED_UNSENTENCED = "CONVICTED_UNSENTENCED"
    CIVIL_PRISONER = "CIVIL_PRISONER"
    IMMIGRATION_DETAINEE = "IMMIGRATION_DETAINEE"
    REMAND = "REMAND"
    UNKNOWN = "UNKNOWN"
    OTHER = "OTHER"


class ImmigrationKind(StrEnum):
    IS91 = "IS91"
    DEPORTATION_ORDER = "DEPORTATION_ORDER"
    UNKNOWN = "UNKNOWN"
    NO_LONGER_OF_INTEREST = "NO_LONGER_OF_INTEREST"
    IMMIGRATION_BAIL = "IMMIGRATION_BAIL"


class RecallType(StrEnum):
    LR = "LR"
    FTR_14 = "FTR_14"
    FTR_28 = "FTR_28"
    FTR_56 = "FTR_56"
    FTR_HDC_14 = "FTR_HDC_14"
    FTR_HDC_28 = "FTR_HDC_28"
    CUR_HDC = "CUR_HDC"
    IN_HDC = "IN_HDC"


class RecallStatus(StrEnum):
    OUTSTANDING = "OUTSTANDING"
    """Made, not yet in the sentence's dates."""
    APPLIED = "APPLIED"
    """In the sentence's dates; the person serves it now."""
    COMPLETED = "COMPLETED"
    RESCINDED = "RESCINDED"
    UNKNOWN = "UNKNOWN"


class WarrantKind(StrEnum):
    REMAND = "REMAND"
    SENTENCING = "SENTENCING"
    IMMIGRATION = "IMMIGRATION"
    CIVIL = "CIVIL"
    FINE = "FINE"
    ARREST = "ARREST"
    """A bench or police warrant: the person is wanted."""


class WarrantStatus(StrEnum):
    OUTSTANDING = "OUTSTANDING"
    APPLIED = "APPLIED"
    """Its sentence is among the inputs of the calculation."""
    SATISFIED = "SATISFIED"
    WITHDRAWN = "WITHDRAWN"
    UNKNOWN = "UNKNOWN"


class PaperKind(StrEnum):
    """Paper that nobody has read yet."""

    NEW_WARRANT = "NEW_WARRANT"
    CALCULATION_REQUIRED = "CALCULATION_REQUIRED"


class CustodialStatus(StrEnum):
    """What the Crown Court says of one case."""

    CUSTODIAL_SENTENCE = "CUSTODIAL_SENTENCE"
    REMANDED = "REMANDED"
    BAILED = "BAILED"
    NON_CUSTODIAL = "NON_CUSTODIAL"
    ACQUITTED = "ACQUITTED"
    DISCONTINUED = "DISCONTINUED"
    UNKNOWN = "UNKNOWN"


class OrderKind(StrEnum):
    """A court's or a minister's order on which somebody may leave without a calculated date."""

    BAIL = "BAIL"
    NOT_GUILTY = "NOT_GUILTY"
    NON_CUSTODIAL_SENTENCE = "NON_CUSTODIAL_SENTENCE"
    CHARGES_WITHDRAWN = "CHARGES_WITHDRAWN"
    APPEAL_ALLOWED = "APPEAL_ALLOWED"
    EXTRADITION = "EXTRADITION"
    HOSPITAL = "HOSPITAL"
    FINE_PAID = "FINE_PAID"


class OrderChannel(StrEnum):
    """How an order reached the prison."""

    COURT_SYSTEM = "COURT_SYSTEM"
    EMAIL = "EMAIL"
    PAPER = "PAPER"
    UNKNOWN = "UNKNOWN"


class LicenceStatus(StrEnum):
    NOT_STARTED = "NOT_STARTED"
    IN_PROGRESS = "IN_PROGRESS"
    SUBMITTED = "SUBMITTED"
    APPROVED = "APPROVED"
    ACTIVE = "ACTIVE"
    REJECTED = "REJECTED"
    RECALLED = "RECALLED"
    INACTIVE = "INACTIVE"
    TIMED_OUT = "TIMED_OUT"
    UNKNOWN = "UNKNOWN"


class HoldKind(StrEnum):
    """A hold placed in the gateway itself."""

    NOT_FOR_RELEASE = "NOT_FOR_RELEASE"
    GOVERNOR = "GOVERNOR"
    SECURITY = "SECURITY"


class AuthorisationState(StrEnum):
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    PAUSED = "PAUSED"
    CANCELLED = "CANCELLED"
    DENIED = "DENIED"
    EXPIRED = "EXPIRED"


class Source(StrEnum):
    """Where evidence comes from; each has a freshness bound in the policy."""

    PRISONER = "PRISONER"
    IDENTITY = "IDENTITY"
    ALERTS = "ALERTS"
    CALCULATION = "CALCULATION"
    WARRANTS = "WARRANTS"
    CROWN_COURT = "CROWN_COURT"
    IMMIGRATION = "IMMIGRATION"
    RECALL = "RECALL"
    LICENCE = "LICENCE"


class RelationKind(StrEnum):
    """How two people are related, as an officer recorded it."""

    TWIN = "TWIN"
    """Identical or not, where nobody knows: a face cannot tell them apart."""
    SIBLING = "SIBLING"
    PARENT_OR_CHILD = "PARENT_OR_CHILD"
    OTHER = "OTHER"


class FreezeScope(StrEnum):
    ESTATE = "ESTATE"
    PRISON = "PRISON"
    LANE = "LANE"


class LifeState(StrEnum):
    """The life of an authorisation, held by the ledger."""

    AVAILABLE = "AVAILABLE"
    RESERVED = "RESERVED"
    GRANTED = "GRANTED"
    CONSUMED = "CONSUMED"
    UNKNOWN = "UNKNOWN"
    SETTLED = "SETTLED"
