"""The lane with everything real but the roads: one release from the start to the relocking."""

from lane_world import LANE, OFFICER, World

from sallyport_gateway.check import Stage
from sallyport_protocol.acts import ActKind
from sallyport_protocol.decision import Verdict


def test_the_right_person_with_a_right_paper_leaves_once(world: World) -> None:
    paper = world.authorise()
    world.to_verdict(paper)
    check = world.lane.check
    assert check is not None
    assert check.decision is not None
    assert check.decision.verdict is Verdict.RELEASE, check.decision.refused
    outcome = world.confirm()
    assert outcome is not None and outcome.accepted, outcome
    world.pass_time(2_000)
    assert len(world.site.monitor.opened) == 1
    assert world.state_of(paper) == "CONSUMED"
    world.pass_time(8_000)
    assert not world.site.on
    assert world.lane.check is not None
    assert world.lane.check.stage is Stage.ENDED
    again = world.act(OFFICER, ActKind.START, lane=LANE, authorisation=paper)
    assert again is not None and not again.accepted
