"""One number for one face; another for whoever takes its place."""

import numpy as np

from sallyport_biometrics.face.embed import unit
from sallyport_biometrics.face.track import Track
from sallyport_biometrics.face.words import Box

HERE, NEAR, FAR = Box(100, 100, 100, 130), Box(110, 104, 98, 131), Box(400, 100, 100, 130)
PERSON = unit(np.array([1.0, 0.1, 0.0], np.float32))
OTHER = unit(np.array([0.0, 0.1, 1.0], np.float32))
START = Track(1, HERE, PERSON, 0.0)


def test_a_face_that_moves_a_little_is_the_same() -> None:
    assert START.follow(NEAR, 100.0).number == 1
    assert START.follow(NEAR, 100.0).seen_ms == 100.0


def test_a_jump_needs_the_same_face() -> None:
    assert START.follow(FAR, 100.0).number == 2
    assert START.follow(FAR, 100.0, PERSON).number == 1
    assert START.follow(FAR, 100.0, OTHER).number == 2


def test_another_face_in_the_same_place_is_noticed() -> None:
    assert START.follow(NEAR, 100.0, OTHER).number == 2


def test_absence() -> None:
    gone = START.follow(None, 2000.0)
    assert gone.number == 1 and gone.absent_ms(2000.0) == 2000.0
    assert not gone.void(1, 3000.0)
    assert gone.void(1, 3001.0)
    assert gone.follow(HERE, 3500.0, PERSON).number == 2, "who comes back after 3 s is another track"
    assert START.follow(FAR, 100.0).void(1, 100.0)
