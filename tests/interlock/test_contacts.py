"""Debounce: good takes steadiness, bad takes only doubt."""

import pytest

from sallyport_interlock.contacts import Contact, Contacts
from sallyport_interlock.settings import CLOCK_MASK, FORGIVE_MS, STEADY_MS
from sallyport_wire import messages as wire

ALL = 15


@pytest.mark.parametrize("start", [0, CLOCK_MASK - 5, CLOCK_MASK - FORGIVE_MS])
def test_good_only_when_steady(start: int) -> None:
    contact = Contact()
    for ms in range(STEADY_MS):
        assert not contact.sample(True, (start + ms) & CLOCK_MASK)
    assert contact.sample(True, (start + STEADY_MS) & CLOCK_MASK)


@pytest.mark.parametrize("start", [0, CLOCK_MASK - 45, CLOCK_MASK - 40])
def test_a_glitch_is_forgiven_and_an_opening_is_not(start: int) -> None:
    contact = Contact()
    clock = [(start + ms) & CLOCK_MASK for ms in range(200)]
    for now in clock[:40]:
        contact.sample(True, now)
    assert contact.sample(False, clock[40])
    for now in clock[41:70]:
        assert contact.sample(True, now)
    for now in clock[70 : 70 + FORGIVE_MS]:
        assert contact.sample(False, now)
    assert not contact.sample(False, clock[70 + FORGIVE_MS])


def test_a_fluttering_contact_is_bad() -> None:
    contact = Contact()
    for ms in range(20):
        contact.sample(True, ms)
    states = [contact.sample(ms % 8 == 0, ms) for ms in range(20, 200)]
    assert not any(states[FORGIVE_MS + 2 :])


def test_a_glitch_before_a_late_pass_is_forgiven() -> None:
    contact = Contact()
    for ms in range(20):
        contact.sample(True, ms)
    assert contact.sample(False, 20)
    assert contact.sample(True, 20 + 5 * FORGIVE_MS)
    assert contact.sample(False, 21 + 5 * FORGIVE_MS) is False


def test_the_first_pass_may_be_late() -> None:
    contacts = Contacts()
    assert contacts.sample(ALL, 5000) == 0
    assert not contacts.settled
    assert contacts.sample(ALL, 5000 + 4 * FORGIVE_MS) == ALL
    assert contacts.settled


def test_a_contact_stays_good_for_days() -> None:
    contact = Contact()
    contact.sample(True, 0)
    assert contact.sample(True, STEADY_MS)
    for n in range(1, 9):
        assert contact.sample(True, n * (CLOCK_MASK // 4) & CLOCK_MASK)


@pytest.mark.parametrize("bit", [wire.DOOR_IS_CLOSED, wire.BOLT_IS_LOCKED, wire.BOX_IS_CLOSED, wire.PEER_IS_FREE])
def test_each_contact_by_itself(bit: int) -> None:
    contacts = Contacts()
    for ms in range(0, 100, 5):
        inputs = contacts.sample(bit, ms)
    assert inputs == bit


def test_the_other_doors_line_turns_bad_at_once() -> None:
    contacts = Contacts()
    for ms in range(0, 100, 5):
        inputs = contacts.sample(ALL, ms)
    assert inputs == ALL
    assert contacts.sample(ALL & ~wire.PEER_IS_FREE, 100) == ALL & ~wire.PEER_IS_FREE
    assert contacts.sample(ALL & ~wire.DOOR_IS_CLOSED, 101) & wire.DOOR_IS_CLOSED


def test_settled_once_good_contacts_could_show_it() -> None:
    contacts = Contacts()
    settled = []
    for ms in range(FORGIVE_MS + 3):
        contacts.sample(0, (CLOCK_MASK + ms) & CLOCK_MASK)
        settled.append(contacts.settled)
    assert settled == [False] * (FORGIVE_MS + 1) + [True, True]
