"""A lane whose authority reads HMPPS: what misbehaves holds with its name, and no event at any moment is too late."""

import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hmpps_answers import NUMBER, PERSON, answers
from hmpps_server import Hmpps, domain_event, serving
from intrusions import Event, Intruder, put_back
from lane_kiosk import LANE
from lane_world import GOVERNOR, OFFICER, World
from upstream_world import InProcess, UpstreamWorld

from sallyport_gateway.authority.words import Source
from sallyport_gateway.drivers.hmpps_client import HmppsClient
from sallyport_protocol.acts import ActKind
from sallyport_provisioning.estate import Estate

RECALLS, CASES = f"{PERSON}/recalls", f"{PERSON}/custodial-status"
ALERT = {"alertId": "a-1", "alertType": "X", "alertCode": "XNR", "active": True}
Make = Callable[[Any], UpstreamWorld]


@pytest.fixture
def make(estate: Estate, template: Path, fast_folder: Path) -> Iterator[Make]:
    made: list[UpstreamWorld] = []

    def new(client: Any) -> UpstreamWorld:
        made.append(UpstreamWorld(estate, template, Path(tempfile.mkdtemp(dir=fast_folder)), client))
        return made[-1]

    yield new
    for world in made:
        world.close()


@pytest.fixture
def table() -> dict[str, Any]:
    return {}


@pytest.fixture
def world(make: Make, table: dict[str, Any]) -> UpstreamWorld:
    client = InProcess(table)
    world = make(client)
    table |= answers(world.clock.now())
    client.visit = lambda where: world.visitor(where)
    return world


def open_door(world: UpstreamWorld) -> bool:
    world.see()
    world.settle_roads()
    world.confirm()
    world.settle_roads()
    world.pass_time(6_000)
    return bool(world.spent())


def test_what_hmpps_says_lets_out(world: UpstreamWorld) -> None:
    paper = world.authorise()
    world.to_verdict(paper)
    assert world.verdict() == ("RELEASE", set())
    assert open_door(world) and world.state_of(paper) == "CONSUMED"


# A source that misbehaves, over a real road


WRONG: dict[str, tuple[str, Any, str, str]] = {
    "fails": (RECALLS, (500, b"oops", 0), "HOLD", "SOURCE_MISSING"),
    "is slow": (RECALLS, (200, b'{"recalls": []}', 1.5), "HOLD", "SOURCE_MISSING"),
    "refuses us": (RECALLS, (403, b"{}", 0), "HOLD", "SOURCE_MISSING"),
    "drifts": (RECALLS, {"recallList": []}, "HOLD", "SOURCE_MISSING"),
    "drifts in a record": (RECALLS, {"recalls": [{"id": 1, "type": "LR"}]}, "HOLD", "SOURCE_MISSING"),
    "is stale": (CASES, "stale", "HOLD", "SOURCE_STALE"),
    "is ahead of us": (CASES, "ahead", "HOLD", "SOURCE_IN_FUTURE"),
    "contradicts": (CASES, "acquitted", "REFER", "SOURCES_DISAGREE"),
    "says no": (f"{PERSON}/active-alerts", {"alerts": [ALERT]}, "HOLD", "ALERT_HOLDS"),
    "sends markup": (RECALLS, (200, b"<html>maintenance</html>", 0), "HOLD", "SOURCE_MISSING"),
}


def _bad(hmpps: Hmpps, path: str, how: Any, world: UpstreamWorld) -> None:
    now = world.clock.now()
    special: dict[Any, Any] = {
        "stale": lambda: hmpps.answers[path] | {"asOf": (now - timedelta(hours=2)).isoformat()},
        "ahead": lambda: hmpps.answers[path] | {"asOf": (now + timedelta(hours=2)).isoformat()},
        "acquitted": lambda: {"cases": [{"caseId": "T20250001", "custodialStatus": "ACQUITTED", "warrantId": "W-100"}]},
    }
    hmpps.answers[path] = special[how]() if isinstance(how, str) else how


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.mark.parametrize("what", list(WRONG))
def test_a_source_that_misbehaves_from_the_start_holds_by_name(make: Make, folder: Path, what: str) -> None:
    path, how, verdict, reason = WRONG[what]
    hmpps = Hmpps({})
    with serving(hmpps, folder) as place:
        client = HmppsClient(place, spread=lambda: 0.0, timeout=httpx.Timeout(0.4, connect=10.0), total=8.0)
        world = make(client)
        hmpps.answers |= answers(world.clock.now())
        try:
            _bad(hmpps, path, how, world)
            paper = world.authorise()
            world.to_verdict(paper)
            told, reasons = world.verdict()
            assert told != "RELEASE" and reason in reasons, (told, reasons)
            assert told == verdict
            world.confirm()
            world.settle_roads()
            assert world.spent() == set() and world.state_of(paper) == "AVAILABLE"
        finally:
            world.loop.run_until_complete(client.close())


# How it becomes worse while somebody waits


def test_what_was_read_at_the_start_lasts_as_long_as_the_policy_says(
    world: UpstreamWorld, table: dict[str, Any]
) -> None:
    """One transient fault between start and grant does not keep somebody in (L1)."""
    paper = world.authorise()
    world.start(paper)
    world.settle_roads()
    gone = table.pop(RECALLS)
    world.pass_time(2_500)
    world.answer()
    world.settle_roads()
    assert world.verdict()[0] == "RELEASE" and world.refresh.troubles[Source.RECALL]
    table[RECALLS] = gone
    assert open_door(world)


def test_a_source_that_cannot_be_understood_any_more_takes_back_what_it_said(
    world: UpstreamWorld, table: dict[str, Any]
) -> None:
    paper = world.authorise()
    world.to_verdict(paper)
    assert world.verdict()[0] == "RELEASE"
    table[RECALLS] = {"recalls": [{"recallId": "r", "recallType": "SOMETHING_NEW", "status": "OUTSTANDING"}]}
    world.pass_time(2_500)
    world.confirm()
    world.settle_roads()
    assert world.spent() == set() and "SOURCE_MISSING" in world.verdict()[1]


def test_an_answer_from_before_changes_nothing(world: UpstreamWorld, table: dict[str, Any]) -> None:
    """A replica that lags behind does not take an alert away again."""
    paper = world.authorise()
    table[f"{PERSON}/active-alerts"] = {"alerts": [ALERT]}
    world.pass_time(2_500)
    world.to_verdict(paper)
    assert "ALERT_HOLDS" in world.verdict()[1]
    before = (world.clock.now() - timedelta(minutes=2)).isoformat()
    table[f"{PERSON}/active-alerts"] = {"alerts": [], "asOf": before}
    world.pass_time(2_500)
    world.to_verdict(paper)
    assert "ALERT_HOLDS" in world.verdict()[1]


def test_a_silent_feed_holds(world: UpstreamWorld) -> None:
    paper = world.authorise()
    world.pass_time(121_000)
    world.to_verdict(paper)
    assert world.verdict() == ("HOLD", {"FEED_SILENT"})
    world.hear([])
    world.to_verdict(paper)
    assert world.verdict()[0] == "RELEASE"


def test_nobody_stands_in_for_hmpps(world: UpstreamWorld) -> None:
    world.authorise()
    heard = world.desk.do(world.signed(GOVERNOR, ActKind.HEARD, source="RECALL"))
    with pytest.raises(Exception, match="HMPPS is the source"):
        world.run(heard)
    document = '{"recallId":"r","recallType":"LR","status":"APPLIED"}'
    fields = {"kind": "RECALL", "prisoner": NUMBER, "document": document, "reason": "phone"}
    with pytest.raises(Exception, match="come from HMPPS"):
        world.run(world.desk.do(world.signed(GOVERNOR, ActKind.RECORD, **fields)))


def test_everything_known_under_another_number_of_the_person_is_read_too(
    world: UpstreamWorld, table: dict[str, Any]
) -> None:
    table[f"/person/prison/{NUMBER}"]["identifiers"]["prisonNumbers"].append("B2345CD")
    paper = world.authorise()
    world.to_verdict(paper)
    verdict, reasons = world.verdict()
    assert verdict == "HOLD" and "SOURCE_MISSING" in reasons, "nothing answers about the other number"


# News at every moment


NEWS: dict[str, Event] = {
    "an event": lambda world, _: _said(world, domain_event("recall.inserted", NUMBER)),
    "an event that nobody can read": lambda world, _: _said(world, {"eventType": 7}, gone=RECALLS),
    "an alert": lambda world, _: _said(world, domain_event("person.alert.created", NUMBER), alerts=[ALERT]),
}


def _said(world: World, event: dict[str, Any], gone: str = "", alerts: list[Any] | None = None) -> None:
    """HMPPS says something else from now on, and the feed brings the event."""
    assert isinstance(world, UpstreamWorld) and isinstance(world.client, InProcess)
    world.client.table.pop(gone, None)
    if alerts is not None:
        world.client.table[f"{PERSON}/active-alerts"] = {"alerts": alerts}
    world.hear([event])


def _release(world: UpstreamWorld, paper: str) -> None:
    """From START to the opening; the confirmation asks the sources again, the nonce finds them fresh."""
    world.act(OFFICER, ActKind.START, lane=LANE, authorisation=paper)
    world.settle_roads()
    if world.kiosk.offer is not None and world.kiosk.ended is None:
        world.answer()
        world.settle_roads()
        world.clock.ms += 2_100
        world.see()
        world.settle_roads()
        world.confirm()
        world.settle_roads()
    world.pass_time(1_000)


@pytest.mark.parametrize(
    "news", [each if each == "an alert" else pytest.param(each, marks=pytest.mark.long) for each in NEWS]
)
def test_news_at_any_moment_before_the_grant_holds_the_door(
    world: UpstreamWorld, table: dict[str, Any], news: str
) -> None:
    """Every point at which the gateway asks a source, its store or its witness, from START to the grant."""
    at = tried = 0
    while True:
        at += 1
        book, table_before = world.book, dict(table)
        paper = world.authorise()
        watch = Intruder(world, paper, at, NEWS[news])
        world.visitor = watch
        _release(world, paper)
        watch.truth.look()
        watch.truth.close()
        world.visitor = lambda _: None
        if not watch.came:
            break
        tried += 1
        assert watch.truth.left == {} and watch.truth.opened == {}, f"{news} at point {at}"
        table |= table_before
        put_back(world, book)
        world.clock.ms += 2_100  # so that what the event took away is read again
    assert tried > 30 and world.state_of(paper) == "CONSUMED", [world.verdict(), world.lane.voice.events[:8]]
