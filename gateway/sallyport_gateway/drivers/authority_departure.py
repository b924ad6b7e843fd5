"""What the records say once somebody has left: the authorisation is over, the holds end, the person is OUT."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from sallyport_gateway.authority.evidence import ReleaseRequest
from sallyport_gateway.authority.holding import Ending
from sallyport_gateway.authority.records import Authorisation, PrisonerRecord
from sallyport_gateway.authority.words import AuthorisationState, InOutStatus
from sallyport_gateway.drivers import release_outbox
from sallyport_gateway.drivers.authority_access import By, millis
from sallyport_gateway.drivers.authority_holds import end_holds_of_person
from sallyport_gateway.drivers.authority_records import Kind, put
from sallyport_gateway.drivers.authority_sweep import note_release
from sallyport_gateway.drivers.authority_tables import authorisations, records
from sallyport_protocol.subject import Guard


def note_departure(conn: Connection, given: Authorisation, now: datetime) -> None:
    """The person has left on `given`. The watch after the release begins, and those who listen will be told."""
    over = {"state": AuthorisationState.EXPIRED.value, "why": "released on it", "changed_at": millis(now)}
    conn.execute(update(authorisations).where(authorisations.c.id == given.id).values(over))
    note_release(conn, _request(given), now)
    release_outbox.note(conn, given, now)
    by = By("gateway", f"released on {given.id}")
    end_holds_of_person(conn, given.prisoner_number, Ending.ATTEMPT_REPEATED, by, now)
    document = conn.execute(
        select(records.c.document).where(records.c.kind == Kind.PRISONER.value, records.c.key == given.prisoner_number)
    ).scalar()
    if document is not None:
        gone = {"status": "INACTIVE OUT", "in_out_status": InOutStatus.OUT}
        left = PrisonerRecord.parse(document).model_copy(update=gone)
        put(conn, Kind.PRISONER, given.prisoner_number, left, by, now)


def _request(given: Authorisation) -> ReleaseRequest:
    """The request that a release on this authorisation answered, as far as the sweep looks at it."""
    return ReleaseRequest(
        session="released",
        prison_id=given.prison_id,
        lane="any",
        lane_kind=given.lane_kind,
        prisoner_number=given.prisoner_number,
        authorisation_id=given.id,
        movement_type=given.movement_type,
        movement_reason=given.movement_reason,
        guard=Guard.TWIN,  # nobody is at the kiosk any more
    )
