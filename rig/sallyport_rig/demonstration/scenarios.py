"""The scenarios. Each plays on the running world, tells what it sees, and says whether that is what must be."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from sallyport_protocol import canonical, envelope
from sallyport_protocol.acts import ActKind
from sallyport_protocol.topics import Kind, Topic
from sallyport_rig.demonstration import records
from sallyport_rig.demonstration.alive import liveness_required
from sallyport_rig.demonstration.outcome import Outcome
from sallyport_rig.demonstration.play import DOOR_S, Play
from sallyport_rig.demonstration.watching import Eavesdropper
from sallyport_rig.demonstration.world import APPROVERS, KIOSK, LANE, OFFICER, World

RESULT_TOPIC: Final = str(Topic("MDI", KIOSK, Kind.RESULT))
PHOTO, PRINT = "subject-a-2.jpg", "finger-a-2.png"
FEWEST_ASKED: Final = 5
"""Movements in a challenge of five actions; fewer could be guessed."""


def _paper_state(world: World, number: str) -> str:
    here = world.lane().get("authorisation")
    for each in [*world.papers(), *([here] if here else [])]:
        if each["authorisation"] == number:
            return str(each["state"])
    return "gone"


def right_person(play: Play) -> Outcome:
    """1: right person, authorised."""
    world = play.world
    world.present(PHOTO, PRINT)
    number = world.authorise("auth-1")
    lane = play.release(number)
    door = play.door(opens=True)
    state = world.wait(lambda: (s := _paper_state(world, number)).endswith("consumed") and s, 30, "the consumption")
    play.say(f"The authorisation is {state}; the prison's record says OUT.")
    return play.end(lane, door, ok=door == "opened" and lane["decision"]["verdict"] == "RELEASE")


def another_person(play: Play) -> Outcome:
    """2: another person under that number."""
    play.world.present("subject-b-1.jpg", "finger-b-1.png")
    lane = play.check(play.world.authorise("auth-2"))
    door = play.door(opens=False)
    failed = _numbers(lane)
    return play.end(lane, door, ok=_held(lane) and 12 in failed and door == "locked" and "rong person" in _cause(lane))


def warrant_outstanding(play: Play) -> Outcome:
    """3: right person, a warrant outstanding."""
    world = play.world
    number = world.authorise("auth-3")
    world.present(PHOTO, PRINT)
    world.record("WARRANT", records.warrant("W-200", "REMAND", "OUTSTANDING"))
    play.say("A court sends a warrant: the approvals are paused at once.")
    lane = play.check(number)
    door = play.door(opens=False)
    world.record("WARRANT", records.warrant("W-200", "REMAND", "WITHDRAWN"))
    return play.end(lane, door, ok=_held(lane) and 17 in _numbers(lane) and door == "locked")


def withdrawn(play: Play) -> Outcome:
    """4: authorised at the verdict, withdrawn before the opening."""
    world = play.world
    world.present(PHOTO, PRINT)
    number = world.authorise("auth-4")
    lane = play.check(number)
    released = lane["decision"]["verdict"] == "RELEASE"
    world.must(APPROVERS[0], ActKind.WITHDRAW, authorisation=number, reason="court correction by telephone")
    play.say(f"{APPROVERS[0]} withdraws the authorisation.")
    accepted, _ = play.confirm(lane)
    door = play.door(opens=False)
    after = world.lane()
    return play.end(after, door, ok=released and not accepted and door == "locked" and _held(after))


def replayed(play: Play) -> Outcome:
    """5: a recorded result replayed, and the same message retained."""
    world = play.world
    world.present(PHOTO, PRINT)
    number = world.authorise("auth-5")
    with Eavesdropper(world.hostile_port) as ear:
        recorded = _record(play, ear, number)
        ear.publish(RESULT_TOPIC, recorded)
        once = world.wait(lambda: _event(world, "Result repeated"), 30, "the refusal of the replay")
        play.say(f"Played again: {once['detail']}")
        world.present(None, None)
        world.must(OFFICER, ActKind.START, lane=LANE, authorisation=number)
        ear.publish(RESULT_TOPIC, recorded)
        ear.publish(RESULT_TOPIC, recorded, retain=True)
        world.end("gateway")
        world.start_gateway()
        stored = world.wait(lambda: _alarm(world, "RESULT_REFUSED", "stored"), 30, "the refusal of the stored message")
        play.say(f"Retained, and served to the restarted gateway: {stored['sentence']}")
        failed = world.audited("RESULT_REFUSED")
        ear.publish(RESULT_TOPIC, b"", retain=True)
    door = play.door(opens=False)
    world.must(APPROVERS[0], ActKind.WITHDRAW, authorisation=number, reason="the demonstration goes on")
    return play.end({}, door, ok=door == "locked" and 5 in failed, outcome="REPLAY REFUSED", failed=failed)


def foreign_key(play: Play) -> Outcome:
    """6: a result signed by a key that is not in the estate."""
    world = play.world
    world.wait(lambda: world.lane()["kiosk"]["connected"], 30, "the kiosk")
    number = world.authorise("auth-6")
    with Eavesdropper(world.hostile_port) as ear:
        if (recorded := world.recording) is None:
            world.present(PHOTO, PRINT)
            recorded = _record(play, ear, number)
        world.present(None, None)
        world.must(OFFICER, ActKind.START, lane=LANE, authorisation=number)
        forged = _sign_again(recorded, ec.generate_private_key(ec.SECP256R1()))
        ear.publish(RESULT_TOPIC, forged)
        refused = world.wait(lambda: _alarm(world, "RESULT_REFUSED", "not in the estate"), 30, "the refusal")
        play.say(f"A stranger's key signs a perfect result for this kiosk: {refused['sentence']}")
    session = world.lane()["session"]["session"]
    world.must(OFFICER, ActKind.CANCEL, session=session)
    door = play.door(opens=False)
    world.must(APPROVERS[0], ActKind.WITHDRAW, authorisation=number, reason="the demonstration goes on")
    failed = world.audited("RESULT_REFUSED")
    return play.end({}, door, ok=door == "locked" and 2 in failed, outcome="SIGNATURE REFUSED", failed=failed)


def broker_killed(play: Play) -> Outcome:
    """7: broker killed in the middle of a session; after its return a new attempt opens."""
    world = play.world
    world.present(PHOTO, None)
    number = world.authorise("auth-7")
    world.must(OFFICER, ActKind.START, lane=LANE, authorisation=number)
    play.say(f"{OFFICER} starts the check; the face is being read.")
    time.sleep(2.5)
    world.broker.kill()
    play.say("The broker loses power. Face and finger are read, and nobody can be told.")
    world.present(PHOTO, PRINT)
    locked = play.door(opens=False)
    world.broker.start()
    play.say("The broker is back.")
    lane = dict(world.wait(lambda: _settled(world), 90, "the interrupted check to end"))
    if lane["session"]["state"] != "This check has ended":
        world.act(OFFICER, ActKind.CANCEL, session=lane["session"]["session"])
    world.wait(lambda: world.lane()["kiosk"]["connected"], 30, "the kiosk")
    lane = play.release(number)
    door = play.door(opens=True)
    return play.end(lane, door, ok=locked == "locked" and door == "opened")


def used_twice(play: Play) -> Outcome:
    """8: a second opening with the same authorisation; the interlock restarted between grant and report."""
    world = play.world
    world.record("PRISONER", records.person())
    world.present(PHOTO, PRINT)
    number = world.authorise("auth-8")
    lane = play.release(number)
    world.board.wait_for("strike", True, DOOR_S)
    world.board.kill()
    play.say("The strike is energised, and the interlock loses power before it reports.")
    door = play.door(opens=True)
    world.board.restart()
    state = world.wait(
        lambda: (s := _paper_state(world, number)).endswith("consumed") and s, 60, "the interlock's account"
    )
    play.say(f"The interlock starts again and tells what it had written down: the authorisation is {state}.")
    world.wait(lambda: world.lane()["session"]["state"] == "This check has ended", 20, "the end of the check")
    accepted, told = world.act(OFFICER, ActKind.START, lane=LANE, authorisation=number)
    play.say(f"{OFFICER} tries the same authorisation again: {told}")
    again = play.door(opens=False)
    return play.end(lane, door, ok=door == "opened" and again == "locked" and not accepted)


def other_finger(play: Play) -> Outcome:
    """9: right face, someone else's finger."""
    world = play.world
    world.record("PRISONER", records.person())
    world.present(PHOTO, "finger-b-1.png")
    lane = play.check(world.authorise("auth-9"))
    door = play.door(opens=False)
    return play.end(lane, door, ok=_held(lane) and 12 in _numbers(lane) and door == "locked")


def alive(play: Play) -> Outcome:
    """10: liveness is required, and a rendered person answers the challenge."""
    world = play.world
    play.say("The provisioner signs a policy that requires liveness; a person rendered from a photograph stands there.")
    with liveness_required(world, "subject-a-3.jpg") as visitor:
        world.present(None, PRINT)
        lane = play.release(world.authorise("auth-10"))
        door = play.door(opens=True)
    asked = ", ".join(str(each).lower().replace("_", " ") for each in visitor.did)
    play.say(f"The screen showed {visitor.lights} colours and asked: {asked}.")
    challenged = len(visitor.did) >= FEWEST_ASKED
    return play.end(lane, door, ok=challenged and door == "opened" and lane["decision"]["verdict"] == "RELEASE")


@dataclass(frozen=True)
class Scenario:
    """A scenario and what must come of it."""

    play: Callable[[Play], Outcome]
    title: str
    subject: str
    expected: str


SCENARIOS: Final = (
    Scenario(right_person, "right person, authorised", "Subject A", "RELEASE, opened once, relocked, consumed"),
    Scenario(another_person, "another person under that number", "Subject B", "HOLD, wrong person, locked"),
    Scenario(warrant_outstanding, "right person, warrant outstanding", "Subject A", "HOLD, check 17, locked"),
    Scenario(withdrawn, "withdrawn before the opening", "Subject A", "RELEASE, then held, locked"),
    Scenario(replayed, "recorded result replayed and retained", "Subject A", "refused twice, locked"),
    Scenario(foreign_key, "result signed by a foreign key", "nobody", "check 2, locked"),
    Scenario(broker_killed, "broker killed in the middle", "Subject A", "locked; a new attempt opens"),
    Scenario(used_twice, "same authorisation twice, interlock restarted", "Subject A", "opened once, then refused"),
    Scenario(other_finger, "right face, someone else's finger", "Subject A and B", "HOLD, check 12, locked"),
)
ALIVE: Final = Scenario(alive, "liveness required, a rendered person answers", "Subject A", "RELEASE, opened once")
"""The tenth, when asked for: it needs a machine that follows a movement, a frame in 250 ms."""


def _held(lane: dict[str, Any]) -> bool:
    return bool(lane.get("decision")) and lane["decision"]["verdict"] in ("HOLD", "REFER")


def _numbers(lane: dict[str, Any]) -> set[int]:
    return {each["number"] for each in lane["decision"]["checks"] if each["outcome"] != "PASS"}


def _cause(lane: dict[str, Any]) -> str:
    return str(lane["decision"]["cause"])


def _record(play: Play, ear: Eavesdropper, number: str) -> bytes:
    """The kiosk's result of a whole check, as somebody at the broker writes it down."""
    lane = play.check(number, "Subject A")
    play.world.recording = recorded = ear.wait_for(RESULT_TOPIC, 20)
    play.world.must(OFFICER, ActKind.CANCEL, session=lane["session"]["session"])
    play.say("The officer ends the check. Somebody at the broker has recorded the kiosk's result.")
    return recorded


def _event(world: World, title: str) -> dict[str, Any] | None:
    return next((each for each in world.lane()["events"] if each["title"] == title), None)


def _alarm(world: World, code: str, words: str) -> dict[str, Any] | None:
    found = world.lane()["alarms"]
    return next((each for each in found if each["code"] == code and words in each["sentence"]), None)


def _settled(world: World) -> dict[str, Any] | None:
    lane = world.lane()
    session = lane.get("session")
    return lane if session and session["state"] != "The person is at the kiosk" else None


def _sign_again(message: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
    """The same content under a key that nobody vouches for."""
    content = canonical.decode(canonical.decode(message, limit=1 << 18)[2], limit=1 << 18)
    key_id = bytes(range(32))
    words = envelope.to_be_signed(content, key_id, RESULT_TOPIC)
    return envelope.assemble(content, key_id, envelope.der_to_raw(key.sign(words, ec.ECDSA(hashes.SHA256()))))
