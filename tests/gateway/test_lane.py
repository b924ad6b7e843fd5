"""The lane with everything real but the roads: one release from the start to the relocking."""

from dataclasses import replace

from lane_world import LANE, OFFICER, World

from sallyport_gateway.board_words import NOT_ACCOUNTED, OTHER_FIRMWARE
from sallyport_gateway.check import Stage
from sallyport_protocol.acts import ActKind
from sallyport_protocol.decision import Verdict
from sallyport_protocol.messages import Status
from sallyport_protocol.topics import Kind


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


def test_a_kiosks_faults_are_an_alarm_once_and_a_replay_of_another_boot_is_nothing(world: World) -> None:
    def say(*faults: str, boot: bytes | None = None) -> None:
        nonce = world.kiosk.boot if boot is None else boot
        status = Status(kiosk="MDI-K01", boot_nonce=nonce, online=True, faults=faults)
        world.arrive(*world.kiosk.sign(Kind.STATUS, status))

    world.connect()
    for _ in range(2):
        say("camera: unplugged")
    say("sensor: unplugged", boot=b"0" * 16)
    assert [(code, sentence) for _, code, sentence in world.lane.voice.alarms] == [("KIOSK_FAULT", "camera: unplugged")]
    assert not world.lane.kiosk_serves
    say()
    assert world.lane.kiosk_serves
