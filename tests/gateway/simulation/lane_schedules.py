"""Schedules of one lane: lost, late, repeated and reordered messages, crashes of the gateway at any step, power cuts of
the board at any flash operation, people who leave, papers that are withdrawn. A seed makes a schedule."""

from collections.abc import Callable
from random import Random

import by_hand
from doorsim import ALL_GOOD
from lane_kiosk import KIOSK, LANE, PRISON, Kiosk, non_match
from lane_world import APPROVERS, GOVERNOR, OFFICER, Crash, World
from truth import Truth

from sallyport_gateway.release.check import Stage
from sallyport_protocol.acts import ActKind
from sallyport_rig.demonstration import records
from sallyport_wire import messages as wire

CUTS = ("before", "torn", "after", "lost")


class Play:
    """One schedule on one world."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.dice, self.truth = world, Random(seed), Truth(world)
        self.papers: list[str] = []
        self.said: list[str] = []
        self.paper()

    def run(self, steps: int) -> None:
        weighted = list(self.moves().items())
        for _ in range(steps):
            [move] = self.dice.choices([m for m, _ in weighted], [w for _, w in weighted])
            self.said.append(move.__name__)
            move(self)
            if self.world.site.loop is None and self.dice.random() < 0.5:
                self.world.site.power_on()
            self.truth.look()
        self.heal()

    def moves(self) -> dict[Callable[..., None], int]:
        """What may happen, and how often in proportion."""
        return {**_MOVES}

    # -- the honest way --------------------------------------------------------------------------------------------

    def paper(self) -> None:
        self.world.visitor = lambda _: None
        self.papers.append(self.world.authorise())

    def forward(self) -> None:
        """Whatever brings the release on."""
        world, check = self.world, self.world.lane.check
        offer = world.kiosk.offer
        if check is None or check.over:
            world.say_ready()
            self.deliver_all()
            world.act(OFFICER, ActKind.START, lane=LANE, authorisation=self.papers[-1])
        elif check.stage is Stage.OFFERED:
            if offer is not None and offer.session == check.session and not world.kiosk.answered:
                world.answer()
        elif check.stage is Stage.STATED:
            by_hand.second(world)
        elif check.stage is Stage.DECIDED:
            if check.released:
                world.confirm()
            else:
                world.act(OFFICER, ActKind.CANCEL, session=check.session.hex())

    def far(self) -> None:
        """Several steps of the honest way at once, so that schedules get far."""
        for _ in range(self.dice.randrange(1, 5)):
            self.forward()
            self.deliver_all()
            self.world.see()

    def deliver_all(self) -> None:
        self.world.wait(100)
        for _ in range(20):
            while self.world.down:
                self.world.deliver_down()
            while self.world.up:
                self.world.deliver_up()
            if not self.world.down:
                return

    # -- the roads -------------------------------------------------------------------------------------------------

    def deliver_one(self) -> None:
        road = self.dice.choice(["down", "up"])
        waiting = self.world.down if road == "down" else self.world.up
        if waiting:
            at = self.dice.randrange(len(waiting))
            keep = self.dice.random() < 0.3
            (self.world.deliver_down if road == "down" else self.world.deliver_up)(at, keep=keep)

    def drop(self) -> None:
        road = self.dice.choice([self.world.down, self.world.up])
        if road:
            road.pop(self.dice.randrange(len(road)))  # type: ignore[attr-defined]

    def replay(self) -> None:
        if self.world.relayed:
            self.world.arrive(*self.dice.choice(self.world.relayed))

    def wait(self) -> None:
        self.world.wait(self.dice.choice([50, 50, 200, 200, 1_000, 4_000, 11_000, 25_000]))

    # -- what breaks -----------------------------------------------------------------------------------------------

    def crash_now(self) -> None:
        self.world.start_gateway()

    def crash_soon(self) -> None:
        left = [self.dice.randrange(1, 12)]

        def visit(_: str) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Crash

        self.world.visitor = visit

    def cut_the_board(self) -> None:
        self.world.site.power_off()
        self.world.site.power_on()

    def cut_its_flash(self) -> None:
        self.world.site.flash.plan = (self.dice.randrange(1, 5), self.dice.choice(CUTS))

    def restart_the_kiosk(self) -> None:
        self.world.kiosk = Kiosk(self.world.estate, self.world.book)
        self.world.say_ready()

    def lose_the_witness(self) -> None:
        self.world.witness = not self.world.witness

    # -- what holds the door ---------------------------------------------------------------------------------------

    def by_hand(self) -> None:
        """One officer identifies the person; `forward` goes on with it."""
        by_hand.first(self.world, self.papers[-1])

    def turn_the_key(self) -> None:
        """Two officers identify the person and let them out by key; afterwards two reconcile."""
        by_hand.first(self.world, self.papers[-1])
        check = self.world.lane.check
        if check is None or check.manual is None:
            return
        if check.stage is Stage.STATED:
            by_hand.second(self.world)
        held = check.authorisation in self.truth.forbidden
        outcome = by_hand.key(self.world)
        assert outcome is None or not (outcome.accepted and held), "a key turned after the door was held"
        self.truth.look()
        self.lift("prison", PRISON)

    def somebody_else(self) -> None:
        self.world.kiosk.person = self.dice.choice(["nobody", "two", "other", "same"])

    def wrong_person(self) -> None:
        offer, check = self.world.kiosk.offer, self.world.lane.check
        if offer is not None and check is not None and offer.session == check.session and not self.world.kiosk.answered:
            self.world.answer(non_match)

    def withdraw(self) -> None:
        outcome = self.world.act(GOVERNOR, ActKind.WITHDRAW, authorisation=self.papers[-1], reason="stopped")
        if outcome is not None and outcome.accepted:
            self.truth.forbidden.add(self.papers[-1])

    def warrant(self) -> None:
        outcome = self.world.record("WARRANT", records.warrant(f"W-{len(self.said)}", "REMAND", "OUTSTANDING"))
        if outcome is not None and outcome.accepted:
            self.truth.forbidden.add(self.papers[-1])

    def freeze(self) -> None:
        held = set(self.truth.forbidden)
        outcome = self.world.act(GOVERNOR, ActKind.FREEZE, scope="lane", name=LANE, why="look")
        if outcome is not None and outcome.accepted:
            self.truth.forbidden |= set(self.papers)
            self.truth.look()
            self.deliver_one()
            self.lift()
        self.truth.forbidden = held

    def lift(self, scope: str = "lane", name: str = LANE) -> None:
        for officer in APPROVERS:
            self.world.act(officer, ActKind.UNFREEZE, scope=scope, name=name, why="looked")

    def force_the_door(self) -> None:
        self.world.site.contacts_now &= ~wire.DOOR_IS_CLOSED
        self.world.wait(200)
        self.world.site.contacts_now = ALL_GOOD

    def new_paper(self) -> None:
        self.truth.forbidden.add(self.papers[-1])
        self._free_of_warrants()
        self.paper()

    def _free_of_warrants(self) -> None:
        self.world.clear_warrants()

    def _spent(self, paper: str) -> bool:
        """Power was lost between the spending in flash and the strike: that counts as opened, whatever the door did."""
        query = "SELECT nonce FROM nonce WHERE authorisation = ?"
        return any(nonce in self.world.spent() for (nonce,) in self.truth.rows(query, paper))

    # -- and it heals ----------------------------------------------------------------------------------------------

    def _overtaken(self) -> bool:
        """READY of an earlier start came after this one's: the gateway takes it for the newer and this one for a replay
        (S13), until somebody starts the kiosk again. No road that keeps a topic's order does that."""
        return self.truth.rows("SELECT current FROM device_boot WHERE boot = ?", self.world.kiosk.boot) == [(0,)]

    def heal(self) -> None:
        """Everything works again: each paper is settled as the door knows it, and the next person can leave."""
        world = self.world
        world.visitor, world.witness = (lambda _: None), True
        world.site.flash.plan, world.site.contacts_now = (0, ""), ALL_GOOD
        world.down.clear()
        world.up.clear()
        world.site.power_off()
        world.site.power_on()
        world.start_gateway()
        if self._overtaken():
            self.restart_the_kiosk()
        world.connect()
        world.pass_time(40_000)
        self.truth.look()
        for paper in self.papers:
            state = world.state_of(paper)
            gone = paper in self.truth.opened or paper in self.truth.by_key or self._spent(paper)
            wanted = "CONSUMED" if gone else "AVAILABLE"
            assert state == wanted, f"{paper} is {state}, it should be {wanted}"
        world.act(GOVERNOR, ActKind.FREEZE, scope="lane", name=LANE, why="to be lifted")
        self.lift()
        self.lift("prison", PRISON)
        world.pass_time(2_000)
        world.clear_warrants()
        self.paper()
        world.to_verdict(self.papers[-1])
        outcome = world.confirm()
        assert outcome is not None and outcome.accepted, (outcome, KIOSK)
        world.pass_time(9_000)
        self.truth.look()
        assert self.papers[-1] in self.truth.opened, "L1: it does not open any more"
        assert world.state_of(self.papers[-1]) == "CONSUMED"
        assert not world.site.on


_MOVES: dict[Callable[[Play], None], int] = {
    Play.far: 30,
    Play.forward: 10,
    Play.deliver_all: 20,
    Play.deliver_one: 20,
    Play.wait: 6,
    Play.drop: 6,
    Play.replay: 6,
    Play.crash_now: 3,
    Play.crash_soon: 5,
    Play.cut_the_board: 3,
    Play.cut_its_flash: 4,
    Play.restart_the_kiosk: 1,
    Play.lose_the_witness: 1,
    Play.by_hand: 4,
    Play.turn_the_key: 1,
    Play.somebody_else: 3,
    Play.wrong_person: 2,
    Play.withdraw: 1,
    Play.warrant: 1,
    Play.freeze: 2,
    Play.force_the_door: 1,
    Play.new_paper: 3,
}
