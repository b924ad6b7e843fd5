"""The last events."""

import struct

import pytest
from doorsim import Flash

from sallyport_interlock.journal import KEPT_FREE, RECORD, RECORD_BYTES, Journal
from sallyport_interlock.pages import Pages
from sallyport_wire import messages as wire

SESSION, NONCE = bytes([1]) * 16, bytes([2]) * 16


def pages(flash: Flash) -> Pages:
    return Pages(flash, 2, RECORD_BYTES)


def test_an_event_is_in_flash_when_it_is_told() -> None:
    flash = Flash()
    [event] = Journal(pages(flash)).note(3, wire.OPENED, SESSION, NONCE, 17)
    assert (event.boots, event.seq, event.kind, event.t_ms) == (3, 1, wire.OPENED, 17)
    assert (event.session, event.nonce) == (SESSION, NONCE)
    assert Journal(pages(flash)).after(0, 8) == [event]
    assert struct.calcsize(RECORD) == RECORD_BYTES


def test_numbers_go_on_over_restarts() -> None:
    flash = Flash()
    for n in range(1, 5):
        journal = Journal(pages(flash))
        [event] = journal.note(n, wire.TAMPER, SESSION, NONCE, 0)
        assert event.seq == n == journal.sequence
    assert [e.seq for e in Journal(pages(flash)).after(1, 2)] == [2, 3]
    assert Journal(pages(flash)).after(4, 8) == []


def test_time_stays_in_its_field() -> None:
    [event] = Journal(pages(Flash())).note(1, wire.TAMPER, SESSION, NONCE, 2**40)
    assert event.t_ms == 0xFFFFFFFF


@pytest.mark.parametrize(
    ("kinds", "passage"),
    [
        ([], None),
        ([wire.OPENED], (SESSION, NONCE)),
        ([wire.OPENED, wire.DOOR_OPEN, wire.DOOR_CLOSED], (SESSION, NONCE)),
        ([wire.OPENED, wire.RELOCKED], None),
        ([wire.OPENED, wire.RELOCKED, wire.TAMPER], None),
        ([wire.RELOCKED, wire.OPENED], (SESSION, NONCE)),
    ],
)
def test_a_passage_that_was_cut(kinds: list[int], passage: tuple[bytes, bytes] | None) -> None:
    flash = Flash()
    for kind in kinds:
        Journal(pages(flash)).note(1, kind, SESSION, NONCE, 0)
    assert Journal(pages(flash)).passage == passage


def test_a_flapping_door_leaves_room_for_what_matters() -> None:
    log = pages(Flash())
    journal = Journal(log)
    written = 0
    while journal.note(1, wire.DOOR_OPEN, SESSION, NONCE, 0):
        written += 1
        assert journal.room() == (log.room() > KEPT_FREE + 4)
    assert log.room() == KEPT_FREE
    for kind in (wire.DOOR_CLOSED, wire.DOOR_HELD):
        assert journal.note(1, kind, SESSION, NONCE, 0) == []
    assert journal.note(1, wire.UNGRANTED_OPEN, SESSION, NONCE, 0)
    assert log.room() == KEPT_FREE - 1


def test_a_full_journal_makes_room_at_the_start() -> None:
    flash = Flash()
    log = pages(flash)
    while log.room() >= KEPT_FREE:
        log.append(bytes(RECORD_BYTES))
    Journal(pages(flash))
    assert not pages(flash).untidy()
