"""An officer at the door records what a person cannot do or show. It changes what is asked for, never a threshold."""

from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from sallyport_gateway.acts.act_fields import Fields
from sallyport_gateway.acts.officer_acts import BelievedAct, foreign
from sallyport_gateway.drivers.authority_access import By
from sallyport_gateway.drivers.authority_needs import add_need
from sallyport_gateway.service import Service
from sallyport_protocol.acts import Cannot

HOLDS: Final = timedelta(days=1)
"""What is seen at a door holds for that day; what lasts is recorded with its end (`sallyport-gateway exceptions`)."""


def excuse(conn: Connection, service: Service, believed: BelievedAct, fields: Fields) -> str | None:
    """Records it; a sentence when it is refused. Raises MalformedError, too, when too little is left to ask for."""
    case = service.authority.case(conn, fields.text("authorisation"))
    if case is None:
        return "There is no such authorisation. Look it up again."
    if (away := foreign(believed.officer, case.prison)) is not None:
        return away
    now, by = service.clock.now(), By(believed.officer.name, fields.words("why"))
    add_need(conn, case.prisoner_number, fields.one_of("cannot", Cannot), by, now + HOLDS, now)
    return None
