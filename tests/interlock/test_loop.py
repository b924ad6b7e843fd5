"""The whole board in simulation: what a visit, an alarm, a bad line and a fault look like from outside."""

import random

import pytest
from doorsim import ALL_GOOD, DOWN, LANE, UP, Flash, Site, grant, open_request

from sallyport_interlock import settings
from sallyport_interlock.loop import Loop
from sallyport_wire import messages as wire
from sallyport_wire.frames import encode
from sallyport_wire.messages import Message

SESSION = bytes([5]) * 16


def ready() -> Site:
    site = Site()
    site.run(100)
    return site


def show(site: Site, request: int = 1) -> Message:
    site.send(open_request(SESSION, request))
    site.run(40)
    return site.heard(wire.NONCE)[-1]


def visit(site: Site, request: int = 1) -> Message:
    shown = show(site, request)
    site.send(grant(shown))
    site.run(1000)
    assert site.on
    site.contacts_now &= ~wire.DOOR_IS_CLOSED
    site.run(1000)
    site.contacts_now |= wire.DOOR_IS_CLOSED
    site.run(1000)
    assert not site.on
    return shown


def test_boot_report() -> None:
    site = ready()
    [boot] = site.heard(wire.BOOT)
    assert (boot.boots, boot.lane, boot.state, boot.inputs) == (1, LANE, wire.LOCKED, ALL_GOOD)
    assert (boot.version, boot.digest) == (bytes([1, 0, 0]), bytes(32))
    assert (boot.challenge, boot.spent) == (bytes(16), bytes(16))
    assert site.free_out


def test_a_visit() -> None:
    site = ready()
    shown = visit(site)
    assert site.kinds() == [wire.OPENED, wire.DOOR_OPEN, wire.DOOR_CLOSED, wire.RELOCKED]
    assert {(e.nonce, e.session, e.boots) for e in site.heard(wire.EVENT)} == {(shown.nonce, SESSION, 1)}
    assert [e.seq for e in site.heard(wire.EVENT)] == [1, 2, 3, 4]
    site.send(Message(wire.STATUS_REQUEST, challenge=b"c" * 16))
    site.run(20)
    [status] = site.heard(wire.STATUS)
    assert (status.challenge, status.spent, status.request, status.seq) == (b"c" * 16, shown.nonce, 1, 4)
    assert (status.counter, status.state, status.uptime_s, status.dropped) == (64, wire.LOCKED, 3, 0)


def test_events_come_again_after_a_restart() -> None:
    site = ready()
    visit(site)
    first = site.heard(wire.EVENT)
    site.power_off()
    site.power_on()
    site.run(100)
    site.send(Message(wire.EVENTS_REQUEST, after=1))
    site.run(20)
    assert site.heard(wire.EVENT)[4:] == first[1:]


def test_events_are_not_searched_while_the_door_is_used() -> None:
    site = ready()
    show(site)
    site.send(Message(wire.EVENTS_REQUEST, after=0))
    site.run(20)
    assert site.heard(wire.EVENT) == []


def test_an_ungranted_opening_freezes_the_lane_over_a_restart_until_cleared() -> None:
    site = ready()
    site.contacts_now &= ~wire.BOLT_IS_LOCKED  # a mechanical key, or the fire release
    site.run(100)
    assert site.kinds() == [wire.UNGRANTED_OPEN]
    assert not site.free_out
    site.contacts_now = ALL_GOOD
    site.power_off()
    site.power_on()
    site.run(100)
    assert site.heard(wire.BOOT)[-1].state == wire.LOCKED_OUT
    site.send(open_request(SESSION, 1))
    site.run(20)
    assert site.heard(wire.REFUSED)[-1].reason == wire.IS_LOCKED_OUT
    site.send(Message(wire.CLEAR, lane=LANE, request=2))
    site.run(20)
    assert site.kinds()[-1] == wire.CLEARED
    visit(site, 3)


@pytest.mark.parametrize("bit", [wire.DOOR_IS_CLOSED, wire.BOLT_IS_LOCKED, wire.BOX_IS_CLOSED])
def test_an_alarm_retires_the_nonce(bit: int) -> None:
    site = ready()
    shown = show(site)
    site.contacts_now &= ~bit
    site.run(100)
    assert site.kinds()[0] == wire.NOT_OPENED
    site.contacts_now = ALL_GOOD
    site.run(100)
    site.send(grant(shown))
    site.run(100)
    assert not site.monitor.opened


def test_power_cut_in_the_passage_is_told() -> None:
    site = ready()
    shown = show(site)
    site.send(grant(shown))
    site.run(100)
    assert site.on
    site.power_off()
    assert not site.on
    site.run(100)
    site.power_on()
    site.run(100)
    assert [(e.kind, e.nonce) for e in site.heard(wire.EVENT)] == [
        (wire.OPENED, shown.nonce),
        (wire.RELOCKED, shown.nonce),
    ]
    site.send(Message(wire.VOID, nonce=shown.nonce, counter=shown.counter))
    site.run(20)
    assert site.heard(wire.VOID_ANSWER)[-1].answer == wire.VOID_OPENED


def test_power_cut_before_the_grant_gives_the_nonce_back() -> None:
    site = ready()
    shown = show(site)
    site.power_off()
    site.power_on()
    site.run(100)
    site.send(grant(shown))
    site.run(20)
    assert site.heard(wire.REFUSED)[-1].reason == wire.WRONG_NONCE
    site.send(Message(wire.VOID, nonce=shown.nonce, counter=shown.counter))
    site.run(20)
    assert site.heard(wire.VOID_ANSWER)[-1].answer == wire.VOID_NOT_OPENED


def test_a_stalled_loop_drops_the_strike_for_good() -> None:
    site = ready()
    site.send(grant(show(site)))
    site.run(100)
    assert site.on
    site.step(500)
    site.run(1000)
    assert not site.on
    assert len(site.monitor.opened) == 1


def test_pages_are_erased_only_when_locked_and_idle() -> None:
    site = ready()
    erased = []
    erase = site.flash.erase

    def watched(page: int) -> None:
        gate = site.loop.gate  # type: ignore[union-attr]
        erased.append((page, gate.idle, site.on))
        erase(page)

    site.flash.erase = watched  # type: ignore[method-assign]
    for request in range(1, 80):
        visit(site, request)
    assert {page for page, _, _ in erased} >= {0, 2, 3}
    assert {(idle, on) for _, idle, on in erased} == {(True, False)}


# The line


@pytest.mark.parametrize("hours", [1, pytest.param(24, marks=pytest.mark.long)])
def test_a_day_of_junk_and_then_a_visit(hours: int) -> None:
    """Noise, split frames, forged frames; the board's memory and answers stay as they were."""
    rng = random.Random(7)
    site = ready()
    good = encode(open_request(SESSION, 99), 1, UP)
    said = len(site.monitor.heard)
    for _ in range(hours * 3600):
        site.deliver(rng.choice((rng.randbytes(rng.randrange(40)), good, good[:20], b"\0", b"\x55" * 30)))
        site.step(500)
        site.step(500)
    assert len(site.monitor.heard) == said
    assert site.faults == []
    site.deliver(b"\0")
    site.run(200)
    visit(site)


def test_one_byte_at_a_time() -> None:
    site = ready()
    for byte in encode(open_request(SESSION, 1), 1, DOWN):
        site.deliver(bytes([byte]))
        site.run(10)
    site.run(20)
    assert len(site.heard(wire.NONCE)) == 1


def test_a_silent_host_blocks_nothing() -> None:
    site = ready()
    shown = show(site)
    site.uart.stuck = True
    for _ in range(100):
        site.send(Message(wire.STATUS_REQUEST, challenge=bytes(16)))
        site.run(20)
    site.send(grant(shown))
    site.run(100)
    assert site.on
    site.run(5000)
    assert not site.on


def test_requests_of_a_flood_cost_little_flash() -> None:
    site = ready()
    operations = site.flash.operations
    for request in range(1, 2000):
        site.send(open_request(SESSION, request))
        site.run(20)
    assert len(site.heard(wire.NONCE)) <= 40_000 // settings.REQUEST_GAP_MS
    assert site.flash.operations - operations < 20


# Faults


def test_any_exception_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    site = ready()
    site.send(grant(show(site)))
    site.run(100)
    assert site.on
    monkeypatch.setattr(site.loop.gate, "tick", lambda *_: 1 / 0)  # type: ignore[union-attr]
    site.step(10)
    assert not site.on
    assert isinstance(site.faults[0], ZeroDivisionError)
    assert not site.free_out
    site.power_on()
    site.run(100)
    site.send(Message(wire.EVENTS_REQUEST, after=0))
    site.run(40)
    assert [e.kind for e in site.heard(wire.EVENT)[-3:]] == [wire.OPENED, wire.FAULT, wire.RELOCKED]


def test_a_blank_board_stays_locked() -> None:
    site = Site()
    site.power_off()
    site.flash.pages = Flash().pages
    site.power_on()
    assert site.loop is None
    assert "load them by cable" in str(site.faults[-1])
    with pytest.raises(ValueError, match="no keys"):
        Loop(site, bytes(32))


def test_another_lanes_messages_are_refused() -> None:
    site = ready()
    site.send(open_request(SESSION, 1, wire.lane_id("MDI-LANE-2")))
    site.run(20)
    assert site.heard(wire.REFUSED)[-1].reason == wire.WRONG_LANE
