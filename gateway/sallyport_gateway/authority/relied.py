"""The records that a passed check relied on, for the decision's account. Pure."""

from sallyport_gateway.authority.question import Question
from sallyport_protocol.checks import CheckNumber


def records_of(number: CheckNumber, q: Question) -> tuple[str, ...]:
    """The identifiers of what check `number` looked at and found good."""
    evidence, given = q.evidence, q.authorisation
    match number:
        case CheckNumber.PRISONER | CheckNumber.LEGAL_STATUS:
            return (q.request.prisoner_number,)
        case CheckNumber.AUTHORISATION | CheckNumber.APPROVERS | CheckNumber.USE:
            return (q.request.authorisation_id,)
        case CheckNumber.DATES:
            dated = evidence.calculation.calculation_reference if evidence.calculation and q.needs_dates else None
            ordered = given.order_id if given else None
            return tuple(each for each in (dated, ordered) if each)
        case CheckNumber.HOLDS:
            return tuple(alert.alert_id for alert in evidence.alerts)
        case CheckNumber.WARRANTS:
            return tuple(each.warrant_id for each in evidence.warrants) + tuple(
                each.case_id for each in evidence.court_cases
            )
        case CheckNumber.IMMIGRATION:
            return tuple(each.record_id for each in evidence.immigration)
        case CheckNumber.RECALL:
            return tuple(each.recall_id for each in evidence.recalls)
        case CheckNumber.LICENCE:
            return tuple(each.licence_id for each in evidence.licences)
        case CheckNumber.ONE_PERSON:
            return evidence.identity.cpr_uuids if evidence.identity else ()
        case _:
            return ()
