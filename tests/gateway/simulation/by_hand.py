"""The manual path as two officers take it in a simulated lane."""

from lane_kiosk import LANE, non_match
from lane_world import GOVERNOR, OFFICER, World

from sallyport_gateway.web.ports import ActOutcome
from sallyport_protocol import canonical
from sallyport_protocol.acts import ActKind
from sallyport_rig.demonstration import records

WORDS = {"lane": LANE, "prisoner": records.PRISONER, "reason": "CANNOT_BE_CAPTURED", "why": "both hands are bandaged"}


def first(world: World, paper: str, officer: str = OFFICER, **changes: str) -> ActOutcome | None:
    """The first officer's statement."""
    return world.act(officer, ActKind.MANUAL, **(WORDS | {"authorisation": paper, "means": "PHOTOGRAPH"} | changes))


def second(world: World, officer: str = GOVERNOR, **changes: str) -> ActOutcome | None:
    """The second officer's, for the same words as the first's."""
    return world.act(officer, ActKind.SECOND, **(same_words(world) | changes))


def same_words(world: World) -> dict[str, str]:
    """What the second officer's page would have them sign."""
    check = world.lane.check
    assert check is not None and check.manual is not None, check
    one = check.manual.first
    same = {"lane": one.lane, "authorisation": one.authorisation, "prisoner": one.prisoner, "why": one.why}
    return {**same, "statement": one.digest.hex(), "reason": one.reason.value, "means": "KNOWN_TO_ME"}


def identified(world: World, paper: str, **changes: str) -> None:
    """Both statements, accepted."""
    for outcome in (first(world, paper, **changes), second(world)):
        assert outcome is not None and outcome.accepted, outcome


def key(world: World, officer: str = OFFICER) -> ActOutcome | None:
    """Out by key, on the verdict that there is."""
    check = world.lane.check
    return world.act(officer, ActKind.KEY, session=check.session.hex() if check else "00")


def refused_by_the_kiosk(world: World, paper: str) -> None:
    """One attempt at the kiosk that does not match."""
    world.to_verdict(paper, non_match)
    check = world.lane.check
    assert check is not None
    world.act(OFFICER, ActKind.CANCEL, session=check.session.hex())
    world.settle_roads()


def entries(world: World, kind: str) -> list[dict[str, object]]:
    """The audit entries of a kind, oldest first."""
    query = 'SELECT body FROM audit WHERE kind = :kind ORDER BY "index"'
    rows = world.store.read_now(lambda conn: conn.exec_driver_sql(query.replace(":kind", f"'{kind}'")).all())
    return [canonical.decode(body, limit=1 << 20) for (body,) in rows]
