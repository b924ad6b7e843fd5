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


def note_departure(conn: Connection, given: Authorisation, now: datetime) -> None:
    """The person has left on `given`. The watch after the release begins, and those who listen will be told."""
    over = {"state": AuthorisationState.EXPIRED.value, "why": "released on it", "changed_at": millis(now)}
    conn.execute(update(authorisations).where(authorisations.c.id == given.id).values(over))
    note_release(conn, ReleaseRequest.at_any_door(given, "released"), now)
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
