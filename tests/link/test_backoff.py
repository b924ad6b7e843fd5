from hypothesis import given
from hypothesis import strategies as st

from sallyport_link.backoff import RECONNECT, Backoff

chances = st.floats(0, 1, exclude_max=True)


@given(st.integers(-5, 10_000), chances)
def test_a_wait_stays_between_floor_and_cap(failures: int, chance: float) -> None:
    wait = RECONNECT.wait_ms(failures, chance)
    assert RECONNECT.floor_ms <= wait <= RECONNECT.cap_ms


def test_the_ceiling_doubles_to_the_cap() -> None:
    backoff = Backoff(100, 1000, 1)
    assert [backoff.wait_ms(n, 0.999) for n in (1, 2, 3, 4, 5, 6)] == [99, 199, 399, 799, 999, 999]


@given(st.integers(1, 40), chances, chances)
def test_randomness_spreads_the_waits(failures: int, a: float, b: float) -> None:
    small, large = sorted((a, b))
    assert RECONNECT.wait_ms(failures, small) <= RECONNECT.wait_ms(failures, large)
