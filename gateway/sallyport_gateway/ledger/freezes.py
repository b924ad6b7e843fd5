"""Freezes of a lane, a prison or the estate. One officer stops all grants at once; two different ones lift the stop."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, delete, insert, or_, select, update

from sallyport_gateway.store.prepared import Prepared
from sallyport_gateway.store.tables import fence, freezes
from sallyport_protocol.identity import same_person

ESTATE: Final = "*"
"""The name of the one scope that has no name."""


class Scope(StrEnum):
    LANE = "LANE"
    PRISON = "PRISON"
    ESTATE = "ESTATE"
    MODELS = "MODELS"
    """The models of a prison: no check by the kiosk counts there, the manual path does. Stops no grant by itself."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """A freeze in force. Times in milliseconds since 1970 UTC."""

    scope: Scope
    name: str
    officer: str
    why: str
    at: int
    lift_asked_by: str | None = None
    lift_asked_at: int | None = None


class Lift(StrEnum):
    """What came of an officer's wish to lift a freeze."""

    LIFTED = "LIFTED"
    ANOTHER_OFFICER_MUST = "ANOTHER_OFFICER_MUST"
    NOT_FROZEN = "NOT_FROZEN"


_OVER: Final = Prepared(
    select(freezes).where(
        or_(
            and_(freezes.c.scope == Scope.ESTATE),
            and_(freezes.c.scope == Scope.PRISON, freezes.c.name == bindparam("prison")),
            and_(freezes.c.scope == Scope.LANE, freezes.c.name == bindparam("lane")),
        )
    )
)
_MODELS: Final = Prepared(
    select(freezes.c.why).where(freezes.c.scope == Scope.MODELS, freezes.c.name == bindparam("prison"))
)
_SHARE: Final = select(fence.c.turn).with_for_update(read=True)
_PASS: Final = update(fence).values(turn=fence.c.turn + 1)


def freeze(conn: Connection, scope: Scope, name: str, officer: str, why: str, now: int) -> bool:
    """Stops all grants in `name` (ESTATE for the estate). Waits for grants under way at other gateways, so none comes
    after it. False when it was frozen already."""
    name = ESTATE if scope is Scope.ESTATE else name
    conn.execute(_PASS)
    if _find(conn, scope, name) is not None:
        return False
    row = {"scope": scope, "name": name, "officer": officer, "why": why, "at": now}
    conn.execute(insert(freezes), row)
    return True


def lift(conn: Connection, scope: Scope, name: str, officer: str, now: int, *, within: int = 600_000) -> Lift:
    """One of the two officers who lift a freeze. The second must be another person, within `within` milliseconds."""
    name = ESTATE if scope is Scope.ESTATE else name
    conn.execute(_PASS)
    held = _find(conn, scope, name)
    if held is None:
        return Lift.NOT_FROZEN
    here = and_(freezes.c.scope == scope, freezes.c.name == name)
    asked = held.lift_asked_at is not None and now - held.lift_asked_at <= within
    if asked and not same_person(held.lift_asked_by or "", officer):
        conn.execute(delete(freezes).where(here))
        return Lift.LIFTED
    conn.execute(update(freezes).where(here).values(lift_asked_by=officer, lift_asked_at=now))
    return Lift.ANOTHER_OFFICER_MUST


def over(conn: Connection, prison: str, lane: str, *, share: bool = False) -> list[Freeze]:
    """The freezes that stop this lane, empty when none does. With `share`, none can begin before this transaction
    ends."""
    if share and conn.dialect.name == "postgresql":
        conn.execute(_SHARE)
    return [_freeze(row) for row in _OVER.all(conn, prison=prison, lane=lane)]


def models_held(conn: Connection, prison: str, *, share: bool = False) -> str | None:
    """Why no check by a kiosk counts at this prison; None where they do. With `share`, they are not held before this
    transaction ends."""
    if share and conn.dialect.name == "postgresql":
        conn.execute(_SHARE)
    held = _MODELS.first(conn, prison=prison)
    return None if held is None else str(held.why)


def in_force(conn: Connection) -> list[Freeze]:
    """Every freeze, oldest first."""
    return [_freeze(row) for row in conn.execute(select(freezes).order_by(freezes.c.at))]


def _find(conn: Connection, scope: Scope, name: str) -> Freeze | None:
    row = conn.execute(select(freezes).where(freezes.c.scope == scope, freezes.c.name == name)).first()
    return None if row is None else _freeze(row)


def _freeze(row: Any) -> Freeze:
    values = row._asdict()
    return Freeze(**{**values, "scope": Scope(values["scope"])})
