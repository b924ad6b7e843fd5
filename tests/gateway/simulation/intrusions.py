"""Whatever may stop a release, and how it is brought at the n-th point at which the gateway waits."""

from collections.abc import Callable

from lane_kiosk import BOARD, KIOSK, LANE, PRISON
from lane_world import GOVERNOR, OFFICER, World
from sqlalchemy import Connection, update
from truth import Truth

from sallyport_gateway.ledger import boards, freezes, life
from sallyport_gateway.ledger.freezes import Scope
from sallyport_gateway.ports import RecordEntry
from sallyport_gateway.store.tables import boards as board_rows
from sallyport_protocol.acts import ActKind
from sallyport_rig.demonstration import records

Event = Callable[[World, str], None]


def withdraw(world: World, paper: str) -> None:
    """As the desk does it, in one transaction."""

    def job(conn: Connection) -> None:
        world.authority.withdraw(conn, paper, GOVERNOR, "stopped", world.clock.now())
        life.stop(conn, paper, "stopped", world.clock.wall)

    world.store.write_now(job)


def _record(world: World, kind: str, record: dict[str, object]) -> None:
    entry = RecordEntry(kind, records.PRISONER, records.text(record), "feed")

    def job(conn: Connection) -> None:
        life.revise(conn, world.authority.record(conn, entry, GOVERNOR, world.clock.now()))

    world.store.write_now(job)


def warrant(world: World, _: str) -> None:
    _record(world, "WARRANT", records.warrant("W-200", "REMAND", "OUTSTANDING"))


def not_for_release(world: World, _: str) -> None:
    person = records.person() | {"legalStatus": "REMAND"}
    _record(world, "PRISONER", person)


def _freeze(scope: Scope, name: str) -> Event:
    def event(world: World, _: str) -> None:
        world.store.write_now(lambda conn: freezes.freeze(conn, scope, name, GOVERNOR, "look", world.clock.wall))

    return event


def revoke_the_kiosk(world: World, _: str) -> None:
    world.revoke(KIOSK)


def revoke_the_officer(world: World, _: str) -> None:
    world.revoke(OFFICER)


def revoke_the_board(world: World, _: str) -> None:
    world.revoke(BOARD)


def distrust_the_board(world: World, _: str) -> None:
    world.store.write_now(lambda conn: boards.revoke(conn, BOARD, "copied keys", world.clock.wall))


def nobody_there(world: World, _: str) -> None:
    """More than three seconds without a sight of the person."""
    world.kiosk.person = "nobody"
    world.up = [item for item in world.up if not item[0].endswith("presence")]
    world.clock.ms += 3_500


def paper_runs_out(world: World, paper: str) -> None:
    """The window closes."""
    case = world.store.read_now(lambda conn: world.authority.case(conn, paper))
    assert case is not None
    world.clock.ms += int((case.closes - world.clock.now()).total_seconds() * 1_000) + 1


def store_is_behind(world: World, _: str) -> None:
    world.current = False
    world.witness = False


EVENTS: dict[str, Event] = {
    "withdrawal": withdraw,
    "warrant": warrant,
    "legal status": not_for_release,
    "freeze of the lane": _freeze(Scope.LANE, LANE),
    "freeze of the prison": _freeze(Scope.PRISON, PRISON),
    "freeze of the estate": _freeze(Scope.ESTATE, freezes.ESTATE),
    "kiosk revoked": revoke_the_kiosk,
    "officer revoked": revoke_the_officer,
    "board revoked by the registry": revoke_the_board,
    "board revoked by officers": distrust_the_board,
    "nobody there": nobody_there,
    "window closed": paper_runs_out,
    "store behind": store_is_behind,
}


class Intruder:
    """Brings the event at the n-th waiting point, if no grant has left by then."""

    def __init__(self, world: World, paper: str, at: int, event: Event) -> None:
        self.count, self.came, self._inside, self._covered = 0, False, False, False
        self.truth = Truth(world)
        world.kiosk.answered = False
        self._world, self._paper, self._at, self._event = world, paper, at, event

    def __call__(self, where: str) -> None:
        if where.endswith("send") or self._inside or self.truth.left or self._too_early() or self._too_late(where):
            return
        self.count += 1
        if self.count == self._at:
            self._inside = self.came = True
            self._event(self._world, self._paper)
            self.truth.forbidden.add(self._paper)
            self._inside = False

    def _too_early(self) -> bool:
        """Before the answer nobody is missed."""
        return self._event is nobody_there and not self._world.kiosk.answered

    def _too_late(self, where: str) -> bool:
        """What the witness has seen, no restored store can have forgotten."""
        self._covered = self._covered or where == "at the witness"
        return self._event is store_is_behind and self._covered and where != "at the witness"


def put_back(world: World, book: object) -> None:
    """As if it had never come."""
    world.book = book  # type: ignore[assignment]
    world.kiosk.person = "same"
    world.current = world.witness = True
    world.say_ready()
    world.clear_warrants()
    world.store.write_now(_lift)
    check = world.lane.check
    if check is not None and not check.over:
        world.pass_time(7_000)
        world.act(OFFICER, ActKind.CANCEL, session=check.session.hex())
    world.settle_roads()


def _lift(conn: Connection) -> None:
    conn.execute(update(board_rows).values(revoked_at=None, revoked_why=None))
    for held in freezes.in_force(conn):
        for officer in ("one", "two"):
            freezes.lift(conn, held.scope, held.name, officer, held.at)
