"""A lane's page after a restart, or at its next keeper: the last shift's events, the alarms that want somebody."""

from lane_kiosk import LANE
from lane_world import APPROVERS, BOARD, GOVERNOR, World

from sallyport_gateway.audit import log as audit
from sallyport_gateway.audit.log import Entry
from sallyport_gateway.release.recall import past
from sallyport_protocol.acts import ActKind
from sallyport_wire import messages as wire

NAMES = frozenset((LANE, BOARD, "MDI", "*"))


def test_the_next_keepers_page_knows_what_happened(world: World) -> None:
    paper = world.authorise()
    world.to_verdict(paper)
    world.confirm()
    world.pass_time(8_000)
    world.start_gateway()
    titles = [title for _, title, _, _ in world.lane.voice.events]
    told = ["Authorisation consumed", "Grant sent", "Verdict: RELEASE", "Check started"]
    assert [each for each in titles if each in told] == told and not world.lane.voice.alarms


def test_an_alarm_stays_until_two_officers_have_looked(world: World) -> None:
    world.site.contacts_now &= ~wire.DOOR_IS_CLOSED
    world.pass_time(500)
    world.site.contacts_now |= wire.DOOR_IS_CLOSED
    codes = {code for _, code, _ in world.lane.voice.alarms}
    assert "UNGRANTED_OPEN" in codes
    world.start_gateway()
    assert {code for _, code, _ in world.lane.voice.alarms} == codes
    for officer in (APPROVERS[0], GOVERNOR):
        world.act(officer, ActKind.UNFREEZE, scope="lane", name=LANE, why="looked at")
    assert not world.lane.voice.alarms
    world.start_gateway()
    assert not world.lane.voice.alarms and world.lane.voice.events, "the log remembers what the page need not show"


def test_another_lanes_past_an_older_shift_and_a_broken_entry_are_not_shown(world: World) -> None:
    def write(conn: object) -> list[Entry]:
        made = []
        for lane, at in (("MDI-LANE-2", 900), (LANE, 100), (LANE, 900)):
            made.append(audit.append(conn, "gateway-1", "GRANT", {"lane": lane}, at))  # type: ignore[arg-type]
        return made

    entries = world.store.write_now(write)
    broken = Entry("gateway-1", 9, "GRANT", 950, b"", b"\xff" + LANE.encode())
    [line] = past([*entries, broken], "gateway-2", NAMES, since=500).events
    assert line[1:] == ("Grant sent", "", None), "an entry of another gateway's log has no number of this one's"
