"""Every reason for which checks 13 to 26 hold a release: one table, so that what can be said is known in advance.

A reason's code goes into the audit log and the statistics and never changes its meaning. Cause, owner and first step
stay the check's own unless the row names others. `judgement`: a person must weigh it; alone it refers, not holds.
"""

from dataclasses import dataclass
from typing import Final

from sallyport_protocol.causes import CauseCode as Cause
from sallyport_protocol.causes import NextStep, Owner
from sallyport_protocol.checks import CheckOutcome

_FAIL, _UNKNOWN = CheckOutcome.FAIL, CheckOutcome.UNKNOWN
_COURT: Final = (Owner.COURT_LIAISON, NextStep.COURT_URGENT_QUERY)
_GOVERNOR: Final = (Owner.DUTY_GOVERNOR, NextStep.CALL_DUTY_GOVERNOR)
_HOME_OFFICE: Final = (Owner.HOME_OFFICE_LIAISON, NextStep.ASK_HOME_OFFICE)


@dataclass(frozen=True, slots=True)
class Reason:
    """One row: when the check `number` says `code`, the officer reads `sentence` with its places filled in."""

    number: int
    code: str
    sentence: str
    outcome: CheckOutcome = _FAIL
    cause: Cause | None = None
    to: tuple[Owner, NextStep] | None = None
    judgement: bool = False


_ROWS: Final = (
    Reason(13, "NUMBER_MALFORMED", "{number} is not a prisoner number (one letter, four digits, two letters)."),
    Reason(13, "PRISON_MALFORMED", "{prison} is not a prison's code (two letters and I)."),
    Reason(13, "PRISONER_NOT_FOUND", "Nobody is held under {number}.", cause=Cause.WRONG_PERSON),
    Reason(13, "PRISONER_UNKNOWN", "The prisoner record of {number} could not be read.", _UNKNOWN),
    Reason(13, "RECORD_OF_ANOTHER", "The record is about {found}, not {number}.", cause=Cause.WRONG_PERSON),
    Reason(13, "NOT_ACTIVE", "The record of {number} is {status}, not ACTIVE IN."),
    Reason(13, "NOT_IN", "{number} is recorded as {status}, not IN."),
    Reason(13, "OTHER_PRISON", "{number} is recorded at {found}, not at {prison}."),
    Reason(
        13,
        "NAME_MISMATCH",
        "{document} names {written}, but {number} is {found}. Is the number mistyped?",
        cause=Cause.WRONG_PERSON,
    ),
    Reason(
        13,
        "BIRTH_DATE_MISMATCH",
        "{document} gives the date of birth {written}, but {number} was born on {found}. Is the number mistyped?",
        cause=Cause.WRONG_PERSON,
    ),
    Reason(
        13,
        "NAME_OF_ANOTHER_BIRTH_DATE",
        "{document} names {written}; {number} has that name and that date of birth, but not under one alias.",
        cause=Cause.WRONG_PERSON,
        judgement=True,
    ),
    Reason(13, "BIRTH_DATE_IMPLAUSIBLE", "{number} was born on {born}, says the record: that cannot be.", _UNKNOWN),
    Reason(13, "RESTRICTED_PATIENT", "{number} is a restricted patient: the hospital and the ministry decide."),
    Reason(14, "NO_AUTHORISATION", "There is no authorisation {id} for {number}."),
    Reason(14, "AUTHORISATION_NOT_APPROVED", "Authorisation {id} is {state}, not approved."),
    Reason(14, "AUTHORISATION_DUPLICATE", "{number} has {count} approved authorisations; there must be one."),
    Reason(
        14, "AUTHORISATION_OF_ANOTHER", "Authorisation {id} is for {found}, not {number}.", cause=Cause.WRONG_PERSON
    ),
    Reason(14, "AUTHORISATION_OTHER_PRISON", "Authorisation {id} is for {found}, not {prison}."),
    Reason(14, "OTHER_MOVEMENT", "Authorisation {id} is for {found}, not for {asked}."),
    Reason(14, "MOVEMENT_NOT_COVERED", "A movement {movement} is not a release: this door is for releases only."),
    Reason(14, "NOT_A_DISCHARGE", "Reason {reason} is not a discharge: nobody leaves by it."),
    Reason(14, "PURPOSE_NOT_COVERED", "The policy has no rule for release reason {reason}."),
    Reason(14, "OTHER_LANE_KIND", "Authorisation {id} is for a {found} lane; this is a {asked} lane.", to=_GOVERNOR),
    Reason(14, "LANE_NOT_ALLOWED", "{purpose} may not leave by a {asked} lane.", to=_GOVERNOR),
    Reason(14, "NO_ESCORT", "{purpose} needs a named escort; none is named.", to=_GOVERNOR),
    Reason(14, "ESCORT_NOT_SIGNED", "The escort {escort} has not signed for {number}.", to=_GOVERNOR),
    Reason(14, "WINDOW_NOT_OPEN", "The release window opens at {opens}."),
    Reason(14, "WINDOW_CLOSED", "The release window closed at {closes}."),
    Reason(14, "WINDOW_TOO_LONG", "The release window is {hours:.0f} hours long; at most {most:.0f} are allowed."),
    Reason(14, "CREATED_IN_FUTURE", "Authorisation {id} says that it was made at {made}, which is to come."),
    Reason(15, "NO_CALCULATION", "There is no sentence calculation for {number}.", _UNKNOWN),
    Reason(15, "CALCULATION_NOT_CONFIRMED", "Calculation {reference} is {status}; only CONFIRMED is authority."),
    Reason(15, "CALCULATION_REFERENCE_MALFORMED", "Calculation reference {reference} is not a UUID.", _UNKNOWN),
    Reason(15, "OTHER_CALCULATION", "The authorisation was given on calculation {named}; the latest is {reference}."),
    Reason(15, "CALCULATION_IN_FUTURE", "Calculation {reference} carries a time that is to come ({at}).", _UNKNOWN),
    Reason(15, "INPUTS_CHANGED", "What calculation {reference} was made from has changed since."),
    Reason(15, "INPUTS_UNKNOWN", "Whether the inputs of {reference} changed could not be asked.", _UNKNOWN),
    Reason(15, "NOT_CHECKED", "Calculation {reference} has no second check."),
    Reason(
        15,
        "CHECKER_UNCLEAR",
        "Calculation {reference} names {who}, with letters that belong into no user name: nobody can tell who that is.",
    ),
    Reason(15, "CHECKED_BY_CALCULATOR", "Calculation {reference} was checked by {who}, who also made it."),
    Reason(15, "CHECKED_BEFORE_CALCULATED", "Calculation {reference} was checked before it was made."),
    Reason(15, "DATE_TYPE_DISAGREES", "{purpose} rests on {allowed}, but the authorisation names {named}."),
    Reason(15, "DATE_MISSING", "Calculation {reference} holds no {named}.", _UNKNOWN),
    Reason(15, "NOT_DUE", "{named} is {date}: release is due from {due}, not before."),
    Reason(
        15,
        "ADDITIONAL_DAYS_MISSING",
        "Additional days {missing} are not in calculation {reference}.",
        cause=Cause.ADDITIONAL_DAYS_NOT_INCLUDED,
    ),
    Reason(15, "OFFENCE_CODE_NOT_IN_FORCE", "Offence code {code} was not in force on {date}."),
    Reason(15, "OFFENCE_IN_FUTURE", "Offence {code} is dated {date}, which is to come.", _UNKNOWN),
    Reason(
        15, "LATER_DATE", "{named} is {date}, but {other} of the same calculation is {later}.", _UNKNOWN, judgement=True
    ),
    Reason(15, "NOT_ELIGIBLE", "{named} is {date}, before {other} on {earliest}: nobody is eligible before that."),
    Reason(15, "AFTER_ANOTHER_DATE", "{named} is {date}, after {other} on {latest}.", _UNKNOWN, judgement=True),
    Reason(
        15,
        "DATE_IMPLAUSIBLE",
        "{named} is {date}, before the birth or before an offence was committed.",
        _UNKNOWN,
    ),
    Reason(
        15, "DATE_AFTER_EXPIRY", "{named} is {date}, but the sentence expires on {expiry}.", _UNKNOWN, judgement=True
    ),
    Reason(
        15,
        "NO_ORDER",
        "{purpose} rests on an order; {named} is not among the court's orders.",
        cause=Cause.RELEASE_CRITERIA_NOT_MET,
        to=_COURT,
    ),
    Reason(
        15,
        "ORDER_OF_OTHER_KIND",
        "Order {id} is {found}, which is no basis for {purpose}.",
        cause=Cause.RELEASE_CRITERIA_NOT_MET,
        to=_COURT,
    ),
    Reason(
        15,
        "ORDER_NOT_CONFIRMED",
        "Order {id} came by {channel} and nobody rang the court back.",
        cause=Cause.RELEASE_CRITERIA_NOT_MET,
        to=_COURT,
    ),
    Reason(
        15,
        "ORDER_SUPERSEDED",
        "The court has since replaced order {id}.",
        cause=Cause.IMPRISONMENT_WARRANT,
        to=_COURT,
    ),
    Reason(
        15,
        "ORDER_IN_FUTURE",
        "Order {id} is dated {date}, which is to come.",
        _UNKNOWN,
        cause=Cause.RELEASE_CRITERIA_NOT_MET,
        to=_COURT,
    ),
    Reason(
        15,
        "ORDER_OLD",
        "Order {id} was made on {date}: is it about this detention?",
        _UNKNOWN,
        cause=Cause.RELEASE_CRITERIA_NOT_MET,
        to=_COURT,
        judgement=True,
    ),
    Reason(
        15,
        "ORDER_OF_ANOTHER",
        "Order {id} names {written}, but {number} is {found}.",
        cause=Cause.WRONG_PERSON,
        to=_COURT,
    ),
    Reason(
        15,
        "ORDER_NOT_CERTAIN",
        "Order {id} names {written}; {number} ({found}) has that name and that date of birth, but not under one alias.",
        cause=Cause.WRONG_PERSON,
        to=_COURT,
        judgement=True,
    ),
    Reason(
        15,
        "BAIL_CONDITION_NOT_MET",
        "Bail condition not met: {text}",
        cause=Cause.BAIL_CONDITIONS_NOT_MET,
        to=_COURT,
    ),
    Reason(
        15,
        "BAIL_CONDITION_UNKNOWN",
        "Whether this bail condition is met is not known: {text}",
        _UNKNOWN,
        cause=Cause.BAIL_CONDITIONS_NOT_MET,
        to=_COURT,
    ),
    Reason(
        15,
        "NO_IMMIGRATION_BAIL",
        "There is no current grant of immigration bail.",
        cause=Cause.IMMIGRATION_WARRANT,
        to=_HOME_OFFICE,
    ),
    Reason(
        15,
        "NO_DEPORTATION_ORDER",
        "There is no current deportation order.",
        cause=Cause.IMMIGRATION_WARRANT,
        to=_HOME_OFFICE,
    ),
    Reason(
        15,
        "NO_REMOVAL",
        "Nothing current says that {number} is to be removed, or something says otherwise: nobody is removed early.",
        cause=Cause.IMMIGRATION_WARRANT,
        to=_HOME_OFFICE,
    ),
    Reason(15, "NOTHING_NAMED", "Without an authorisation no date or order is named.", _UNKNOWN),
    Reason(15, "NO_PURPOSE", "Without a rule for {reason} no date can be judged.", _UNKNOWN),
    Reason(16, "ALERT_HOLDS", "Alert {code}: {name}."),
    Reason(16, "HOLD_PLACED", "{kind} hold by {who}: {why}", to=_GOVERNOR),
    Reason(17, "WARRANT_OUTSTANDING", "{kind} warrant {id} is outstanding."),
    Reason(17, "WARRANT_UNKNOWN", "What became of {kind} warrant {id} is not known.", _UNKNOWN),
    Reason(17, "WARRANT_NOT_CALCULATED", "Warrant {id} is not among the inputs of the calculation."),
    Reason(17, "WARRANT_STANDS", "{kind} warrant {id} stands; {purpose} does not end it."),
    Reason(
        17,
        "WARRANT_OF_ANOTHER",
        "Warrant {id}, which the calculation counts, names {written}: is it misfiled?",
        judgement=True,
    ),
    Reason(17, "WARRANT_MISSING", "The calculation counts warrant {id}; no source has it.", _UNKNOWN, judgement=True),
    Reason(17, "WARRANT_WITHDRAWN", "The calculation counts {id}, a withdrawn warrant.", _UNKNOWN, judgement=True),
    Reason(17, "WARRANT_UNREAD", "New {kind} paper {id} has not been read."),
    Reason(
        17,
        "CALCULATION_REQUIRED",
        "Paper {id} asks for a new calculation.",
        cause=Cause.SENTENCE_MISCALCULATED,
        to=(Owner.SENTENCE_CALCULATION, NextStep.RECALCULATE),
    ),
    Reason(
        17,
        "WARRANT_UNMATCHED",
        "Unmatched {kind} warrant {id} names {written}: {likeness} this person's.",
    ),
    Reason(17, "WARRANT_ALERT", "Alert {code}: {name}."),
    Reason(17, "COURT_REMANDED", "The court has {number} remanded in case {id}.", cause=Cause.REMAND_WARRANT),
    Reason(
        17, "COURT_SENTENCE_NOT_CALCULATED", "The court's custodial sentence in case {id} is not in the calculation."
    ),
    Reason(17, "COURT_SENTENCE", "The court's record of case {id} is a custodial sentence, not {purpose}."),
    Reason(17, "COURT_STATUS_UNKNOWN", "The court's record of case {id} is not known.", _UNKNOWN),
    Reason(18, "IMMIGRATION_HOLD", "Immigration record {id} is {kind}: release only to the Home Office's escort."),
    Reason(18, "IMMIGRATION_UNKNOWN", "Immigration record {id} is UNKNOWN.", _UNKNOWN),
    Reason(18, "IMMIGRATION_ALERT", "Alert {code}: {name}."),
    Reason(19, "RECALL_OUTSTANDING", "Recall {id} ({kind}) has not been applied."),
    Reason(19, "RECALL_UNKNOWN", "What became of recall {id} ({kind}) is not known.", _UNKNOWN),
    Reason(19, "RECALL_BEING_SERVED", "Recall {id} ({kind}) is being served; {purpose} does not end it."),
    Reason(
        19, "RECALL_WITHOUT_RECORD", "{number} is marked as recalled, but there is no recall to be found.", _UNKNOWN
    ),
    Reason(19, "RECALL_NOT_MARKED", "Recall {id} stands, but {number} is not marked as recalled.", _UNKNOWN),
    Reason(20, "STATUS_DISAGREES", "Legal status {status} is no basis for {purpose}."),
    Reason(20, "STATUS_UNKNOWN", "The legal status of {number} is not known.", _UNKNOWN),
    Reason(20, "DEAD", "{number} is recorded as dead.", cause=Cause.WRONG_PERSON),
    Reason(24, "SOURCES_DISAGREE", "Two sources disagree: {what}", _UNKNOWN, judgement=True),
    Reason(21, "NO_LICENCE", "{purpose} needs a licence; there is none of kind {kinds}."),
    Reason(21, "LICENCE_NOT_APPROVED", "Licence {id} is {status}, neither approved nor active."),
    Reason(21, "LICENCE_UNKNOWN", "Whether {purpose} needs a licence is not known.", _UNKNOWN),
    Reason(22, "NO_IDENTITY", "The core person record of {number} could not be read.", _UNKNOWN),
    Reason(22, "TWO_PEOPLE", "{count} people are recorded under {number}."),
    Reason(22, "NUMBER_NOT_REVIEWED", "{found} is the same person's number, and nobody has looked under it."),
    Reason(22, "ALIAS_NOT_REVIEWED", "The alias {alias} has not been reviewed.", judgement=True),
    Reason(22, "IDENTIFIER_MALFORMED", "{type} {value} is no valid {type}: its check letter is wrong.", judgement=True),
    Reason(
        22, "GUARD_RAISED", "{because}, and the check at the kiosk did not allow for it. Start a new check.", _UNKNOWN
    ),
    Reason(22, "REVIEWED_IN_FUTURE", "The review of {what} carries a time that is to come.", _UNKNOWN),
    Reason(23, "TOO_FEW_APPROVERS", "Approved by {count} officer(s) as far as anybody can tell; two are needed."),
    Reason(
        23,
        "OFFICER_UNCLEAR",
        "{who} is written with letters that belong into no user name: nobody can tell which officer that is.",
    ),
    Reason(23, "APPROVED_BY_CALCULATOR", "{who} approved and also calculated the sentence."),
    Reason(23, "APPROVED_BY_CONFIRMER", "{who} approved and now stands at the door."),
    Reason(23, "NO_CONFIRMING_OFFICER", "No officer at the door is named.", _UNKNOWN),
    Reason(23, "APPROVED_IN_FUTURE", "The approval by {who} carries a time that is to come.", _UNKNOWN),
    Reason(23, "APPROVED_BEFORE_CALCULATION", "{who} approved before the calculation was checked."),
    Reason(23, "APPROVED_BEFORE_MADE", "{who} approved before the authorisation was made at {made}.", _UNKNOWN),
    Reason(23, "NO_DUTY_GOVERNOR", "{purpose} needs the duty governor among the approvers."),
    Reason(23, "NO_APPROVALS_KNOWN", "Without an authorisation nobody's approval is known.", _UNKNOWN),
    Reason(24, "SOURCE_MISSING", "{source} did not answer.", _UNKNOWN),
    Reason(24, "SOURCE_STALE", "{source} was last heard at {at}: older than {bound} minutes.", _UNKNOWN),
    Reason(24, "SOURCE_IN_FUTURE", "{source} carries a time that is to come ({at}).", _UNKNOWN),
    Reason(24, "FEED_SILENT", "The feed of changes was last heard at {at}: more than {bound} s ago.", _UNKNOWN),
    Reason(25, "USED", "Authorisation {id} has been used."),
    Reason(25, "USE_UNKNOWN", "Whether authorisation {id} has been used is not known.", _UNKNOWN),
    Reason(25, "RESERVED_ELSEWHERE", "Another session holds authorisation {id}.", to=_GOVERNOR),
    Reason(25, "GRANTED", "A grant on authorisation {id} is already on its way.", to=_GOVERNOR),
    Reason(
        25, "EARLIER_USE_UNKNOWN", "Whether {number} left on authorisation {id} is not known.", _UNKNOWN, to=_GOVERNOR
    ),
    Reason(25, "STOPPED", "Authorisation {id} has been stopped."),
    Reason(25, "FROZEN", "{scope} {name} is frozen: {why}", to=_GOVERNOR),
    Reason(25, "LEDGER_BEHIND", "This gateway's record is behind what others witnessed.", to=_GOVERNOR),
    Reason(25, "LEDGER_UNKNOWN", "Whether this gateway's record is complete is not known.", _UNKNOWN, to=_GOVERNOR),
    Reason(26, "NOT_MANUAL", "Nobody recorded a manual identification.", _UNKNOWN),
    Reason(26, "MANUAL_TOO_FEW", "Identified by {count} officer(s) as far as anybody can tell; two are needed."),
    Reason(
        26,
        "MANUAL_UNCLEAR",
        "{who} is written with letters that belong into no user name: nobody can tell which officer that is.",
    ),
    Reason(26, "MANUAL_BY_APPROVER", "{who} approved the release and may not also identify the person."),
    Reason(26, "MANUAL_BY_CALCULATOR", "{who} calculated the sentence and may not also identify the person."),
    Reason(26, "MANUAL_BY_ANOTHER", "{who} stands at the door and is none of the officers who identified the person."),
    Reason(26, "MANUAL_NO_REASON", "The manual path was taken without a reason."),
    Reason(26, "MANUAL_NO_GOVERNOR", "After {after} one of them must be the duty governor.", cause=Cause.WRONG_PERSON),
)

REASONS: Final = {row.code: row for row in _ROWS}
assert len(REASONS) == len(_ROWS)
