"""Why a release is held, who settles it and how: HMPPS's causes, the owners and their first steps."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class CauseCode(StrEnum):
    """HMPPS's causes of releases in error, so that prevented and real errors are counted alike, and one of our own."""

    WRONG_PERSON = "WRONG_PERSON"
    SENTENCE_MISCALCULATED = "SENTENCE_MISCALCULATED"
    ADDITIONAL_DAYS_NOT_INCLUDED = "ADDITIONAL_DAYS_NOT_INCLUDED"
    IMMIGRATION_WARRANT = "IMMIGRATION_WARRANT"
    REMAND_WARRANT = "REMAND_WARRANT"
    IMPRISONMENT_WARRANT = "IMPRISONMENT_WARRANT"
    CIVIL_OR_FINE_WARRANT = "CIVIL_OR_FINE_WARRANT"
    BAIL_CONDITIONS_NOT_MET = "BAIL_CONDITIONS_NOT_MET"
    RELEASE_CRITERIA_NOT_MET = "RELEASE_CRITERIA_NOT_MET"
    RECALL_NOT_APPLIED = "RECALL_NOT_APPLIED"
    LIVENESS_NOT_SHOWN = "LIVENESS_NOT_SHOWN"
    """Ours: who stands there was not shown to be alive, which says nothing yet about who it is."""
    OTHER = "OTHER"

    @property
    def wording(self) -> str:
        """The published wording; our own of our own."""
        return _CAUSE_TITLES[self]


_CAUSE_TITLES: Mapping[CauseCode, str] = {
    CauseCode.WRONG_PERSON: "Wrong person",
    CauseCode.SENTENCE_MISCALCULATED: "Sentence miscalculated",
    CauseCode.ADDITIONAL_DAYS_NOT_INCLUDED: "Additional days not included",
    CauseCode.IMMIGRATION_WARRANT: "Immigration warrant not applied, misfiled or missing",
    CauseCode.REMAND_WARRANT: "Remand warrant not applied, misfiled or missing",
    CauseCode.IMPRISONMENT_WARRANT: "Imprisonment warrant not applied, misfiled or missing",
    CauseCode.CIVIL_OR_FINE_WARRANT: "Civil or fine warrant not applied, misfiled or missing",
    CauseCode.BAIL_CONDITIONS_NOT_MET: "Bail conditions not fully met",
    CauseCode.RELEASE_CRITERIA_NOT_MET: "Release criteria not met",
    CauseCode.RECALL_NOT_APPLIED: "Recall procedures not applied",
    CauseCode.LIVENESS_NOT_SHOWN: "Liveness not shown",
    CauseCode.OTHER: "Other",
}


class Owner(StrEnum):
    """Who must settle a hold."""

    CONFIRMING_OFFICER = "CONFIRMING_OFFICER"
    DUTY_GOVERNOR = "DUTY_GOVERNOR"
    OFFENDER_MANAGEMENT = "OFFENDER_MANAGEMENT"
    SENTENCE_CALCULATION = "SENTENCE_CALCULATION"
    COURT_LIAISON = "COURT_LIAISON"
    HOME_OFFICE_LIAISON = "HOME_OFFICE_LIAISON"
    SECURITY = "SECURITY"
    DEVICE_SUPPORT = "DEVICE_SUPPORT"


class NextStep(StrEnum):
    """What the owner does first."""

    OPEN_THE_DOOR = "OPEN_THE_DOOR"
    TRY_AGAIN = "TRY_AGAIN"
    CALL_DUTY_GOVERNOR = "CALL_DUTY_GOVERNOR"
    CALL_SECURITY = "CALL_SECURITY"
    COURT_URGENT_QUERY = "COURT_URGENT_QUERY"
    ASK_HOME_OFFICE = "ASK_HOME_OFFICE"
    RECALCULATE = "RECALCULATE"
    ASK_OFFENDER_MANAGEMENT = "ASK_OFFENDER_MANAGEMENT"
    REFRESH_SOURCES = "REFRESH_SOURCES"
    CALL_DEVICE_SUPPORT = "CALL_DEVICE_SUPPORT"

    @property
    def wording(self) -> str:
        """The step as an instruction."""
        return _STEP_TITLES[self]


_STEP_TITLES: Mapping[NextStep, str] = {
    NextStep.OPEN_THE_DOOR: "Look at the photograph, then confirm the opening.",
    NextStep.TRY_AGAIN: "Start a new attempt.",
    NextStep.CALL_DUTY_GOVERNOR: "Keep the person here and call the duty governor.",
    NextStep.CALL_SECURITY: "Keep the person here and call security.",
    NextStep.COURT_URGENT_QUERY: "Send the court an urgent query through the court liaison desk.",
    NextStep.ASK_HOME_OFFICE: "Ask Home Office immigration enforcement for a decision.",
    NextStep.RECALCULATE: "Ask for a new sentence calculation and a second check.",
    NextStep.ASK_OFFENDER_MANAGEMENT: "Ask the offender management unit to settle the record.",
    NextStep.REFRESH_SOURCES: "Wait for the source to answer, then start a new attempt.",
    NextStep.CALL_DEVICE_SUPPORT: "Call device support; the manual path stays open.",
}
