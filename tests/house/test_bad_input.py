"""Bad input on the real programs: each gets words that say what to do, leaves the door locked, and loses nothing."""

import signal
import time
from typing import Any

import httpx
import pytest
from visit import (
    ENDED,
    OTHER_PHOTO,
    PATIENCE_S,
    PHOTO,
    PRINT,
    Visit,
    empty_room,
    run_program,
    side_by_side,
)

from sallyport_protocol import canonical, envelope
from sallyport_protocol.acts import ActKind
from sallyport_protocol.messages import LockFrames, Ready
from sallyport_protocol.topics import FROM_DEVICE, Kind, Topic
from sallyport_provisioning.broker_config import MAX_PACKET
from sallyport_rig.demonstration.watching import Eavesdropper
from sallyport_rig.demonstration.world import APPROVERS, KIOSK, LANE, OFFICER, World

JUNK = (b"", b"\x00", b"{}", b"\xff" * 4_096, canonical.encode({"v": 1}), canonical.encode([b"", {}, b"", b""]))
HUGE = b"\x5a" + (MAX_PACKET - 300).to_bytes(4, "big") + bytes(MAX_PACKET - 300)
"""A byte string, as CBOR says it, as long as the broker lets through."""


# What people do before the kiosk


def test_nobody_then_two_people_then_no_finger_each_get_one_instruction(visit: Visit) -> None:
    visit.face(empty_room())
    visit.finger(None)
    visit.start()
    visit.told("Look at the camera")
    visit.face(side_by_side(visit.world.samples))
    visit.told("One person only")
    visit.face(PHOTO)
    visit.told("Place your finger on the sensor")
    visit.locked()
    visit.finger(PRINT)
    visit.lets_out(visit.verdict())


def test_who_leaves_after_the_verdict_is_not_let_out(visit: Visit) -> None:
    visit.person()
    visit.start()
    lane = visit.verdict()
    assert lane["decision"]["verdict"] == "RELEASE"
    visit.face(empty_room())
    time.sleep(4.5)  # the policy's longest absence is three seconds
    accepted, told = visit.confirm(lane)
    assert not accepted and "view" in told
    visit.opens()


def test_who_is_swapped_after_the_verdict_is_not_let_out(visit: Visit) -> None:
    visit.person()
    visit.start()
    lane = visit.verdict()
    assert lane["decision"]["verdict"] == "RELEASE"
    visit.face(OTHER_PHOTO)
    visit.world.wait(lambda: "Somebody else" in str(visit.world.lane()["session"]["state"]), PATIENCE_S, "the swap")
    accepted, told = visit.confirm(lane)
    assert not accepted and "Somebody else" in told
    visit.face(PHOTO)
    accepted, told = visit.confirm(lane)  # coming back does not help
    assert not accepted
    visit.opens()


@pytest.mark.parametrize("officer", [APPROVERS[0], "d.morgan", "a.lind"])
def test_only_the_officer_at_the_door_confirms(visit: Visit, officer: str) -> None:
    """Two approved, a third opens: no single person can (S6)."""
    visit.person()
    visit.start()
    lane = visit.verdict()
    accepted, told = visit.confirm(lane, officer)
    assert not accepted and told
    visit.locked()
    if officer == APPROVERS[0]:
        visit.lets_out(visit.verdict())


# Devices


def test_a_truncated_image_is_a_fault_and_the_next_attempt_opens(visit: Visit) -> None:
    whole = (visit.world.samples / PHOTO).read_bytes()
    visit.face(whole[:300])
    visit.finger(PRINT)
    visit.start()
    held(visit.verdict(), "fault")
    visit.opens()


def test_a_sensor_unplugged_in_the_middle_is_a_fault_and_the_next_attempt_opens(visit: Visit) -> None:
    visit.face(PHOTO)
    visit.finger(None)
    visit.start()
    visit.told("Place your finger on the sensor")
    visit.world.sensor.plug_out()
    held(visit.verdict(), "fault")
    visit.world.sensor.plug_in()
    visit.opens()


def test_an_interlock_cable_that_is_pulled_leaves_the_authorisation_usable(visit: Visit) -> None:
    visit.person()
    visit.start()
    lane = visit.verdict()
    visit.world.board.line = "pulled"
    accepted, told = visit.confirm(lane)
    assert accepted, told
    visit.event("Door stays locked", "did not answer")
    visit.locked()
    visit.world.board.line = "good"
    visit.opens()


@pytest.mark.long
def test_noise_on_the_interlock_cable_opens_nothing(visit: Visit) -> None:
    visit.person()
    visit.start()
    lane = visit.verdict()
    visit.world.board.line = "garbled"
    visit.confirm(lane)
    visit.event("Door stays locked", "did not answer")
    visit.locked()
    visit.world.board.line = "good"
    visit.opens()


# Programs that die


def test_a_gateway_killed_between_confirmation_and_grant_loses_nothing(visit: Visit) -> None:
    """Nothing was granted, so the authorisation is free again once the board has said that it is locked (L2)."""
    world = visit.world
    visit.person()
    visit.start()
    lane = visit.verdict()
    world.board.line = "pulled"
    accepted, told = visit.confirm(lane)
    assert accepted, told
    world.end("gateway", signal.SIGKILL)
    world.board.line = "good"
    world.start_gateway()
    world.wait(lambda: world.lane()["kiosk"]["connected"], PATIENCE_S, "the kiosk at the new gateway")
    visit.opens()


def test_a_kiosk_killed_in_the_middle_ends_the_check_and_the_next_opens(visit: Visit) -> None:
    world = visit.world
    visit.face(PHOTO)
    visit.finger(None)
    session = visit.start()
    visit.told("Place your finger on the sensor")
    world.end("kiosk", signal.SIGKILL)
    world.start_kiosk()
    visit.event("Check ended", "kiosk restarted")
    accepted, told = world.act(OFFICER, ActKind.CONFIRM, session=session, compared="yes")
    assert not accepted and told
    visit.opens()


# Hostile messages


def test_no_message_at_the_broker_stops_a_session_or_opens_the_door(visit: Visit) -> None:
    world = visit.world
    visit.face(PHOTO)
    visit.finger(None)
    visit.start()
    visit.told("Place your finger on the sensor")
    with Eavesdropper(world.hostile_port) as stranger:
        for topic in (*(topic_of(kind) for kind in Kind), "sallyport/v2/MDI/MDI-K01/result", "sallyport/v1/MDI"):
            for payload in JUNK:
                stranger.publish(topic, payload)
        for kind in FROM_DEVICE:
            heard = stranger.last(topic_of(kind))
            if heard is not None:
                stranger.publish(topic_of(kind), heard)
                stranger.publish(topic_of(kind), heard, retain=True)
                stranger.publish(topic_of(kind), b"", retain=True)
        for topic, message in forged(world):
            stranger.publish(topic, message)
    visit.event("Message ignored", "version 3")
    visit.logged("kiosk", "version 3")
    visit.locked()
    visit.finger(PRINT)
    visit.lets_out(visit.verdict())


def test_a_huge_message_is_dropped(visit: Visit) -> None:
    with Eavesdropper(visit.world.hostile_port) as stranger:
        for kind in Kind:
            stranger.publish(topic_of(kind), HUGE)
    visit.opens()


@pytest.mark.long
def test_a_stored_message_is_a_replay_and_an_alarm(visit: Visit) -> None:
    world = visit.world
    with Eavesdropper(world.hostile_port) as stranger:
        ready = stranger.wait_for(topic_of(Kind.READY), PATIENCE_S)
        stranger.publish(topic_of(Kind.READY), ready, retain=True)
        try:
            world.end("gateway")
            world.start_gateway()
            world.wait(
                lambda: any(each["code"] == "RETAINED_MESSAGE" for each in world.lane()["alarms"]),
                PATIENCE_S,
                "the alarm",
            )
        finally:
            stranger.publish(topic_of(Kind.READY), b"", retain=True)
    world.wait(lambda: world.lane()["kiosk"]["connected"], PATIENCE_S, "the kiosk itself")
    visit.opens()


@pytest.mark.parametrize("body", [b"", b"\x00", b"{}", b"\xff" * 5_000, bytes(200_000)])
def test_an_act_that_is_none_is_refused_with_words(visit: Visit, body: bytes) -> None:
    answer = visit.world.client.post("/api/acts", content=body)
    assert answer.status_code in (200, 400, 413)
    told: dict[str, Any] = answer.json()
    assert not told["accepted"] and told["sentences"]


def test_an_act_by_a_stranger_or_done_twice_is_refused(visit: Visit) -> None:
    world = visit.world
    visit.face(PHOTO)
    with httpx.Client(base_url=world.gateway_url, timeout=PATIENCE_S) as client:
        act = world.signed_act(OFFICER, ActKind.START, lane=LANE, authorisation=visit.number)
        assert client.post("/api/acts", content=act).json()["accepted"]
        again = client.post("/api/acts", content=act).json()
        assert not again["accepted"] and "before" in again["sentences"][0]
        kiosks = world.signed_act(KIOSK, ActKind.START, lane=LANE, authorisation=visit.number)
        assert not client.post("/api/acts", content=kiosks).json()["accepted"]
    visit.locked()


# Revocation: last, since it changes the house


def test_a_revoked_kiosk_is_refused_within_a_minute_and_a_renewed_one_opens(visit: Visit) -> None:
    world = visit.world
    visit.face(PHOTO)
    visit.finger(None)
    visit.start()
    visit.told("Place your finger on the sensor")
    estate = str(world.estate.root)
    code, told = run_program("sallyport_provisioning", "revoke", estate, KIOSK, "--reason", "cessationOfOperation")
    assert code == 0 and f"{KIOSK} is revoked" in told
    visit.event("Message ignored", "revoked")
    visit.finger(PRINT)
    world.wait(lambda: any("revoked" in each["sentence"] for each in world.lane()["alarms"]), PATIENCE_S, "the alarm")
    visit.locked()
    assert world.lane()["session"]["state"] != ENDED or not world.lane().get("decision")
    code, told = run_program("sallyport_provisioning", "renew", estate, KIOSK)
    assert code == 0, told
    world.broker.reload()
    world.end("kiosk")
    world.start_kiosk()
    world.wait(lambda: world.lane()["kiosk"]["connected"], PATIENCE_S, "the kiosk under its new certificate")
    visit.opens()


def test_after_all_that_the_audit_log_is_whole(world: World) -> None:
    """Nothing was lost on the way, and every opening is accounted for by exactly one grant."""
    code, told = run_program("sallyport_gateway", "audit", "verify", "--config", str(world.estate.gateway_config))
    assert code == 0, told
    assert world.count("OPENED") == world.count("GRANT") > 0
    assert world.count("OPENED_UNACCOUNTED") == 0


def topic_of(kind: Kind) -> str:
    return str(Topic("MDI", KIOSK, kind))


def held(lane: dict[str, Any], word: str) -> None:
    """The verdict is no release, and a modality says why."""
    decision = lane["decision"]
    assert decision["verdict"] in ("HOLD", "REFER") and decision["summary"]
    assert word in {each["outcome"].lower() for each in decision["modalities"]}


def forged(world: World) -> list[tuple[str, bytes]]:
    """Messages under good signatures that must not be believed: versions, places and frames that are wrong."""
    kiosk, gateway = world.estate.signer(KIOSK), world.estate.signer("gateway-1")
    noise = LockFrames(interlock="MDI-L01", sequence=1 << 40, frames=bytes(range(256)))
    other = LockFrames(interlock="MDI-L02", sequence=1, frames=b"\x01")
    ready = Ready(
        prison="MDI",
        kiosk=KIOSK,
        boot_nonce=bytes(16),
        seal_key=bytes(32),
        offer_sequence=0,
        model_set=bytes(32),
        policy=bytes(32),
        software=bytes(32),
        tamper=False,
        lane="MDI-LANE-1",
        interlock="MDI-L01",
    ).to_map()
    found = [
        (kiosk, Kind.READY, {**ready, "v": 2}),
        (kiosk, Kind.READY, {**ready, "lane": "MDI-LANE-2"}),
        (kiosk, Kind.READY, {**ready, "more": 1}),
        (gateway, Kind.READY, ready),
        (kiosk, Kind.LOCK_UP, noise.to_map()),
        (kiosk, Kind.LOCK_UP, other.to_map()),
        (kiosk, Kind.OFFER, {"v": 1}),
        (gateway, Kind.OFFER, {"v": 2}),
        (gateway, Kind.END, {"v": 1}),
        (gateway, Kind.LOCK_DOWN, noise.to_map()),
        (gateway, Kind.LOCK_DOWN, other.to_map()),
        (world.estate.signer(OFFICER), Kind.RESULT, {"v": 1}),
        (kiosk, Kind.READY, {**ready, "v": 3}),  # the last for each side: all before it was heard
        (gateway, Kind.OFFER, {"v": 3}),
    ]
    return [(topic_of(kind), envelope.sign(content, who, topic_of(kind))) for who, kind, content in found]
