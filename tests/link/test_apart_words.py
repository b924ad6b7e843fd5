"""What a program and the process of its link say to each other."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sallyport_link.apart_words import Frame, Frames, Say, State, frame, road_from_bytes, road_to_bytes
from sallyport_link.connection import Road
from sallyport_protocol.errors import MalformedError

FRAMES = st.lists(
    st.builds(Frame, st.sampled_from(Say), st.text(max_size=20), st.binary(max_size=200), st.integers(0, 2**32 - 1)),
    max_size=8,
)


@given(FRAMES, st.lists(st.integers(1, 60)))
def test_frames_arrive_whole_however_the_socket_cuts_them(frames: list[Frame], cuts: list[int]) -> None:
    data = b"".join(frame(each.kind, each.payload, each.topic, each.number) for each in frames)
    ear, found = Frames(200), []
    for cut in [*cuts, len(data)]:
        found += ear.take(data[:cut])
        data = data[cut:]
    assert found == frames


@pytest.mark.parametrize("data", [b"X" + bytes(12), frame(Say.MESSAGE, bytes(201)), bytes(64)])
def test_what_is_no_frame_ends_it_before_it_is_kept(data: bytes) -> None:
    with pytest.raises(MalformedError):
        Frames(200).take(data[:13])


def test_half_a_head_waits_for_the_other_half() -> None:
    ear, whole = Frames(), frame(Say.ALIVE)
    assert ear.take(whole[:5]) == []
    assert ear.take(whole[5:]) == [Frame(Say.ALIVE, "", b"", 0)]


@pytest.mark.parametrize("will", [None, ("sallyport/v1/MDI/MDI-K01/status", b"\x00gone")])
def test_a_road_and_a_state_come_through_as_they_are(will: tuple[str, bytes] | None) -> None:
    road = Road("localhost", 8883, Path("ca"), Path("cert"), Path("key"), "gateway-1", will, 10, 5.0, b"secret")
    assert road_from_bytes(road_to_bytes(road)) == road
    assert "secret" not in repr(road)
    state = State(True, "", 2, 3, 1, 0, 0, 4, 0.5)
    assert State.parse(state.to_bytes()) == state
