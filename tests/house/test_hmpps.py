"""The running house with HMPPS as its source, over mutual TLS: what it says lets out; what it does wrong does not."""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from visit import AT_THE_KIOSK, ENDED, PATIENCE_S, PHOTO, PRINT

from sallyport_protocol import envelope
from sallyport_protocol.acts import ActKind
from sallyport_protocol.releases import ReleaseEvent, release_topic
from sallyport_rig.demonstration.watching import Eavesdropper
from sallyport_rig.demonstration.world import APPROVERS, GOVERNOR, LANE, OFFICER

sys.path.insert(0, str(Path(__file__).parents[1] / "gateway/authority"))
from hmpps_answers import NUMBER, PERSON, answers
from hmpps_server import KEY, Hmpps, domain_event, serving

if TYPE_CHECKING:
    from sallyport_rig.demonstration.world import World

pytestmark = pytest.mark.long
RECALLS = f"{PERSON}/recalls"


@dataclass
class House:
    """The running house and the HMPPS that it asks."""

    world: "World"
    hmpps: Hmpps
    papers: int = 0

    def in_order(self) -> None:
        self.hmpps.answers.clear()
        self.hmpps.answers |= answers(datetime.now(UTC))
        self.hmpps.feed.broken = None

    def authorise(self) -> str:
        for each in self.world.papers():
            self.world.act(APPROVERS[0], ActKind.WITHDRAW, authorisation=each["authorisation"], reason="over")
        self.papers += 1
        return self.world.authorise(f"hmpps-{self.papers}")

    def verdict(self, paper: str) -> tuple[str, str, str]:
        """Verdict, what check 24 says, and the telling sentence, of a whole check at the kiosk."""
        world = self.world
        world.present(PHOTO, PRINT)
        world.must(OFFICER, ActKind.START, lane=LANE, authorisation=paper)
        lane = world.wait(self._decided(paper), PATIENCE_S, "the verdict")
        decision = lane["decision"]
        fresh = " ".join(each["sentence"] for each in decision["checks"] if each["number"] == 24)
        return decision["verdict"], fresh, decision["summary"]

    def _decided(self, paper: str) -> Any:
        def look() -> Any:
            lane = self.world.lane()
            ours = (lane.get("authorisation") or {}).get("authorisation") == paper
            return lane if ours and lane.get("decision") else None

        return look

    def confirm(self) -> tuple[bool, str]:
        return self.world.act(OFFICER, ActKind.CONFIRM, session=self.world.lane()["session"]["session"], compared="yes")

    def closed(self) -> None:
        self.confirm()
        time.sleep(1.0)
        assert not self.world.strikes()
        session = self.world.lane()["session"]
        self.world.act(OFFICER, ActKind.CANCEL, session=session["session"])
        self.world.wait(
            lambda: self.world.lane()["session"]["state"] != AT_THE_KIOSK, PATIENCE_S, "the end of the check"
        )

    def opens(self) -> None:
        accepted, told = self.confirm()
        assert accepted, told
        self.world.wait(self.world.strikes, PATIENCE_S, "the strike")
        self.world.wait(lambda: self.world.lane()["session"]["state"] == ENDED, PATIENCE_S, "the end of the check")
        self.world.strikes()


@pytest.fixture(scope="module")
def house(world: "World", tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    hmpps, folder = Hmpps(answers(datetime.now(UTC))), tmp_path_factory.mktemp("hmpps")
    config = world.estate.gateway_config
    before = config.read_text()
    with serving(hmpps, folder) as place:
        (folder / "api.key").write_text(KEY + "\n")
        section = f"""
[hmpps]
url = "{place.url}"
authorities = "{place.authorities}"
certificate = "{place.certificate}"
key = "{place.key}"
api_key = "{folder / "api.key"}"
events = "/v1/events"
timeout_s = 1.0
total_s = 4.0
"""
        config.write_text(before + section)
        _restart(world)
        try:
            yield House(world, hmpps)
        finally:
            config.write_text(before)
            _restart(world)
            world.all_in_order()


def _restart(world: "World") -> None:
    world.end("gateway")
    world.start_gateway()
    world.wait(lambda: world.lane()["kiosk"]["connected"], PATIENCE_S, "the kiosk")
    world.wait(lambda: world.lane()["door"]["state"] == "locked", PATIENCE_S, "the interlock")


def test_what_hmpps_says_lets_out(house: House) -> None:
    """And other systems are told of it, signed."""
    house.in_order()
    paper = house.authorise()
    verdict, _, told = house.verdict(paper)
    assert verdict == "RELEASE", told
    topic = str(release_topic("MDI"))
    with Eavesdropper(house.world.hostile_port) as listener:
        house.opens()
        message = listener.wait_for(topic, PATIENCE_S)
    content = envelope.verify(message, topic, house.world.estate.registry().resolve).content
    event = ReleaseEvent.parse(content)
    assert (event.authorisation, event.prisoner, event.gateway) == (paper, NUMBER, "gateway-1")


def test_an_event_pauses_at_once_and_over_a_restart(house: House) -> None:
    house.in_order()
    forget(house)
    paper = house.authorise()
    assert house.verdict(paper)[0] == "RELEASE"
    said = time.monotonic()
    house.hmpps.feed.say(domain_event("recall.inserted", NUMBER))
    house.world.wait(lambda: "paused" in state(house, paper), PATIENCE_S, "the pause")
    assert time.monotonic() - said < 5.0
    house.closed()
    paper = house.authorise()
    house.world.end("gateway")
    house.hmpps.feed.say(domain_event("person.alert.created", NUMBER))
    house.world.start_gateway()
    house.world.wait(lambda: "paused" in state(house, paper), PATIENCE_S, "the event that came while nobody listened")


def test_an_event_that_nobody_can_read_is_alarmed(house: House) -> None:
    house.hmpps.feed.say("<b>not an event</b>")
    house.world.wait(
        lambda: any(each["code"] == "EVENT_UNCLEAR" for each in house.world.lane()["alarms"]), PATIENCE_S, "the alarm"
    )
    forget(house)
    assert house.verdict(house.authorise())[0] == "RELEASE", "once everything has been read anew"
    house.opens()


def test_nobody_says_by_hand_that_hmpps_was_heard(house: House) -> None:
    accepted, told = house.world.act(GOVERNOR, ActKind.HEARD, source="RECALL")
    assert not accepted and "HMPPS is the source" in told


@pytest.mark.parametrize(
    ("path", "how", "named"),
    [
        (RECALLS, (500, b"oops", 0), "RECALL did not answer"),
        (f"{PERSON}/status-information", (200, b'{"records": []}', 6.0), "IMMIGRATION did not answer"),
        (f"{PERSON}/active-alerts", {"alert_list": []}, "ALERTS did not answer"),
        (f"{PERSON}/licences/conditions", (200, b"x" * 10_000_000, 0), "LICENCE did not answer"),
        (f"{PERSON}/custodial-status", "stale", "CROWN_COURT was last heard"),
        (f"{PERSON}/custodial-status", "acquitted", "Two sources disagree"),
    ],
    ids=["500", "slow", "drift", "10 MB", "stale", "contradicting"],
)
def test_a_source_that_misbehaves_holds_and_is_named(house: House, path: str, how: Any, named: str) -> None:
    """Each another source: one that fails is left alone for half a minute, by the breaker."""
    house.in_order()
    if how == "stale":
        old = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
        how = {**house.hmpps.answers[path], "asOf": old}
    elif how == "acquitted":
        how = {"cases": [{"caseId": "T20250001", "custodialStatus": "ACQUITTED", "warrantId": "W-100"}]}
    house.hmpps.answers[path] = how
    forget(house)
    verdict, fresh, _ = house.verdict(house.authorise())
    assert verdict != "RELEASE" and named in fresh, (verdict, fresh)
    house.closed()


def state(house: House, paper: str) -> str:
    return next((each["state"] for each in house.world.papers() if each["authorisation"] == paper), "")


def forget(house: House) -> None:
    """Everything counts as not read: the feed says that it has lost an event."""
    feed = house.hmpps.feed
    gaps = house.world.count("EVENTS_MISSING")
    feed.say(domain_event("prison.visit.booked", None), sequence=feed.newest + 2)
    house.world.wait(lambda: house.world.count("EVENTS_MISSING") > gaps, PATIENCE_S, "the feed")
