"""Single use, on real pages in simulated flash."""

import struct

import pytest
from doorsim import Flash

from sallyport_interlock.once import LAST, RECORD, RECORD_BYTES, Once
from sallyport_interlock.pages import Pages
from sallyport_interlock.settings import RESERVE
from sallyport_wire.mac import hmac_sha256
from sallyport_wire.messages import NO_NONCE, VOID_NOT_OPENED, VOID_OPENED, VOID_UNKNOWN

KEY = bytes(range(32))
NONCE = bytes([9]) * 16


def pages(flash: Flash) -> Pages:
    return Pages(flash, 0, RECORD_BYTES)


def commissioned(boots: int = 0, floor: int = 0, next: int = 0, request: int = 0, lock_out: int = 0) -> Flash:
    flash = Flash()
    pages(flash).append(struct.pack(RECORD, boots, floor, next, request, 0, NO_NONCE, lock_out))
    return flash


def newest(flash: Flash) -> tuple[int, ...]:
    [*_, (_, record)] = pages(flash).records()
    return struct.unpack(RECORD, record)


def test_record_fills_its_place() -> None:
    assert struct.calcsize(RECORD) == RECORD_BYTES


def test_a_blank_board_refuses_to_start() -> None:
    with pytest.raises(ValueError, match="not commissioned"):
        Once(pages(Flash()))


def test_a_start_is_counted_in_flash() -> None:
    flash = commissioned(boots=4, floor=128, next=70, request=9, lock_out=5)
    once = Once(pages(flash))
    assert (once.boots, once.floor, once.next, once.request, once.lock_out) == (5, 128, 128, 9, 5)
    assert newest(flash) == (5, 128, 128, 9, 0, NO_NONCE, 5)


def test_nonces_are_reserved_in_flash_before_they_are_shown() -> None:
    flash = commissioned(floor=10)
    once = Once(pages(flash))
    operations = flash.operations
    for n in range(2 * RESERVE):
        nonce, counter = once.fresh(KEY, bytes([n]) * 16)
        assert counter == 10 + n
        assert nonce == hmac_sha256(KEY, b"nonce" + struct.pack(">I", counter) + bytes([n]) * 16)[:16]
        assert once.next == counter + 1
        assert counter < newest(flash)[1] == once.floor
    assert flash.operations == operations + 2
    assert once.floor == 10 + 2 * RESERVE


def test_nonces_differ_by_key_counter_and_random() -> None:
    once = Once(pages(commissioned()))
    first, _ = once.fresh(KEY, bytes(16))
    second, _ = once.fresh(KEY, bytes(16))
    assert len({first, second}) == 2
    assert Once(pages(commissioned())).fresh(KEY, bytes(16))[0] == first
    assert Once(pages(commissioned())).fresh(KEY, bytes([1]) * 16)[0] != first
    assert Once(pages(commissioned())).fresh(bytes([1]) * 32, bytes(16))[0] != first


def test_a_restart_skips_the_rest_of_the_block() -> None:
    flash = commissioned()
    assert Once(pages(flash)).fresh(KEY, bytes(16))[1] == 0
    assert Once(pages(flash)).fresh(KEY, bytes(16))[1] == RESERVE
    assert Once(pages(flash)).fresh(KEY, bytes(16))[1] == 2 * RESERVE


def test_the_request_number_goes_to_flash_with_the_next_record() -> None:
    flash = commissioned()
    once = Once(pages(flash))
    once.request = 2**60
    once.spend(NONCE, 0)
    assert Once(pages(flash)).request == 2**60


def test_a_spend_is_remembered() -> None:
    flash = commissioned()
    once = Once(pages(flash))
    nonce, counter = once.fresh(KEY, bytes(16))
    once.spend(nonce, counter)
    assert newest(flash)[4:6] == (counter, nonce)
    assert once.void(nonce, counter) == VOID_OPENED
    once = Once(pages(flash))
    assert (once.spent, once.counter) == (nonce, counter)
    assert once.void(nonce, counter) == VOID_OPENED
    assert once.void(nonce, counter + 1) == VOID_OPENED  # by the nonce
    assert once.void(NONCE, counter) == VOID_OPENED  # by the counter
    assert once.void(NONCE, counter + 1) == VOID_NOT_OPENED


def test_spends_before_others_are_remembered() -> None:
    once = Once(pages(commissioned()))
    shown = [once.fresh(KEY, bytes(16)) for _ in range(6)]
    for nonce, counter in shown[::2]:
        once.spend(nonce, counter)
    answers = [once.void(nonce, counter) for nonce, counter in shown]
    assert answers == [VOID_OPENED, VOID_NOT_OPENED] * 3


def test_counter_zero_that_was_not_spent() -> None:
    once = Once(pages(commissioned()))
    nonce, counter = once.fresh(KEY, bytes(16))
    assert counter == 0
    assert once.void(nonce, 0) == VOID_NOT_OPENED


def test_void_of_what_was_never_shown_is_unknown_and_skipped() -> None:
    flash = commissioned()
    once = Once(pages(flash))
    once.fresh(KEY, bytes(16))
    operations = flash.operations
    assert once.void(NONCE, 1) == VOID_UNKNOWN  # reserved, so it needs no record
    assert once.void(NONCE, RESERVE - 1) == VOID_UNKNOWN
    assert flash.operations == operations
    assert once.void(NONCE, RESERVE) == VOID_UNKNOWN
    assert flash.operations == operations + 1
    assert once.next == RESERVE + 1
    assert newest(flash)[1] == 2 * RESERVE + 1
    assert once.void(NONCE, RESERVE) == VOID_NOT_OPENED  # now it never can
    assert once.fresh(KEY, bytes(16))[1] == RESERVE + 1
    assert flash.operations == operations + 1


def test_the_end_of_the_counters() -> None:
    assert LAST == 0xFFFF0000
    flash = commissioned(floor=LAST - 1, next=LAST - 1)
    once = Once(pages(flash))
    assert once.room()
    assert once.void(NONCE, LAST) == VOID_UNKNOWN
    assert once.void(NONCE, 0xFFFFFFFF) == VOID_UNKNOWN
    assert once.next == LAST - 1
    assert once.fresh(KEY, bytes(16))[1] == LAST - 1
    assert not once.room()
    once = Once(pages(commissioned(floor=LAST - 2, next=LAST - 2)))
    assert once.void(NONCE, LAST - 1) == VOID_UNKNOWN
    assert once.next == LAST


def test_lock_out_outlives_a_restart() -> None:
    flash = commissioned()
    Once(pages(flash)).remember_lock_out(3)
    assert Once(pages(flash)).lock_out == 3
    Once(pages(flash)).remember_lock_out(0)
    assert Once(pages(flash)).lock_out == 0


def test_room_is_for_what_may_follow_a_nonce() -> None:
    log = pages(commissioned())
    once = Once(log)
    while log.room() > 4:
        once.remember_lock_out(0)
    assert once.room()
    once.remember_lock_out(0)
    assert not once.room()
    log.tidy()
    assert once.room()


def test_a_full_log_makes_room_at_the_start() -> None:
    flash = commissioned()
    log = pages(flash)
    while log.room():
        Once(log)
    boots = newest(flash)[0]
    once = Once(log)
    assert once.boots == boots + 1
    assert log.room() > 0


def test_a_forgotten_spend_is_unknown_never_not_opened() -> None:
    """Two pages hold the last records; whoever asks for older ones gets no promise."""
    flash = commissioned()
    log = pages(flash)
    once = Once(log)
    shown = []
    for n in range(300):
        nonce, counter = once.fresh(KEY, bytes(16))
        shown.append((nonce, counter, n % 2 == 0))
        if n % 2 == 0:
            once.spend(nonce, counter)
        if log.untidy():
            log.tidy()
    for reader in (once, Once(pages(flash))):
        answers = [(spent, reader.void(nonce, counter)) for nonce, counter, spent in shown]
        assert all(answer != VOID_NOT_OPENED for spent, answer in answers if spent)
        assert all(answer != VOID_OPENED for spent, answer in answers if not spent)
        assert [answer for _, answer in answers[:150]] == [VOID_UNKNOWN] * 150
        assert answers[-2:] == [(True, VOID_OPENED), (False, VOID_NOT_OPENED)]
        known = [answer for _, answer in answers if answer != VOID_UNKNOWN]
        assert len(known) >= 50


def test_the_oldest_known_is_where_the_log_begins_again() -> None:
    """After an erase the first record left tells which counters it cannot speak of: those below its `next`."""
    flash = Flash()
    log = pages(flash)
    log.turn()
    for next in (5, 9):
        log.append(struct.pack(RECORD, 1, 64, next, 0, 0, NO_NONCE, 0))
    log.append(struct.pack(RECORD, 1, 64, 9, 0, 7, NONCE, 0))
    raw = flash.pages[1]
    once = Once(pages(flash))
    assert [once.void(bytes(16 * [1]), c) for c in (4, 5)] == [VOID_NOT_OPENED] * 2  # the log is whole from its start
    raw[0:64] = b"\xff" * 64  # the first record is gone
    once = Once(pages(flash))
    assert [once.void(bytes(16 * [1]), c) for c in (4, 8, 9)] == [VOID_UNKNOWN, VOID_UNKNOWN, VOID_NOT_OPENED]
    assert once.void(bytes(16 * [1]), 7) == VOID_OPENED
