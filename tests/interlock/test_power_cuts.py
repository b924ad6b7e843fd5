"""Power cut at every flash operation, whole, torn or lost.

Never two openings for one grant, always a start, always an account.
"""

import copy

import pytest
from doorsim import Flash, Site, grant, open_request

from sallyport_wire import messages as wire
from sallyport_wire.messages import Message

HOWS = ["before", "torn", "after", "lost"]
SESSION = bytes([5]) * 16


class Story:
    """Some visits in a row, with a withdrawn one and an alarm among them, on a given flash."""

    def __init__(self, flash: Flash, boots: int) -> None:
        self.site = Site()
        self.site.power_off()
        self.site.flash = flash
        self.site.monitor.boot = boots
        self.request = 1000 * boots

    def until_dark(self) -> None:
        """Plays on, through every restart of the board's own, until the plan has cut the power or all is told."""
        site = self.site
        site.power_on()
        for n in range(4):
            if site.loop is None:
                return
            site.run(1100, 50)
            self.request += 1
            site.send(open_request(SESSION, self.request))
            site.run(100, 25)
            if site.loop is None or not site.heard(wire.NONCE):
                return
            shown = site.heard(wire.NONCE)[-1]
            if n == 1:
                site.send(Message(wire.VOID, nonce=shown.nonce, counter=shown.counter))
            site.send(grant(shown))
            site.run(5500, 50)
        site.contacts_now &= ~wire.BOX_IS_CLOSED
        site.run(200, 50)
        site.contacts_now |= wire.BOX_IS_CLOSED
        site.run(100, 50)
        self.request += 1
        site.send(Message(wire.CLEAR, lane=grant(shown).lane, request=self.request))
        site.run(200, 50)

    def account(self) -> None:
        """With power again: it starts, and what it says of every nonce agrees with what was seen."""
        site = self.site
        site.flash.plan = (0, "")
        site.power_off()
        site.power_on()
        starts = len(site.heard(wire.BOOT))
        site.run(300, 25)
        assert site.loop is not None, site.faults
        assert len(site.heard(wire.BOOT)) == starts + 1
        shown = site.heard(wire.NONCE)
        opened = list(site.monitor.opened)
        for nonce in shown:
            site.send(grant(nonce))
            site.send(Message(wire.VOID, nonce=nonce.nonce, counter=nonce.counter))
            site.run(100, 25)
            answer = site.heard(wire.VOID_ANSWER)[-1]
            assert answer.nonce == nonce.nonce
            if nonce.nonce in opened:
                assert answer.answer in (wire.VOID_OPENED, wire.VOID_UNKNOWN)
            elif answer.answer == wire.VOID_OPENED:
                assert nonce == shown[-1]  # spent, and the power failed before the strike moved
        assert site.monitor.opened == opened


def aged(records: int, events: int) -> Flash:
    """A flash with so many single-use records and events already."""
    site = Site()
    once, journal = site.loop._once, site.loop._journal  # type: ignore[union-attr]
    for _ in range(records):
        once.remember_lock_out(0)
    for _ in range(events):
        journal.note(1, wire.TAMPER, bytes(16), bytes(16), 0)
    return site.flash


AGES = {"new": (0, 0), "single-use page turns": (60, 0), "journal page turns": (0, 70), "both turn": (60, 70)}


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("age", AGES)
def test_cut_at_every_operation(age: str, how: str) -> None:
    start = aged(*AGES[age])
    story = Story(copy.deepcopy(start), 1)
    story.until_dark()
    assert len(story.site.monitor.opened) == 3
    assert story.site.flash.erases - start.erases == sum(n > 0 for n in AGES[age])
    operations = story.site.flash.operations - start.operations
    assert operations >= 16
    for n in range(1, operations + 1):
        flash = copy.deepcopy(start)
        flash.plan = (n, how)
        story = Story(flash, 1)
        story.until_dark()
        assert len(story.site.faults) == 1, n
        story.account()


@pytest.mark.parametrize("second", [1, 2, 3])
def test_cut_again_while_it_starts(second: int) -> None:
    start = aged(62, 72)
    for n in range(1, 16):
        for how in ("before", "torn", "after"):
            flash = copy.deepcopy(start)
            flash.plan = (n, how)
            story = Story(flash, 1)
            story.until_dark()
            flash.plan = (second, how)
            story.site.power_on()
            story.site.run(300, 25)
            story.account()


def test_many_cuts_at_every_start_leave_it_starting() -> None:
    """The log fills with torn records and is made room in, again and again."""
    story = Story(aged(0, 0), 1)
    for n in range(300):
        story.site.flash.plan = (1 + n % 2, ("torn", "after", "before")[n % 3])
        story.site.power_on()
        story.site.run(100, 25)
        story.site.power_off()
    story.account()
