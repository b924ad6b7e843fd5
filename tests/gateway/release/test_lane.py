"""The lane with everything real but the roads: one release from the start to the relocking."""

from dataclasses import replace

from lane_kiosk import LANE
from lane_world import OFFICER, World
from sqlalchemy import Connection

from sallyport_gateway.authority.records import Relation
from sallyport_gateway.authority.words import RelationKind
from sallyport_gateway.drivers.authority_access import By
from sallyport_gateway.drivers.authority_records import Kind as RecordKind
from sallyport_gateway.drivers.authority_records import put
from sallyport_gateway.ledger import freezes
from sallyport_gateway.ledger.freezes import Scope
from sallyport_gateway.release.board_words import NOT_ACCOUNTED, OTHER_FIRMWARE
from sallyport_gateway.release.check import Stage
from sallyport_protocol.acts import ActKind
from sallyport_protocol.checks import CheckNumber
from sallyport_protocol.decision import Verdict
from sallyport_protocol.messages import Status
from sallyport_protocol.subject import Guard
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
    assert not world.lane.contact.serves
    say()
    assert world.lane.contact.serves


def hold_the_models(world: World) -> None:
    def job(conn: Connection) -> None:
        freezes.freeze(conn, Scope.MODELS, "MDI", "gateway-1", "MDI: 9 of 60 had to try again.", 1)

    world.store.write_now(job)


def test_while_the_models_are_held_the_machine_knows_nobody_and_the_manual_path_is_named(world: World) -> None:
    hold_the_models(world)
    world.to_verdict(world.authorise())
    check = world.lane.check
    assert check is not None and check.decision is not None and check.decision.verdict is Verdict.HOLD
    found = [each for each in check.decision.checks if each.number is CheckNumber.SOFTWARE]
    assert [each.reason for each in found] == ["MODELS_HELD"] and "manual path" in found[0].sentence


def test_models_that_are_held_after_the_verdict_open_no_door(world: World) -> None:
    world.to_verdict(world.authorise())
    hold_the_models(world)
    world.confirm()
    world.pass_time(4_000)
    assert not world.site.monitor.opened


def test_a_twin_that_becomes_known_after_the_offer_holds_the_door(world: World) -> None:
    """The offer told the kiosk nothing of it; the records of the decision do."""
    paper = world.authorise()
    now = world.clock.now()
    twin = Relation(relation_id="r", kind=RelationKind.TWIN, other="a twin", recorded_by="a", recorded_at=now)

    def job(conn: Connection) -> None:
        number = world.authority.case(conn, paper).prisoner_number
        put(conn, RecordKind.RELATION, number, twin, By("a", "told at reception"), now)

    world.start(paper)
    world.settle_roads()
    world.pass_time(1_500)
    world.store.write_now(job)
    world.answer()
    world.settle_roads()
    check = world.lane.check
    assert check is not None and check.decision is not None and check.decision.verdict is Verdict.HOLD
    assert "GUARD_RAISED" in [each.reason for each in check.decision.refused]
    assert check.offer is not None and check.offer.guard is Guard.NONE
