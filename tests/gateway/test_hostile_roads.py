"""A hostile kiosk, a hostile broker, stale clocks: what was found by reading the lane as an attacker."""

from dataclasses import replace
from datetime import timedelta

import pytest
from doorsim import DOWN, UP
from lane_kiosk import BOARD, KIOSK, LANE, Kiosk, honest_result
from lane_world import APPROVERS, KEYS, OFFICER, World

from sallyport_gateway.audit import log as audit
from sallyport_gateway.ledger import boards, sessions
from sallyport_gateway.ledger.sessions import SessionState
from sallyport_gateway.release import outcomes
from sallyport_gateway.release.check import Stage
from sallyport_gateway.release.journal import UNREAD
from sallyport_gateway.release.outcomes import follow_registry
from sallyport_protocol import envelope
from sallyport_protocol.acts import ActKind
from sallyport_protocol.messages import LockFrames
from sallyport_protocol.topics import Kind
from sallyport_wire import messages as wire
from sallyport_wire.frames import Decoder, encode, read
from sallyport_wire.messages import Message


def said_down(world: World, message: bytes, topic: str) -> list[Message]:
    """The board's frames in a message to the kiosk."""
    content = envelope.verify(message, topic, world.book.registry.resolve).content
    return [read(frame, 1, DOWN) for frame in Decoder().feed(content["frames"])]


def frames_down(world: World) -> list[Message]:
    """What waits on the road to the board."""
    found = []
    for topic, message, _ in world.down:
        if topic.kind is Kind.LOCK_DOWN:
            found += said_down(world, message, str(topic))
    return found


def frames_up(world: World, index: int) -> list[Message]:
    topic, message = world.up[index]
    content = envelope.verify(message, topic, world.book.registry.resolve).content
    return [read(frame, 1, UP) for frame in Decoder().feed(content["frames"])] if topic.endswith("lock-up") else []


def board_says(world: World, message: Message) -> tuple[str, bytes]:
    """A frame under the board's own key, as whoever has that key can make it."""
    world.kiosk.frames += 1
    up = LockFrames(interlock=BOARD, sequence=world.kiosk.frames, frames=encode(message, 1, UP))
    return world.kiosk.sign(Kind.LOCK_UP, up)


def alarms(world: World) -> list[str]:
    return [code for _, code, _ in world.lane.voice.alarms]


def kinds(world: World) -> list[str]:
    return world.store.read_now(lambda conn: [entry.kind for entry in audit.entries(conn, "gateway-1")])


# -- the person in the lane ------------------------------------------------------------------------------------------


def test_two_people_in_view_are_not_the_person_alone(world: World) -> None:
    world.to_verdict(world.authorise())
    world.kiosk.person = "two"
    world.pass_time(5_000)
    outcome = world.confirm()
    assert outcome is not None and not outcome.accepted


def test_who_was_away_for_three_seconds_does_not_come_back(world: World) -> None:
    world.to_verdict(world.authorise())
    world.kiosk.person = "nobody"
    world.pass_time(4_500)
    world.kiosk.person = "same"
    world.pass_time(2_000)
    outcome = world.confirm()
    assert outcome is not None and not outcome.accepted
    assert "three seconds" in outcome.sentences[0]


def test_a_short_look_away_is_forgiven(world: World) -> None:
    world.to_verdict(world.authorise())
    world.kiosk.person = "nobody"
    world.pass_time(1_500)
    world.kiosk.person = "same"
    world.pass_time(2_000)
    outcome = world.confirm()
    assert outcome is not None and outcome.accepted


def test_presence_that_the_broker_held_back_is_old(world: World) -> None:
    """The person left; the broker brings the messages from before, one by one."""
    world.to_verdict(world.authorise())
    for _ in range(3):
        world.wait(1_000)
    held = [item for item in world.up if item[0].endswith("presence")]
    world.up = [item for item in world.up if not item[0].endswith("presence")]
    world.kiosk.person = "nobody"
    assert len(held) == 3
    for topic, message in held:
        world.wait(1_000)
        world.up = [item for item in world.up if not item[0].endswith("presence")]
        world.settle_roads()
        world.arrive(topic, message)
    outcome = world.confirm()
    assert outcome is not None and not outcome.accepted


# -- the decision's age ----------------------------------------------------------------------------------------------


def test_an_expired_decision_ends_its_check_once(world: World) -> None:
    world.to_verdict(world.authorise())
    check = world.lane.check
    assert check is not None
    world.pass_time(61_000)
    world.down.clear()
    world.wait(3_000)
    assert not [topic for topic, _, _ in world.down if topic.kind is Kind.END]
    assert world.lane.check is not None and world.lane.check.over
    held = world.store.read_now(lambda conn: sessions.find(conn, check.session))
    assert held is not None and held.state is SessionState.ENDED


def test_a_wall_clock_that_is_set_back_makes_no_decision_young(world: World) -> None:
    world.to_verdict(world.authorise())
    world.pass_time(40_000)
    world.clock._base -= timedelta(seconds=35)
    world.pass_time(25_000)
    outcome = world.confirm()
    assert outcome is not None and not outcome.accepted


def test_the_policy_may_give_a_decision_a_shorter_life(world: World) -> None:
    policy = world.book.policy.model_copy(update={"decision_life_s": 10})
    world.book = replace(world.book, policy=policy)
    world.to_verdict(world.authorise())
    world.pass_time(12_000)
    outcome = world.confirm()
    assert outcome is not None and not outcome.accepted


# -- frames that come again, late or not at all ----------------------------------------------------------------------


def test_an_opening_that_is_told_again_is_no_alarm(world: World) -> None:
    paper = world.authorise()
    world.to_verdict(paper)
    world.confirm()
    world.pass_time(2_000)
    world.pass_time(7_000)
    world.to_verdict(world.authorise())  # another check: the old one is out of memory
    before = len(kinds(world))
    for topic, message in list(world.relayed):
        world.arrive(topic, message)
    assert "OPENED_AGAINST_THE_LEDGER" not in alarms(world)
    assert len(kinds(world)) == before
    assert world.state_of(paper) == "CONSUMED"


def test_an_alarm_that_the_kiosk_kept_back_is_heard(world: World) -> None:
    world.site.contacts_now &= ~wire.DOOR_IS_CLOSED  # somebody opens with a key
    world.wait(500)
    world.up = [item for n, item in enumerate(world.up) if not any(m.type == wire.EVENT for m in frames_up(world, n))]
    world.site.contacts_now |= wire.DOOR_IS_CLOSED
    world.pass_time(2_000)
    world.site.contacts_now &= ~wire.BOX_IS_CLOSED
    world.pass_time(20_000)
    assert {"UNGRANTED_OPEN", "INTERLOCK_TAMPER"} <= set(alarms(world))


def test_an_old_all_clear_hides_no_alarm_after_it(world: World) -> None:
    """The kiosk keeps CLEARED back, and the alarm that follows; then it relays CLEARED alone, as often as it likes."""
    world.site.contacts_now &= ~wire.DOOR_IS_CLOSED
    world.pass_time(500)
    world.site.contacts_now |= wire.DOOR_IS_CLOSED
    world.pass_time(1_000)
    relay, kept, hidden = world._relay, [], False

    def choose(data: bytes) -> None:
        events = [m for m in (read(frame, 1, UP) for frame in Decoder().feed(data)) if m.type == wire.EVENT]
        if any(m.kind == wire.CLEARED for m in events):
            kept.append(data)
        elif not (events and hidden):
            relay(data)

    world._relay = choose  # type: ignore[method-assign]
    for officer in APPROVERS:
        world.act(officer, ActKind.UNFREEZE, scope="lane", name=LANE, why="looked")
    world.settle_roads()
    assert kept
    hidden = True
    world.site.contacts_now &= ~wire.DOOR_IS_CLOSED
    world.pass_time(500)
    world.site.contacts_now |= wire.DOOR_IS_CLOSED
    world.pass_time(6_000)
    relay(kept[0])
    world.settle_roads()
    assert world.lane.opening.belief.state == wire.LOCKED, "the gateway has only heard that all is well"
    world.to_verdict(world.authorise())
    outcome = world.confirm()
    assert outcome is not None and not outcome.accepted and UNREAD in outcome.sentences
    assert wire.OPEN_REQUEST not in [m.type for m in frames_down(world)]
    hidden = False
    world.pass_time(8_000)
    assert world.lane.opening.journal.refuse() is None
    assert world.lane.opening.belief.locked_out


def test_no_grant_leaves_while_an_event_is_missing(world: World) -> None:
    """It was heard of after the opening was confirmed: the nonce is voided, and the paper is free again."""
    paper = world.authorise()
    world.to_verdict(paper)
    world.confirm()
    seq = world.store.read_now(lambda conn: getattr(boards.find(conn, BOARD), "seq", 0))
    event = Message(wire.EVENT, boots=1, seq=seq + 2, kind=wire.CLEARED, session=bytes(16), nonce=bytes(16), t_ms=1)
    world.arrive(*board_says(world, event))
    world.pass_time(2_000)
    assert world.site.monitor.shown and not world.site.monitor.granted and not world.site.monitor.opened
    assert world.lane.check is not None and world.lane.check.void == UNREAD
    assert world.state_of(paper) == "AVAILABLE"


def test_events_that_the_board_no_longer_has_hold_nothing_up_for_ever(world: World) -> None:
    seq = world.store.read_now(lambda conn: getattr(boards.find(conn, BOARD), "seq", 0))
    event = Message(wire.EVENT, boots=1, seq=seq + 500, kind=wire.TAMPER, session=bytes(16), nonce=bytes(16), t_ms=1)
    world.arrive(*board_says(world, event))
    world.pass_time(3_000)
    assert "EVENTS_MISSING" not in alarms(world)
    world.pass_time(40_000)
    world.arrive(*board_says(world, event))
    assert {"EVENTS_MISSING", "INTERLOCK_TAMPER"} <= set(alarms(world)) and "BOARD_ALARM" in kinds(world)
    assert world.store.read_now(lambda conn: getattr(boards.find(conn, BOARD), "seq", 0)) == seq + 500


def test_a_nonce_that_comes_twice_is_not_voided(world: World) -> None:
    paper = world.authorise()
    world.to_verdict(paper)
    world.confirm()
    shown = None
    while shown is None:
        while world.down:
            world.deliver_down()
        world.wait(50)
        shown = next((n for n in range(len(world.up)) if any(m.type == wire.NONCE for m in frames_up(world, n))), None)
    world.deliver_up(shown, keep=True)
    world.deliver_up(shown)
    types = [m.type for m in frames_down(world)]
    assert wire.GRANT in types
    assert wire.VOID not in types
    assert "OLD_NONCE" not in alarms(world)


def test_an_open_request_that_comes_twice_opens_once(world: World) -> None:
    paper = world.authorise()
    world.to_verdict(paper)
    world.confirm()
    asked = next(n for n, (topic, _, _) in enumerate(world.down) if topic.kind is Kind.LOCK_DOWN)
    world.deliver_down(asked, keep=True)
    world.deliver_down(asked)
    world.pass_time(2_000)
    assert len(world.site.monitor.opened) == 1
    assert world.state_of(paper) == "CONSUMED"


def test_an_old_report_says_nothing_of_the_door_now(world: World) -> None:
    """The broker serves an old BOOT again and again, to show a quiet door."""
    world.site.power_off()
    world.site.power_on()
    world.wait(500)
    old = [item for n, item in enumerate(world.up) if any(m.type == wire.BOOT for m in frames_up(world, n))]
    assert old
    world.settle_roads()
    world.pass_time(6_000)
    world.site.power_off()
    heard = world.lane.opening.belief.heard
    world.pass_time(10_000)
    for topic, message in old:
        world.arrive(topic, message)
    assert world.lane.opening.belief.heard == heard


def test_a_kiosk_whose_ready_was_overtaken_is_believed_when_it_starts_again(world: World) -> None:
    """S13: an earlier start's READY, never heard before, comes after the later one's. Nobody can tell them apart."""
    earlier, later = (Kiosk(world.estate, world.book) for _ in range(2))
    world.kiosk = later
    world.arrive(*later.sign(Kind.READY, later.ready()))
    world.arrive(*earlier.sign(Kind.READY, earlier.ready()))
    world.pass_time(20_000)
    paper = world.authorise()
    outcome = world.start(paper)
    assert outcome is not None and not outcome.accepted
    world.kiosk = Kiosk(world.estate, world.book)
    world.connect()
    world.to_verdict(paper)
    world.confirm()
    world.pass_time(2_000)
    assert world.state_of(paper) == "CONSUMED"


# -- whose word counts -----------------------------------------------------------------------------------------------


def _granted(world: World) -> tuple[str, bytes]:
    """To the moment where the grant is on the road and the board has shown its nonce."""
    paper = world.authorise()
    world.to_verdict(paper)
    world.confirm()
    for _ in range(40):
        while world.down and wire.GRANT not in [m.type for m in frames_down(world)]:
            world.deliver_down()
        world.wait(50)
        while world.up:
            world.deliver_up()
        if world.state_of(paper) == "GRANTED":
            return paper, world.lane.check.nonce or b"" if world.lane.check else b""
    raise AssertionError("never granted")


def test_a_revoked_board_frees_nothing(world: World) -> None:
    """Whoever has the keys of a board may say what they like: they are revoked because of that."""
    paper, nonce = _granted(world)
    world.settle_roads()
    assert world.site.monitor.opened
    world.store.write_now(lambda conn: boards.revoke(conn, BOARD, "keys were copied", world.clock.wall))
    other = world.authorise()
    seq = 1 + world.store.read_now(lambda conn: getattr(boards.find(conn, BOARD), "seq", 0))
    lie = Message(wire.EVENT, boots=1, seq=seq, kind=wire.NOT_OPENED, session=bytes(16), nonce=nonce, t_ms=1)
    world.arrive(*board_says(world, lie))
    assert world.state_of(paper) == "CONSUMED"
    assert world.state_of(other) == "AVAILABLE"


def test_a_revoked_board_cannot_return_what_it_opened(world: World) -> None:
    paper, nonce = _granted(world)
    world.store.write_now(lambda conn: boards.revoke(conn, BOARD, "keys were copied", world.clock.wall))
    world.arrive(*board_says(world, Message(wire.VOID_ANSWER, nonce=nonce, answer=wire.VOID_NOT_OPENED, counter=99)))
    assert world.state_of(paper) == "GRANTED"
    event = {"boots": 1, "seq": 99, "session": bytes(16), "nonce": nonce, "t_ms": 1}
    world.arrive(*board_says(world, Message(wire.EVENT, kind=wire.NOT_OPENED, **event)))
    assert world.state_of(paper) == "GRANTED"


def test_a_board_that_the_registry_revokes_gets_no_grant(world: World) -> None:
    paper = world.authorise()
    world.to_verdict(paper)
    world.confirm()
    world.revoke(BOARD)
    world.pass_time(3_000)
    assert world.site.monitor.opened == []
    assert "GRANT" not in kinds(world)


def test_a_kiosk_that_is_revoked_after_the_verdict_opens_nothing(world: World) -> None:
    world.to_verdict(world.authorise())
    world.confirm()
    world.revoke(KIOSK)
    world.pass_time(3_000)
    assert world.site.monitor.opened == []


def test_a_session_that_ended_elsewhere_gets_no_grant(world: World) -> None:
    """Step 6 again, between nonce and grant."""
    world.to_verdict(world.authorise())
    world.confirm()
    check = world.lane.check
    assert check is not None
    world.store.write_now(lambda conn: sessions.end(conn, check.session, "elsewhere", world.clock.wall))
    world.pass_time(3_000)
    assert world.site.monitor.opened == []


def test_a_store_that_is_behind_grants_nothing(world: World) -> None:
    world.to_verdict(world.authorise())
    world.confirm()
    world.current = False
    world.pass_time(3_000)
    assert world.site.monitor.opened == []


# -- after a restart -------------------------------------------------------------------------------------------------


def test_a_restart_ends_the_sessions_that_it_forgot(world: World) -> None:
    world.to_verdict(world.authorise())
    check = world.lane.check
    assert check is not None
    world.start_gateway()
    held = world.store.read_now(lambda conn: sessions.find(conn, check.session))
    assert held is not None and held.state is SessionState.ENDED
    world.connect()
    assert world.kiosk.ended is not None, "the kiosk keeps the references"


def test_after_a_crash_before_the_grant_the_paper_is_usable_within_thirty_seconds(world: World) -> None:
    """L2."""
    paper = world.authorise()
    world.to_verdict(paper)
    world.confirm()
    assert world.state_of(paper) == "RESERVED"
    world.down.clear()
    world.start_gateway()
    world.say_ready()
    world.pass_time(30_000)
    assert world.state_of(paper) == "AVAILABLE"
    world.to_verdict(paper)
    world.confirm()
    world.pass_time(2_000)
    assert len(world.site.monitor.opened) == 1


def test_the_board_that_opened_without_a_grant_freezes_its_lane(world: World) -> None:
    """And two officers who lift the freeze also end the board's lock-out."""
    world.site.contacts_now &= ~wire.DOOR_IS_CLOSED
    world.pass_time(500)
    world.site.contacts_now |= wire.DOOR_IS_CLOSED
    world.pass_time(1_000)
    assert world.site.loop is not None and world.site.loop.gate.state == wire.LOCKED_OUT
    world.to_verdict(world.authorise())
    decision = world.lane.check.decision if world.lane.check else None
    assert decision is not None and [int(each.number) for each in decision.refused] == [25]
    first = world.act("j.hughes", ActKind.UNFREEZE, scope="lane", name=LANE, why="looked")
    assert first is not None and not first.accepted
    second = world.act("m.okafor", ActKind.UNFREEZE, scope="lane", name=LANE, why="looked")
    assert second is not None and second.accepted
    world.pass_time(2_000)
    assert world.site.loop.gate.state == wire.LOCKED
    world.to_verdict(world.authorise())
    world.confirm()
    world.pass_time(2_000)
    assert len(world.site.monitor.opened) == 1


def test_the_kiosk_of_this_world_is_honest(world: World) -> None:
    """A different answer for the same challenge is an alarm and changes nothing."""
    paper = world.authorise()
    world.to_verdict(paper)
    world.kiosk.counter += 1
    world.answer(honest_result, detail="again")
    world.settle_roads()
    assert "SECOND_ANSWER" in alarms(world)
    assert world.lane.check is not None and world.lane.check.stage is Stage.DECIDED
    outcome = world.confirm()
    assert outcome is not None and outcome.accepted, (outcome, OFFICER, KEYS.board)


def test_a_stale_source_is_a_recorded_hold(world: World) -> None:
    """The finding names the source; the decision must fit into the audit log all the same."""
    paper = world.authorise()
    world.clock.ms += 3 * 3_600_000
    world.say_ready()
    world.settle_roads()
    world.to_verdict(paper)
    check = world.lane.check
    assert check is not None and check.decision is not None
    assert 24 in {int(each.number) for each in check.decision.refused}
    assert "DECISION" in kinds(world)


def test_no_references_go_to_a_kiosk_that_was_just_revoked(world: World) -> None:
    paper = world.authorise()
    world.revoke(KIOSK)
    outcome = world.start(paper)
    assert outcome is not None and not outcome.accepted
    assert not [topic for topic, _, _ in world.down if topic.kind is Kind.OFFER]


def test_no_references_go_to_a_kiosk_whose_case_was_opened(world: World) -> None:
    paper = world.authorise()
    ready = world.kiosk.ready().model_copy(update={"tamper": True})
    world.arrive(*world.kiosk.sign(Kind.READY, ready))
    assert "KIOSK_TAMPER" in alarms(world)
    outcome = world.start(paper)
    assert outcome is not None and not outcome.accepted
    assert not [topic for topic, _, _ in world.down if topic.kind is Kind.OFFER]


def test_a_flood_of_one_alarm_hides_no_other(world: World) -> None:
    world.site.contacts_now &= ~wire.DOOR_IS_CLOSED
    world.pass_time(500)
    for n in range(30):
        world.arrive(f"sallyport/v1/MDI/{KIOSK}/result", bytes([n]))
    assert {"UNGRANTED_OPEN", "RESULT_REFUSED"} <= set(alarms(world))


def test_a_refused_request_returns_nothing_that_was_granted(world: World) -> None:
    """A second open request of this session was refused; the grant for the first one is on the road."""
    paper, _ = _granted(world)
    check = world.lane.check
    assert check is not None
    refusal = {"type_heard": wire.OPEN_REQUEST, "session": check.session, "nonce": bytes(16), "reason": wire.BUSY}
    world.arrive(*board_says(world, Message(wire.REFUSED, **refusal)))
    assert world.state_of(paper) == "GRANTED"
    world.pass_time(2_000)
    assert world.state_of(paper) == "CONSUMED"


def test_what_a_revoked_board_left_open_two_officers_settle(world: World) -> None:
    """Design §1: a dead board's key is revoked, two officers record what they saw, the paper is closed."""
    paper, _ = _granted(world)
    world.site.power_off()
    world.down.clear()
    world.pass_time(25_000)
    assert world.state_of(paper) == "UNKNOWN"
    fields = {"authorisation": paper, "opened": "no", "why": "nobody went through"}
    early = world.act(OFFICER, ActKind.RECONCILE, **fields)
    assert early is not None and not early.accepted, "the board can still answer"
    world.revoke(BOARD)
    world.store.write_now(lambda conn: follow_registry(conn, world.book.registry, world.clock.wall))
    for officer, state in ((OFFICER, "UNKNOWN"), ("d.morgan", "SETTLED")):
        outcome = world.act(officer, ActKind.RECONCILE, **fields)
        assert outcome is not None and outcome.accepted, outcome
        assert world.state_of(paper) == state


def test_what_a_replaced_board_left_open_two_officers_settle(world: World) -> None:
    """The registry has new keys under the board's name: the board that they are in may be another one."""
    paper, _ = _granted(world)
    world.site.power_off()
    world.down.clear()
    world.enrol(BOARD, epoch=2)
    world.store.write_now(lambda conn: follow_registry(conn, world.book.registry, world.clock.wall))
    assert world.state_of(paper) == "UNKNOWN"
    place, late = world.lane.opening.place, world.clock.wall + 60_000
    assert world.store.read_now(lambda conn: outcomes.to_void(conn, world.office, place, late)) == []
    for officer, state in ((OFFICER, "UNKNOWN"), ("d.morgan", "SETTLED")):
        outcome = world.act(officer, ActKind.RECONCILE, authorisation=paper, opened="no", why="nobody went through")
        assert outcome is not None and outcome.accepted, outcome
        assert world.state_of(paper) == state


@pytest.mark.parametrize("change", [{"session": b"o" * 16}, {"request": 1}, {"lane": wire.lane_id("MDI-LANE-2")}])
def test_a_nonce_that_answers_something_else_is_voided(world: World, change: dict[str, object]) -> None:
    """The board's own, authentic and new, and yet not for this session, this request and this lane."""
    world.to_verdict(world.authorise())
    world.confirm()
    asked = next(m for m in frames_down(world) if m.type == wire.OPEN_REQUEST)
    fields = {"lane": asked.lane, "session": asked.session, "request": asked.request} | change
    world.arrive(*board_says(world, Message(wire.NONCE, nonce=b"n" * 16, counter=9_999, **fields)))
    assert [m.nonce for m in frames_down(world) if m.type == wire.VOID] == [b"n" * 16]
    assert {"GRANT", "GRANT_REFUSED"}.isdisjoint(kinds(world))
