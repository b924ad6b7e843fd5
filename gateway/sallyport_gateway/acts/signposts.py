"""Where an act must be done: on which store, and by which of its gateways."""

from typing import Final

from sallyport_gateway import parameters
from sallyport_gateway.ledger import leases, sessions
from sallyport_gateway.ledger.freezes import Scope
from sallyport_gateway.release.keeping import Elsewhere
from sallyport_gateway.service import Service
from sallyport_protocol.acts import Act, ActKind

_SESSION_BYTES: Final = 16


async def here(service: Service) -> frozenset[str]:
    """The gateways for which an act may be made that is done here: this one, and those that were on its store at any
    moment since an act that is still young enough was signed."""
    if service.keeper is None:
        return frozenset({service.name})
    oldest = parameters.ACT_CLOCK_MS
    peers = await service.store.read(lambda conn: leases.alive(conn, leases.clock(conn) - oldest))
    return frozenset({service.name, *(each.name for each in peers)})


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
