"""Where an act must be done, when the lane that it is about is kept by another gateway."""

from typing import Final

from sallyport_gateway.ledger import sessions
from sallyport_gateway.ledger.freezes import Scope
from sallyport_gateway.release.keeping import Elsewhere
from sallyport_gateway.service import Service
from sallyport_protocol.acts import Act, ActKind

_SESSION_BYTES: Final = 16


async def elsewhere(service: Service, act: Act) -> Elsewhere | None:
    """Another gateway's lane, by the lane or the session that the act names; None for an act that may be done here.

    Papers, records and freezes are the store's: they may be done at any gateway. Lifting a lane's freeze also speaks to
    its interlock.
    """
    if service.keeper is None:
        return None
    lane = act.fields.get("lane") or await _lane_of(service, act.fields.get("session"))
    if act.kind is ActKind.UNFREEZE and str(act.fields.get("scope")).upper() == Scope.LANE:
        lane = act.fields.get("name")
    return service.elsewhere(lane) if isinstance(lane, str) else None


async def _lane_of(service: Service, session: object) -> str | None:
    """The lane of a session that began at any gateway; None for what is not a session's number."""
    try:
        wanted = bytes.fromhex(session) if isinstance(session, str) else b""
    except ValueError:
        return None
    if len(wanted) != _SESSION_BYTES:
        return None
    held = await service.store.read(lambda conn: sessions.find(conn, wanted))
    return held.lane if held is not None else None
