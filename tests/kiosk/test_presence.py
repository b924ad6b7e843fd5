"""From the match to the opening the same person stays in view, alone; everything else is said as it is."""

import pytest
from kiosk_bench import Bench
from kiosk_doors import ALICE, BORIS, CROWD, NOBODY, face_template

from sallyport_kiosk.presence import Sighting
from sallyport_protocol.errors import RoadError

PERSON = face_template(ALICE)


@pytest.mark.parametrize(
    ("shown", "seen"),
    [
        (ALICE, Sighting(True, 1)),
        (BORIS, Sighting(False, 1)),
        (NOBODY, Sighting(False, 0)),
        (CROWD, Sighting(False, 2)),
    ],
)
def test_who_stands_there(bench: Bench, shown: int, seen: Sighting) -> None:
    bench.camera.shown = shown
    sighting, picture = bench.session.watch.look(PERSON, bench.boot.policy.operating)
    assert sighting == seen
    assert picture[0, 0, 0] == shown


def test_a_blind_kiosk_says_so(bench: Bench) -> None:
    bench.camera.frames_left = 0
    with pytest.raises(RoadError, match="plug it in"):
        bench.session.watch.look(PERSON, bench.boot.policy.operating)


def test_a_camera_that_failed_is_opened_afresh(bench: Bench) -> None:
    bench.camera.frames_left = 0
    with pytest.raises(RoadError):
        bench.session.watch.look(PERSON, bench.boot.policy.operating)
    bench.camera.frames_left = None
    before = bench.camera.opened
    sighting, _ = bench.session.watch.look(PERSON, bench.boot.policy.operating)
    assert sighting.same and bench.camera.opened > before
