"""Keys: by cable, rising, whole."""

import pytest
from doorsim import DOWN, LANE, UP, Flash, PowerCut

from sallyport_interlock import keys
from sallyport_interlock.once import Once


def key_log(flash: Flash):  # type: ignore[no-untyped-def]
    return keys.logs(flash)[2]


def test_no_keys() -> None:
    with pytest.raises(ValueError, match="no keys"):
        keys.load(key_log(Flash()))


def test_commission() -> None:
    flash = Flash()
    keys.commission(flash, 3, LANE, DOWN, UP)
    assert keys.load(key_log(flash)) == (3, LANE, DOWN, UP)
    assert Once(keys.logs(flash)[0]).boots == 1


@pytest.mark.parametrize("epoch", [0, 1, 2, 3, -1, 2**32])
def test_the_epoch_must_rise(epoch: int) -> None:
    flash = Flash()
    keys.commission(flash, 3, LANE, DOWN, UP)
    with pytest.raises(ValueError, match="epoch"):
        keys.commission(flash, epoch, LANE, UP, DOWN)
    assert keys.load(key_log(flash))[0] == 3


@pytest.mark.parametrize(
    ("lane", "down", "up"),
    [(LANE[:15], DOWN, UP), (LANE, DOWN[:31], UP), (LANE, DOWN, UP + b"1"), (LANE, DOWN, DOWN)],
)
def test_shapes(lane: bytes, down: bytes, up: bytes) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        keys.commission(Flash(), 1, lane, down, up)


def test_old_keys_are_erased_and_counters_go_on() -> None:
    flash = Flash()
    keys.commission(flash, 1, LANE, DOWN, UP)
    once = Once(keys.logs(flash)[0])
    once.fresh(UP, bytes(16))
    new_down, new_up = DOWN[::-1], UP[::-1]
    for epoch in (2, 3, 4):
        keys.commission(flash, epoch, LANE, new_down, new_up)
        assert keys.load(key_log(flash)) == (epoch, LANE, new_down, new_up)
        assert DOWN not in b"".join(flash.pages)
        assert UP not in b"".join(flash.pages)
    assert Once(keys.logs(flash)[0]).fresh(UP, bytes(16))[1] == 64


@pytest.mark.parametrize("how", ["before", "torn", "after"])
@pytest.mark.parametrize("n", range(1, 6))
def test_power_cut_while_rekeying(n: int, how: str) -> None:
    flash = Flash()
    keys.commission(flash, 1, LANE, DOWN, UP)
    flash.plan = (n, how)
    try:
        keys.commission(flash, 2, LANE, UP, DOWN)
    except PowerCut:
        flash.plan = (0, "")
        assert keys.load(key_log(flash))[0] in (1, 2)
        if keys.load(key_log(flash))[0] == 1:
            keys.commission(flash, 2, LANE, UP, DOWN)
    assert keys.load(key_log(flash)) == (2, LANE, UP, DOWN)
