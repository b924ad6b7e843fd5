"""The lane with everything real but the roads: one release from the start to the relocking."""

from dataclasses import replace

from lane_world import LANE, OFFICER, World

from sallyport_gateway.board_words import NOT_ACCOUNTED, OTHER_FIRMWARE
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


def test_a_board_whose_firmware_nobody_approved_gets_no_grant(world: World) -> None:
    """The board states its digest with its own key; the signed model set says which are approved."""
    approved = world.book.model_set
    world.to_verdict(world.authorise())
    world.book = replace(world.book, model_set=approved.model_copy(update={"firmware": (b"\x01" * 32,)}))
    outcome = world.confirm()
    assert outcome is not None and OTHER_FIRMWARE in outcome.sentences
    world.start_gateway()
    world.pass_time(7_000)
    assert [code for _, code, _ in world.lane.opening.voice.alarms] == ["OTHER_FIRMWARE"], "said once, not every time"
    assert not world.site.monitor.shown

    world.book = replace(world.book, model_set=approved)
    world.to_verdict(world.authorise())
    world.site.power_off()
    world.site.power_on()
    world.site.run(50)
    while world.up:
        world.deliver_up()
    outcome = world.confirm()
    assert outcome is not None and NOT_ACCOUNTED[None] in outcome.sentences, "it has to say again what it runs"
    world.pass_time(2_000)
    outcome = world.confirm()
    assert outcome is not None and outcome.accepted, outcome
    world.pass_time(2_000)
    assert len(world.site.monitor.opened) == 1
