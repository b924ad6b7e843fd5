"""A camera that gives a frame a second is too slow, however long the kiosk computes; a slow kiosk is not its fault."""

import pytest

from sallyport_kiosk.pace import Pace
from sallyport_protocol.errors import RoadError


def frames(*waits_and_times: tuple[int, int]) -> Pace:
    pace = Pace()
    for waited, at in waits_and_times:
        pace.took(waited, at)
    return pace


@pytest.mark.parametrize("computing", [0, 300, 700])
def test_a_frame_a_second_is_too_slow(computing: int) -> None:
    with pytest.raises(RoadError, match="too slow"):
        frames((400, 1_000), (1_000 - computing, 2_000), (1_000 - computing, 3_000))


def test_one_slow_frame_is_a_busy_moment_once_frames_came_in_time() -> None:
    pace = frames((30, 1_000), (80, 1_100), (1_100, 2_300), (30, 2_400), (1_100, 3_700))
    assert (pace.slow, pace.lost_ms) == (1, 1_300)


def test_where_no_frame_came_in_time_yet_one_is_enough() -> None:
    with pytest.raises(RoadError, match="too slow"):
        frames((30, 1_000), (1_000, 2_100))


def test_a_kiosk_that_takes_its_time_does_not_blame_the_camera() -> None:
    assert frames(*((60, 1_500 * number) for number in range(9))).slow == 0


def test_a_frame_that_takes_two_seconds_is_too_slow_at_once() -> None:
    with pytest.raises(RoadError, match="too slow"):
        frames((2_001, 5_000))
