"""The main loop: what it takes up, what it refuses, and that nothing that arrives can end it."""

import secrets
import threading
from collections.abc import Callable
from typing import Any

import pytest
from kiosk_bench import Bench
from kiosk_doors import ABSENT, ALICES, BOARD, BORIS, KIOSK, PRISON, until

from sallyport_kiosk import parameters
from sallyport_kiosk.device_watch import SILENT
from sallyport_kiosk.stage import Step
from sallyport_protocol import envelope
from sallyport_protocol.errors import RoadError
from sallyport_protocol.messages import (
    Ack,
    AckVerdict,
    End,
    EndReason,
    LockFrames,
    Offer,
    Outcome,
    Presence,
    Ready,
)
from sallyport_protocol.topics import TO_DEVICE, Kind, Topic


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "FACE_ATTEMPT_MS", 60)
    monkeypatch.setattr(parameters, "FINGER_POLL_S", 0.005)
    monkeypatch.setattr(parameters, "PRESENCE_MS", 50)
    monkeypatch.setattr(parameters, "END_WAIT_S", 0.05)
    monkeypatch.setattr("sallyport_kiosk.kiosk._TICK_S", 0.01)


@pytest.fixture
def up(bench: Bench) -> Bench:
    """A kiosk that runs and has said READY."""
    bench.start()
    until(lambda: bench.heard(Kind.READY), "READY")
    return bench


def begun(bench: Bench, offer: Offer) -> Offer:
    """The offer, taken up, and waiting for a finger."""
    bench.sensor.shown = ABSENT
    seen = len(bench.display.shown)
    bench.say(Kind.OFFER, offer)
    until(lambda: any(step is Step.FINGER for step, _ in bench.display.shown[seen:]), "the session to begin")
    return offer


def end_of(bench: Bench, offer: Offer, reason: EndReason = EndReason.CANCELLED, **changes: Any) -> End:
    return End(session=offer.session, boot_nonce=bench.boot.nonce, reason=reason).model_copy(update=changes)


# The honest way


def test_ready_says_who_is_here_and_is_repeated(up: Bench) -> None:
    ready = Ready.parse(up.heard(Kind.READY)[0])
    assert (ready.boot_nonce, ready.offer_sequence, ready.interlock) == (up.boot.nonce, 0, BOARD)
    assert sorted(up.link.filters) == sorted(up.mouth.topic(kind) for kind in TO_DEVICE)
    assert until(lambda: up.display.shown, "the screen")[0] == (Step.IDLE, "WELCOME")
    up.clock.ahead_ms += parameters.READY_MS
    until(lambda: len(up.heard(Kind.READY)) > 1, "READY again")


def test_an_offer_becomes_a_result_and_presence_until_the_end(up: Bench) -> None:
    offer = up.offer(1)
    up.say(Kind.OFFER, offer)
    result = up.result_of(offer)
    assert (result.outcome, result.challenge) == (Outcome.MATCH, offer.challenge)
    until(lambda: up.heard(Kind.PRESENCE), "presence")
    assert Presence.parse(up.heard(Kind.PRESENCE)[0]).session == offer.session
    up.say(Kind.END, end_of(up, offer, EndReason.OPENED))
    until(lambda: (Step.DONE, "DOOR_OPEN_GO") in up.display.shown, "the last instruction")
    assert up.display.frame is None
    up.clock.ahead_ms += parameters.END_SHOWN_MS
    until(lambda: up.display.shown[-1] == (Step.IDLE, "WELCOME"), "the welcome")
    up.settled()
    said = len(up.heard(Kind.PRESENCE))
    up.settled()
    assert len(up.heard(Kind.PRESENCE)) == said


def test_frames_are_relayed_both_ways_untouched(up: Bench) -> None:
    up.say(Kind.LOCK_DOWN, LockFrames(interlock=BOARD, sequence=1, frames=b"\x00\x01\xff"))
    until(lambda: up.line.sent == [b"\x00\x01\xff"], "the frame at the board")
    up.line.on_frame(b"\x7e\x02")
    up.line.on_frame(b"\x7e\x03")
    until(lambda: len(up.heard(Kind.LOCK_UP)) == 2, "the frames at the gateway")
    ups = [LockFrames.parse(each) for each in up.heard(Kind.LOCK_UP)]
    assert [(each.sequence, each.frames) for each in ups] == [(1, b"\x7e\x02"), (2, b"\x7e\x03")]


def test_the_last_word_is_that_it_is_gone(up: Bench) -> None:
    up.close()
    assert up.heard(Kind.STATUS)[-1]["online"] is False
    assert not up.link.connected and not up.line.connected


# The result stays until the gateway's signed word


def test_a_result_is_sent_again_until_the_signed_acknowledgement(up: Bench) -> None:
    offer = up.offer(1)
    up.say(Kind.OFFER, offer)
    up.result_of(offer)
    for count in (2, 3):
        up.clock.ahead_ms += 6_000
        until(lambda count=count: len(up.sent(Kind.RESULT)) >= count, "the result again")  # type: ignore[misc]
    first, *again = up.sent(Kind.RESULT)
    assert set(again) == {first}
    digest = envelope.digest_of(first)
    up.say(Kind.ACK, Ack(session=offer.session, result=digest, verdict=AckVerdict.ACCEPTED))
    until(lambda: up.outbox.verdict(offer.session, digest) == "ACCEPTED", "the settlement")
    sent = len(up.sent(Kind.RESULT))
    up.clock.ahead_ms += 6_000
    up.settled()
    assert len(up.sent(Kind.RESULT)) == sent and up.outbox.waiting() == 0


@pytest.mark.parametrize("who", ["s.patel", KIOSK])
def test_an_acknowledgement_by_a_stranger_settles_nothing(up: Bench, who: str) -> None:
    offer = up.offer(1)
    up.say(Kind.OFFER, offer)
    up.result_of(offer)
    digest = envelope.digest_of(up.sent(Kind.RESULT)[0])
    up.say(Kind.ACK, Ack(session=offer.session, result=digest, verdict=AckVerdict.ACCEPTED), who=who)
    up.settled()
    assert up.outbox.waiting() == 1


@pytest.mark.parametrize("wrong", ["session", "result", "verdict"])
def test_an_acknowledgement_of_something_else_settles_nothing(up: Bench, wrong: str) -> None:
    offer = up.offer(1)
    up.say(Kind.OFFER, offer)
    up.result_of(offer)
    digest = envelope.digest_of(up.sent(Kind.RESULT)[0])
    honest = Ack(session=offer.session, result=digest, verdict=AckVerdict.ACCEPTED)
    change = {"session": bytes(16), "result": bytes(32), "verdict": AckVerdict.RETRY}[wrong]
    up.say(Kind.ACK, honest.model_copy(update={wrong: change}))
    up.settled()
    assert up.outbox.waiting() == 1


def test_a_disk_that_is_full_stops_the_resending_and_not_the_kiosk(
    up: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(now_ms: int) -> list[object]:
        raise RoadError("the outbox fails: the disk is full; free some space")

    monkeypatch.setattr(up.outbox, "due", full)
    until(lambda: "free some space" in caplog.text, "the complaint")
    up.settled()
    assert up.running and caplog.text.count("free some space") == 1


# Offers that are not taken up


def refused(bench: Bench, offer: Offer, **how: Any) -> None:
    seen = len(bench.display.shown)
    bench.say(Kind.OFFER, offer, **how)
    bench.settled()
    assert [step for step, _ in bench.display.shown[seen:] if step not in (Step.IDLE,)] == []
    assert not any(each.session == offer.session for each in bench.results())
    assert bench.running


def test_a_retained_offer_is_ignored(up: Bench, caplog: pytest.LogCaptureFixture) -> None:
    refused(up, up.offer(1), retained=True)
    assert "retained" in caplog.text


@pytest.mark.parametrize(
    "change",
    [
        lambda bench: {"boot_nonce": secrets.token_bytes(16)},
        lambda bench: {"kiosk": "MDI-K02"},
        lambda bench: {"lane": "MDI-LANE-2"},
        lambda bench: {"policy": bytes(32)},
        lambda bench: {"model_set": bytes(32)},
        lambda bench: {"operating": bench.boot.policy.operating.model_copy(update={"fused_fmr_log10": -1.0})},
        lambda bench: {"session": bytes(16)},  # not what the references were sealed for
        lambda bench: {"sealed": bytes(64)},
        lambda bench: {"v": 2},
    ],
    ids=["boot", "kiosk", "lane", "policy", "models", "weaker", "moved-references", "no-references", "version"],
)
def test_an_offer_that_is_not_for_here_and_now_is_refused(up: Bench, change: Callable[[Bench], dict[str, Any]]) -> None:
    refused(up, up.offer(1, **change(up)))
    good = up.offer(2)
    up.say(Kind.OFFER, good)
    assert up.result_of(good).outcome is Outcome.MATCH


def test_an_offer_under_another_kiosks_topic_is_refused(up: Bench) -> None:
    refused(up, up.offer(1), device="MDI-K02")


def test_an_offer_that_a_stranger_signed_is_refused(up: Bench) -> None:
    refused(up, up.offer(1), who="s.patel")


def test_a_replayed_offer_starts_nothing(up: Bench) -> None:
    offer = up.offer(3)
    up.say(Kind.OFFER, offer)
    up.result_of(offer)
    up.say(Kind.END, end_of(up, offer))
    until(lambda: (Step.IDLE, "STAFF_WILL_HELP") in up.display.shown, "the end")
    faces = sum(step is Step.FACE for step, _ in up.display.shown)
    up.say(Kind.OFFER, offer)
    up.say(Kind.OFFER, up.offer(2))
    up.settled()
    assert sum(step is Step.FACE for step, _ in up.display.shown) == faces


def test_ready_names_the_highest_offer_seen(up: Bench) -> None:
    begun(up, up.offer(41))
    up.clock.ahead_ms += parameters.READY_MS
    until(lambda: up.heard(Kind.READY)[-1]["offer_sequence"] == 41, "READY")


# The life of a session


def test_a_newer_offer_ends_the_session_before_it(up: Bench) -> None:
    first, second = begun(up, up.offer(1)), begun(up, up.offer(2))
    assert up.result_of(first).outcome is Outcome.ABANDONED
    up.sensor.shown = 1
    assert up.result_of(second).outcome is Outcome.MATCH


def test_an_offer_with_broken_references_leaves_the_welcome_and_no_picture(up: Bench) -> None:
    begun(up, up.offer(1))
    up.say(Kind.OFFER, up.offer(2, sealed=bytes(64)))
    until(lambda: up.display.shown[-1] == (Step.IDLE, "WELCOME"), "the welcome")
    assert up.display.frame is None


@pytest.mark.parametrize("wrong", [{"session": bytes(16)}, {"boot_nonce": bytes(16)}])
def test_the_end_of_another_session_ends_nothing(up: Bench, wrong: dict[str, bytes]) -> None:
    offer = begun(up, up.offer(1))
    up.say(Kind.END, end_of(up, offer, **wrong))
    up.settled()
    up.sensor.shown = 1
    assert up.result_of(offer).outcome is Outcome.MATCH


def test_an_end_that_is_said_again_is_no_news_and_one_of_another_session_is(
    up: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    offer = begun(up, up.offer(1))
    up.say(Kind.END, end_of(up, offer))
    up.say(Kind.END, end_of(up, offer))
    up.settled()
    assert "dropped" not in caplog.text
    up.say(Kind.END, end_of(up, offer, session=bytes(16)))
    up.settled()
    assert "dropped: the end of a session that is not this one" in caplog.text


def test_an_end_by_a_stranger_ends_nothing(up: Bench) -> None:
    offer = begun(up, up.offer(1))
    up.say(Kind.END, end_of(up, offer), who="s.patel")
    up.settled()
    up.sensor.shown = 1
    assert up.result_of(offer).outcome is Outcome.MATCH


def test_a_session_that_nobody_ends_goes_with_its_time(up: Bench) -> None:
    begun(up, up.offer(1))
    up.clock.ahead_ms += 60_000
    until(lambda: up.display.shown[-1] == (Step.IDLE, "WELCOME"), "the welcome")
    assert up.display.frame is None


@pytest.mark.parametrize("break_it", ["camera", "sensor"])
def test_a_device_that_fails_in_the_middle_is_a_fault_and_the_next_offer_goes(up: Bench, break_it: str) -> None:
    if break_it == "camera":
        up.camera.frames_left = 2
    else:
        up.sensor.unplug_at_capture = True
    broken = up.offer(1)
    up.say(Kind.OFFER, broken)
    result = up.result_of(broken)
    assert result.outcome is Outcome.FAULT and "plug it in" in result.detail
    up.camera.frames_left = None
    up.sensor.unplugged = up.sensor.unplug_at_capture = False
    good = up.offer(2)
    up.say(Kind.OFFER, good)
    assert up.result_of(good).outcome is Outcome.MATCH


def test_a_session_that_crashes_says_staff_will_help_and_the_loop_goes_on(
    up: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def crash(image: object) -> object:
        raise RuntimeError("the network gave up")

    with monkeypatch.context() as patch:
        patch.setattr("kiosk_doors.TaggedPipeline.analyse", lambda self, image: crash(image))
        up.say(Kind.OFFER, up.offer(1))
        until(lambda: (Step.IDLE, "STAFF_WILL_HELP") in up.display.shown, "the last instruction")
    assert "the door stays locked" in caplog.text
    good = up.offer(2)
    up.say(Kind.OFFER, good)
    assert up.result_of(good).outcome is Outcome.MATCH


def test_another_person_gets_no_presence(up: Bench) -> None:
    up.camera.shown = BORIS
    offer = up.offer(1, references=ALICES)
    up.say(Kind.OFFER, offer)
    assert up.result_of(offer).outcome is Outcome.NON_MATCH
    up.settled()
    assert up.heard(Kind.PRESENCE) == []


# What must not get through


@pytest.mark.parametrize("board", ["MDI-L02", "MDI-K01"])
def test_frames_for_another_interlock_are_not_passed_on(up: Bench, board: str) -> None:
    up.say(Kind.LOCK_DOWN, LockFrames(interlock=board, sequence=1, frames=b"\x01"))
    up.settled()
    assert up.line.sent == []


def test_frames_of_a_stranger_are_not_passed_on(up: Bench) -> None:
    up.say(Kind.LOCK_DOWN, LockFrames(interlock=BOARD, sequence=1, frames=b"\x01"), who="s.patel")
    up.settled()
    assert up.line.sent == []


def test_a_line_that_is_down_loses_the_frame_and_says_so(up: Bench, caplog: pytest.LogCaptureFixture) -> None:
    up.line.connected = False
    up.say(Kind.LOCK_DOWN, LockFrames(interlock=BOARD, sequence=1, frames=b"\x01"))
    until(lambda: "check the cable to the lock box" in caplog.text, "the complaint")
    up.line.connected = True
    up.settled()
    assert up.line.sent == []


@pytest.mark.parametrize("payload", [b"", b"\x00", b"not cbor", b"\xff" * 400_000])
def test_no_bytes_on_any_topic_end_the_loop(up: Bench, payload: bytes) -> None:
    for kind in Kind:
        up.kiosk.arrive(str(Topic(PRISON, KIOSK, kind)), payload, False)
    up.kiosk.arrive("nobody/knows/this", payload, False)
    up.settled()
    good = up.offer(1)
    up.say(Kind.OFFER, good)
    assert up.result_of(good).outcome is Outcome.MATCH


def test_not_even_a_fault_of_the_loop_itself_ends_it(
    up: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(up.mouth, "open", lambda topic, payload: 1 / 0)
        up.kiosk.arrive("any", b"", False)
        until(lambda: "ZeroDivisionError" in caplog.text, "the record")
    up.settled()
    assert up.running


# What does not work


def faults(bench: Bench) -> list[str]:
    told = [each for each in bench.heard(Kind.STATUS) if each["online"]]
    return list(told[-1]["faults"]) if told else ["nothing was said yet"]


def looked(up: Bench) -> None:
    """Returns when no look at the devices is under way: a clock that jumps in its middle makes a slow device."""
    until(lambda: faults(up) == [], "a status without faults")
    until(lambda: up.kiosk._devices is not None and not up.kiosk._devices.using.locked(), "the end of a look")


def test_a_camera_that_goes_is_told_while_nobody_is_there_and_so_is_its_return(up: Bench) -> None:
    looked(up)
    up.camera.frames_left = 0
    up.clock.ahead_ms += parameters.DEVICE_LOOK_MS
    until(lambda: any("camera" in each for each in faults(up)), "the fault")
    up.camera.frames_left = None
    up.clock.ahead_ms += parameters.DEVICE_LOOK_MS
    until(lambda: faults(up) == [], "the repair")


def test_the_interlocks_line_and_the_sensor_are_told_too(up: Bench) -> None:
    looked(up)
    up.line.connected = False
    until(lambda: any("interlock" in each for each in faults(up)), "the line's fault")
    up.line.connected = True
    up.sensor.unplugged = True
    up.clock.ahead_ms += parameters.DEVICE_LOOK_MS
    until(lambda: [each.partition(":")[0] for each in faults(up)] == ["fingerprint sensor"], "the sensor's fault alone")
    said = len(up.heard(Kind.STATUS))
    up.clock.ahead_ms += parameters.STATUS_MS
    until(lambda: len(up.heard(Kind.STATUS)) > said, "the same again, for whoever missed it")


def test_nobody_looks_at_the_devices_while_a_session_uses_them(up: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    up.settled()
    opened: list[str] = []
    begun(up, up.offer(1))
    monkeypatch.setattr(up.sensor, "open", lambda: opened.append("opened"))
    up.clock.ahead_ms += parameters.DEVICE_LOOK_MS
    up.settled()
    assert not opened


def test_a_device_that_hangs_is_a_fault_itself(up: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    looked(up)
    released = threading.Event()
    monkeypatch.setattr(up.camera, "open", lambda: released.wait(30))
    up.clock.ahead_ms += parameters.DEVICE_LOOK_MS
    up.settled()
    up.clock.ahead_ms += parameters.DEVICE_PATIENCE_MS + 1
    until(lambda: SILENT in faults(up), "the fault")
    released.set()


# The watchdog


def test_the_main_loop_feeds_the_watchdog_until_a_session_cannot_be_ended(
    up: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = begun(up, up.offer(1))
    until(lambda: up.beats > 3, "the watchdog's food")
    released, stuck = threading.Event(), threading.Event()

    def hang() -> bool:
        stuck.set()
        return released.wait(30)

    monkeypatch.setattr(up.sensor, "present", hang)
    assert stuck.wait(5)
    up.clock.ahead_ms += offer.expires_in + parameters.HUNG_MS + 1_000
    until(lambda: up.kiosk._hung(up.clock.monotonic_ms()), "the end of patience")
    up.settled()
    fed = up.beats
    up.settled()
    assert up.beats == fed
    released.set()
    until(lambda: up.beats > fed, "food again, once the session has ended")
