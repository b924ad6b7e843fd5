"""One scenario being played: what the officers do, what the door did, and the account of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from sallyport_gateway.release.board_words import NOT_ACCOUNTED
from sallyport_gateway.web.decision_view import fmr_in_words
from sallyport_protocol.acts import ActKind
from sallyport_rig.demonstration.outcome import Outcome
from sallyport_rig.demonstration.world import LANE, OFFICER, World
from sallyport_rig.interlock_board import Transition

_VERDICT_S: Final = 60.0
_BOARD_S: Final = 20.0
DOOR_S: Final = 25.0
"""Longest wait for a door that must open, s."""


@dataclass
class Play:
    """One scenario being played: its account, and the clock."""

    world: World
    number: int
    title: str
    subject: str
    expected: str
    tell: Callable[[str], None]
    began: float = field(default_factory=time.monotonic)
    account: list[str] = field(default_factory=list)

    def say(self, sentence: str) -> None:
        """Adds to the account and shows it."""
        self.account.append(sentence)
        self.tell(sentence)

    def check(self, authorisation: str, subject: str = "") -> dict[str, Any]:
        """Starts a check and waits for its verdict; tells it. `subject`: who stands there, if not the scenario's."""
        world = self.world
        world.wait(lambda: world.lane()["kiosk"]["connected"], _VERDICT_S, "the kiosk")
        world.must(OFFICER, ActKind.START, lane=LANE, authorisation=authorisation)
        who = subject or self.subject
        self.say(f"{OFFICER} starts the check; {who} {'are' if ' and ' in who else 'is'} at the kiosk.")
        lane = dict(world.wait(lambda: _decided(world.lane()), _VERDICT_S, "the verdict"))
        self.tell_verdict(lane)
        return lane

    def tell_verdict(self, lane: dict[str, Any]) -> None:
        """What the scores are worth against a stranger, the verdict and why."""
        decision = lane["decision"]
        for each in decision["modalities"]:
            worth = fmr_in_words(each["stated_fmr"])
            attempts = "1 attempt" if each["attempts"] == 1 else f"{each['attempts']} attempts"
            self.say(f"  {each['label'].lower()}: {each['outcome'].lower()} ({worth}), {attempts}")
        if decision["fused_fmr"] is not None:
            self.say(f"  both together: {fmr_in_words(decision['fused_fmr'])}")
        self.say(f"Verdict {decision['verdict']}: {decision['summary']}")

    def confirm(self, lane: dict[str, Any]) -> tuple[bool, str]:
        """The officer at the door says open; told to wait a few seconds for a board that was away, she does."""
        until = time.monotonic() + _BOARD_S
        while True:
            session = lane["session"]["session"]
            accepted, told = self.world.act(OFFICER, ActKind.CONFIRM, session=session, compared="yes")
            self.say(f"{OFFICER} confirms: {told}")
            if accepted or told != NOT_ACCOUNTED[None] or time.monotonic() > until:
                return accepted, told
            time.sleep(2.0)

    def release(self, authorisation: str) -> dict[str, Any]:
        """A check and its confirmation; once more where this machine was too busy to keep the person in view."""
        for last in (False, True):
            lane = self.check(authorisation)
            accepted, told = self.confirm(lane)
            if accepted or last or "in view" not in told:
                break
        return lane

    def door(self, *, opens: bool) -> str:
        """Watches the strike's own pin until it opened and locked again, or long enough to know that it does not."""
        seen: list[Transition] = []
        until = time.monotonic() + (DOOR_S if opens else 3.0)
        while time.monotonic() < until and not (len(seen) >= 2 and not seen[-1].level):
            seen += self.world.strikes()
            time.sleep(0.05)
        if not any(each.level for each in seen):
            self.say("The strike stayed without power: the door is locked.")
            return "locked"
        if sum(each.level for each in seen) > 1 or seen[-1].level:
            self.say("The strike did not open the door once and lock it again.")
            return "opened more than once" if not seen[-1].level else "left open"
        held = seen[-1].t - seen[0].t
        duration = f"{held:.1f} s" if held >= 0.1 else "less than 0.1 s"
        self.say(f"The strike was energised once for {duration}, then the door locked again.")
        return "opened"

    def end(
        self, lane: dict[str, Any], door: str, *, ok: bool, outcome: str = "", failed: frozenset[int] = frozenset()
    ) -> Outcome:
        """The scenario's line."""
        decision = lane.get("decision") or {}
        checks = [each for each in decision.get("checks", ()) if each["outcome"] != "PASS"]
        modalities = {each["outcome"].upper() for each in decision.get("modalities", ())}
        seen = outcome or ("MATCH" if modalities == {"MATCH"} else "NON_MATCH" if "NON MATCH" in modalities else "")
        return Outcome(
            f"{self.number} {self.title}",
            self.subject,
            seen or "NONE",
            decision.get("verdict", "NONE"),
            decision.get("cause", ""),
            tuple(sorted({each["number"] for each in checks} | failed)),
            door,
            round(time.monotonic() - self.began, 1),
            self.expected,
            ok,
            tuple(self.account),
        )


def _decided(lane: dict[str, Any]) -> dict[str, Any] | None:
    return lane if lane.get("decision") and lane["session"]["state"] != "The person is at the kiosk" else None
