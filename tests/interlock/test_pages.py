"""The record log in flash."""

import pytest
from doorsim import Flash, PowerCut

from sallyport_interlock.pages import PAGE_BYTES, FlashError, Pages

SIZE = 52
SLOTS = PAGE_BYTES // 64


def payload(n: int) -> bytes:
    return bytes([n % 256]) * SIZE


def found(flash: Flash) -> list[int]:
    return [p[0] for _, p in Pages(flash, 0, SIZE).records()]


def test_blank() -> None:
    log = Pages(Flash(), 0, SIZE)
    assert list(log.records()) == []
    assert (log.sequence, log.room(), log.untidy()) == (0, 2 * SLOTS, False)


def test_records_come_back_in_order_with_their_numbers() -> None:
    flash = Flash()
    for n in range(5):
        Pages(flash, 0, SIZE).append(payload(n))
    log = Pages(flash, 0, SIZE)
    assert list(log.records()) == [(n + 1, payload(n)) for n in range(5)]
    assert log.room() == 2 * SLOTS - 5


def test_the_two_pages_take_turns() -> None:
    flash = Flash()
    log = Pages(flash, 0, SIZE)
    for n in range(3 * SLOTS):
        if log.untidy():
            log.tidy()
        log.append(payload(n))
        assert log.sequence == n + 1
        assert Pages(flash, 0, SIZE).sequence == n + 1
        assert found(flash)[-1] == n % 256
        assert Pages(flash, 0, SIZE).room() == log.room()
        assert Pages(flash, 0, SIZE).untidy() == log.untidy()
    assert found(flash) == [n % 256 for n in range(2 * SLOTS, 3 * SLOTS)]


def test_full_is_an_error_until_tidied() -> None:
    log = Pages(Flash(), 0, SIZE)
    for n in range(2 * SLOTS):
        log.append(payload(n))
    assert log.room() == 0
    with pytest.raises(FlashError, match="full"):
        log.append(payload(0))
    log.tidy()
    assert log.room() == SLOTS
    log.append(payload(1))


def test_logs_do_not_touch_each_other() -> None:
    flash = Flash()
    logs = [Pages(flash, first, SIZE) for first in (0, 2, 4)]
    for n, log in enumerate(logs):
        log.append(payload(n))
        log.turn()
        log.append(payload(n + 10))
        log.tidy()
    assert [[p[0] for _, p in Pages(flash, first, SIZE).records()] for first in (0, 2, 4)] == [[10], [11], [12]]


def test_a_torn_record_is_no_record_and_its_place_is_not_used_again() -> None:
    flash = Flash()
    log = Pages(flash, 0, SIZE)
    log.append(payload(1))
    flash.plan = (1, "torn")
    with pytest.raises(PowerCut):
        log.append(payload(2))
    assert found(flash) == [1]
    log = Pages(flash, 0, SIZE)
    assert log.room() == 2 * SLOTS - 2
    log.append(payload(3))
    assert found(flash) == [1, 3]
    assert log.sequence == 2


def test_a_lost_write_is_an_error() -> None:
    flash = Flash()
    log = Pages(flash, 0, SIZE)
    flash.plan = (1, "lost")
    with pytest.raises(FlashError, match="lost"):
        log.append(payload(1))
    assert log.sequence == 0


@pytest.mark.parametrize("how", ["lost", "torn"])
def test_an_erase_that_did_not_take(how: str) -> None:
    flash = Flash()
    log = Pages(flash, 0, SIZE)
    for n in range(SLOTS + 1):
        log.append(payload(n))
    flash.plan = (1, how)
    with pytest.raises(FlashError if how == "lost" else PowerCut):
        log.tidy()
    log = Pages(flash, 0, SIZE)
    assert log.untidy()
    assert log.sequence == SLOTS + 1
    log.tidy()
    assert not Pages(flash, 0, SIZE).untidy()


def test_a_record_that_ends_in_ones_is_seen() -> None:
    """Blank flash is all ones: a record's tail may look blank, never the whole record."""
    flash = Flash()
    log = Pages(flash, 0, SIZE)
    for n in range(2000):
        if log.untidy():
            log.tidy()
        log.append(n.to_bytes(SIZE, "big"))
        assert Pages(flash, 0, SIZE).room() == log.room()
