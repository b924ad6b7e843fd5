"""Which scenarios `make run ARGS="--only …"` plays."""

import pytest

from sallyport_protocol.errors import MalformedError
from sallyport_rig.demonstration.__main__ import chosen


@pytest.mark.parametrize(
    ("only", "numbers"),
    [([], {1, 2, 3}), (["1,3"], {1, 3}), (["1", "3"], {1, 3}), ([" 2 , 3 ", "3"], {2, 3})],
)
def test_numbers_with_commas_or_repeated(only: list[str], numbers: set[int]) -> None:
    assert chosen(only, 3) == numbers


@pytest.mark.parametrize("only", ["4", "0", "-1", "1-3", "1;2", "one", "1,", "", "1.0", "١", "9" * 4_000])
def test_anything_else_says_what_to_write(only: str) -> None:
    with pytest.raises(MalformedError, match=r"Write numbers from 1 to 3 with commas between them, such as 1,7"):
        chosen([only], 3)


def test_the_tenth_is_told_of() -> None:
    with pytest.raises(MalformedError, match="10 is played with --alive"):
        chosen(["10"], 9)
    assert chosen(["10"], 10) == {10}
