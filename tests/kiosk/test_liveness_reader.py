"""Where liveness is required: who answers the challenge passes; recordings, stills and swaps never match.

All people here are synthetic (`kiosk_people.py`): they show that the kiosk judges as it says, not how people behave.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import pytest
from kiosk_bench import Bench
from kiosk_doors import ALICE, ALICES, BORIS, CROWD, MemoryDisplay, rates
from kiosk_people import (
    NEUTRAL,
    ActedCamera,
    Look,
    MovingPipeline,
    PlayedCamera,
    SteppedClock,
    Suspects,
    TaggedMovements,
    empty,
    obedient,
    still,
    wrong,
)

from sallyport_biometrics.face.challenge import Action
from sallyport_biometrics.face.flash import Verdict
from sallyport_kiosk import parameters
from sallyport_kiosk.light_reader import LightReader
from sallyport_kiosk.liveness_reader import LivenessReader
from sallyport_kiosk.ports import Frame
from sallyport_kiosk.presence import PresenceWatch
from sallyport_kiosk.session import Session, set_stage
from sallyport_kiosk.stage import Step
from sallyport_protocol.errors import RoadError
from sallyport_protocol.messages import Liveness, ModalityOutcome, Outcome, Presence, Result
from sallyport_protocol.subject import Modality, Needs, RecordedException


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "AGAIN_S", 0.0)
    monkeypatch.setattr(parameters, "PRESENCE_MS", 100)


@dataclass
class Played:
    """A whole session with the production policy's demand for liveness, and what came of it."""

    result: Result
    presence: list[Presence]
    frames: list[Frame]
    asked: list[str]


@dataclass
class SaysOfLight:
    """A light reader that has seen this."""

    verdict: Verdict

    def read(self, *_: Any) -> Verdict:
        return self.verdict


@dataclass
class Kiosk:
    """A bench whose camera sees synthetic people."""

    bench: Bench
    clock: SteppedClock = field(default_factory=SteppedClock)
    display: MemoryDisplay = field(default_factory=MemoryDisplay)
    camera: Any = None
    pipeline: Any = field(default_factory=MovingPipeline)
    passive: bool = False
    reports: int = 2
    attack: Any = None
    light: Any = None

    def sees(self, look: Look, **changes: Any) -> "Kiosk":
        self.camera = ActedCamera(self.clock, self.display, look, **changes)
        return self

    def plays(self, recording: list[Frame]) -> "Kiosk":
        self.camera = PlayedCamera(self.clock, self.display, still, recording=recording)
        return self

    def session(self, said: Callable[[Result | Presence], None]) -> Session:
        movements: Any = TaggedMovements()
        light = self.light or LightReader(self.camera, self.pipeline)
        clock: Any = self.clock
        self.bench.sensor.clock = clock
        return replace(
            self.bench.session,
            liveness=LivenessReader(self.camera, self.pipeline, movements, light, self.passive),
            face=replace(self.bench.session.face, camera=self.camera, pipeline=self.pipeline, attack=self.attack),
            watch=PresenceWatch(self.camera, self.pipeline, rates("face")),
            display=self.display,
            clock=clock,
            send_result=said,
            send_presence=said,
        )

    def run(self, number: int = 1, required: bool = True, **changes: Any) -> Played:
        operating = self.bench.boot.policy.operating.model_copy(update={"liveness_required": required})
        seed = sha256(number.to_bytes(4)).digest()[:16]
        offer = self.bench.offer(1, **{"operating": operating, "liveness_seed": seed, "expires_in": 120_000, **changes})
        stop, results, presence = threading.Event(), [], []

        def said(message: Result | Presence) -> None:
            (results if isinstance(message, Result) else presence).append(message)
            if len(presence) >= self.reports:
                stop.set()

        stage = set_stage(offer, self.clock.now, self.clock, self.display, stop)
        self.session(said).run(offer, ALICES, stage)
        asked = [words for _, words in self.display.shown if words in Action.__members__]
        assert Result.parse(results[0].to_map()) == results[0]  # it fits the message
        return Played(results[0], presence, self.camera.taken, asked)


@pytest.fixture
def kiosk(new_bench: Callable[[], Bench]) -> Iterator[Callable[[], Kiosk]]:
    yield lambda: Kiosk(new_bench())


New = Callable[[], Kiosk]


def test_who_does_what_the_screen_asks_is_alive_and_matches(kiosk: New) -> None:
    for number in range(4):
        played = kiosk().sees(obedient).run(number)
        assert (played.result.liveness, played.result.outcome) == (Liveness.PASSED, Outcome.MATCH), number
        assert len(played.asked) == 7
        assert all(each.same_track for each in played.presence) and len(played.presence) == 2


def test_passive_networks_in_the_signed_set_take_one_step_away(kiosk: New) -> None:
    one = kiosk()
    one.passive = True
    assert len(one.sees(obedient).run().asked) == 6


def needing(**changes: Any) -> Needs:
    return Needs.parse({"unable": [], "slow": False, "no_light": False, "covered": [], **changes})


def test_what_a_person_cannot_do_is_not_asked_and_makes_more_steps(kiosk: New) -> None:
    """Four actions instead of five: six steps are needed, and one each for the absent networks and the dark screen."""
    played = kiosk().sees(obedient).run(needs=needing(unable=["CLOSE_EYES"]))
    assert played.result.outcome is Outcome.MATCH
    assert len(played.asked) == 6 + 2 and "CLOSE_EYES" not in played.asked


def test_who_needs_longer_gets_longer_and_others_do_not(kiosk: New) -> None:
    def leisurely(screen: str, since_ms: int) -> tuple[int, Any]:
        return obedient(screen, since_ms - 1_800)

    assert kiosk().sees(leisurely).run().result.outcome is Outcome.ATTACK_SUSPECTED
    played = kiosk().sees(leisurely).run(needs=needing(slow=True), expires_in=240_000)
    assert played.result.outcome is Outcome.MATCH
    assert len(played.asked) == 5 + 2 + 2


def test_the_seed_decides_what_is_asked(kiosk: New) -> None:
    asked = [tuple(kiosk().sees(obedient).run(number).asked) for number in (1, 1, 2, 3)]
    assert asked[0] == asked[1] and len(set(asked)) == 3


@pytest.mark.parametrize(("look", "why"), [(wrong, "another movement"), (still, "not followed in time")])
def test_wrong_answers_and_none_are_a_suspected_attack(kiosk: New, look: Look, why: str) -> None:
    played = kiosk().sees(look).run()
    assert (played.result.liveness, played.result.outcome) == (Liveness.FAILED, Outcome.ATTACK_SUSPECTED)
    assert why in played.result.detail
    assert [each.attempts for each in played.result.modalities] == [3, 0]
    assert played.presence == [] and played.result.captures == ()  # and nobody was compared


def test_the_right_movements_in_the_wrong_order_fail(kiosk: New) -> None:
    """The actions of this very session, each one step late."""
    order = kiosk().sees(obedient).run().asked
    late = dict(zip(order, order[-1:] + order[:-1], strict=True))
    assert any(late[each] != each for each in order)

    def shuffled(screen: str, since_ms: int) -> tuple[int, Any]:
        return obedient(late.get(screen, screen), since_ms)

    played = kiosk().sees(shuffled).run()
    assert played.result.outcome is Outcome.ATTACK_SUSPECTED


def doubted(one: Kiosk, *scores: float) -> Kiosk:
    one.attack = Suspects(list(scores))
    return one


def test_a_face_that_looks_like_a_picture_is_asked_for_more_and_then_read_again(kiosk: New) -> None:
    """Seven steps as ever, then nine others: six for a guess below 1e-3, and one for each thing that cannot help."""
    played = doubted(kiosk(), 0.9, 0.2).sees(obedient).run()
    assert (played.result.liveness, played.result.outcome) == (Liveness.PASSED, Outcome.MATCH)
    assert len(played.asked) == 7 + 9
    face = played.result.modalities[0]
    assert (face.attempts, face.attack_score) == (2, 0.2)
    assert len(played.result.captures) == parameters.FRAMES + 1  # of the second reading alone, and the finger's


@pytest.mark.parametrize(
    ("verdict", "scores", "company"),
    [
        (Verdict.RETURNED, (0.9, 0.2), [False, True]),
        (Verdict.RETURNED, (0.2,), [False]),
        (Verdict.UNCLEAR, (0.9, 0.2), [False, False]),
    ],
)
def test_only_who_returned_the_light_and_answered_again_is_in_good_company(
    kiosk: New, verdict: Verdict, scores: tuple[float, ...], company: list[bool]
) -> None:
    one = doubted(kiosk(), *scores)
    one.light = SaysOfLight(verdict)
    assert one.sees(obedient).run().result.outcome is Outcome.MATCH
    assert one.attack.company == company


def test_a_face_that_still_looks_like_a_picture_is_a_suspected_attack(kiosk: New) -> None:
    played = doubted(kiosk(), 0.9).sees(obedient).run()
    assert (played.result.liveness, played.result.outcome) == (Liveness.PASSED, Outcome.ATTACK_SUSPECTED)
    assert played.result.modalities[0].attack_score == 0.9 and played.presence == []


@pytest.mark.parametrize(("later", "liveness"), [(wrong, Liveness.FAILED), (empty, Liveness.NOT_PERFORMED)])
def test_who_does_not_answer_the_doubt_is_a_suspected_attack(kiosk: New, later: Look, liveness: Liveness) -> None:
    """A good score on the second look helps nobody who was not shown to be alive again."""

    def falters(screen: str, since_ms: int) -> tuple[int, Any]:
        return (later if one.attack.frames else obedient)(screen, since_ms)

    one = doubted(kiosk(), 0.9, 0.1)
    played = one.sees(falters).run()
    assert (played.result.liveness, played.result.outcome) == (liveness, Outcome.ATTACK_SUSPECTED)
    assert played.result.modalities[0].attack_score == 0.9 and played.presence == []
    assert "picture of a face; " in played.result.detail


@pytest.fixture
def recordings(kiosk: New) -> list[list[Frame]]:
    return [kiosk().sees(obedient).run(number).frames for number in (101, 102)]


@pytest.mark.parametrize("number", range(6))
def test_replayed_frozen_and_spliced_frames_never_match(kiosk: New, recordings: list[list[Frame]], number: int) -> None:
    one, other = recordings
    half = len(one) // 2
    for frames in (one, [one[half]], one[:half] + other[half:], one[number:] + one[:number]):
        played = kiosk().plays(frames).run(number)
        assert played.result.outcome is Outcome.ATTACK_SUSPECTED
        assert played.result.liveness is Liveness.FAILED and played.presence == []


def test_a_session_replayed_against_its_own_seed_is_known_by_its_noise(kiosk: New) -> None:
    """Even movements that fit are not believed when pictures come again."""
    frames = kiosk().sees(obedient).run(7).frames
    stuttering = [frame for pair in zip(frames, frames, strict=True) for frame in pair]
    played = kiosk().plays(stuttering).run(7)
    assert played.result.outcome is Outcome.ATTACK_SUSPECTED and "FROZEN" in played.result.detail


def test_frames_of_another_camera_are_a_suspected_attack(kiosk: New) -> None:
    played = kiosk().sees(obedient, named="virtual:camera").run()
    assert played.result.outcome is Outcome.ATTACK_SUSPECTED and "OTHER_DEVICE" in played.result.detail


@pytest.mark.parametrize("look", [obedient, still, empty])
def test_a_session_that_runs_out_passes_nobody(kiosk: New, look: Look) -> None:
    played = kiosk().sees(look).run(expires_in=2_000)
    assert (played.result.liveness, played.result.outcome) == (Liveness.NOT_PERFORMED, Outcome.INCONCLUSIVE)


def test_who_is_never_seen_alone_for_long_enough_is_no_suspected_attack(kiosk: New) -> None:
    """Somebody walks about behind: nothing is proved, and nobody is accused."""

    def crowded(screen: str, since_ms: int) -> tuple[int, Any]:
        return (CROWD if screen == "LOOK_STRAIGHT" and since_ms // 200 % 2 else ALICE), NEUTRAL

    one = kiosk().sees(crowded)
    result = one.run().result
    assert (result.liveness, result.outcome) == (Liveness.NOT_PERFORMED, Outcome.INCONCLUSIVE)
    assert "seen alone" in result.detail
    assert "SEVERAL_FACES" in [words for _, words in one.display.shown]


def test_who_is_joined_in_the_middle_is_told_so_and_not_to_answer_sooner(kiosk: New) -> None:
    def joined(screen: str, since_ms: int) -> tuple[int, Any]:
        return (CROWD if screen in Action.__members__ else ALICE), NEUTRAL

    one = kiosk().sees(joined)
    assert one.run().result.outcome is Outcome.ATTACK_SUSPECTED
    said = [words for _, words in one.display.shown]
    assert "SEVERAL_FACES" in said and "NO_ANSWER" not in said


def test_nobody_before_the_camera_is_no_attack(kiosk: New) -> None:
    played = kiosk().sees(empty).run()
    assert (played.result.liveness, played.result.outcome) == (Liveness.NOT_PERFORMED, Outcome.INCONCLUSIVE)
    assert played.asked == []


def test_a_camera_too_slow_to_see_movements_is_a_fault(kiosk: New) -> None:
    played = kiosk().sees(obedient, frame_ms=1_000).run()
    assert (played.result.liveness, played.result.outcome) == (Liveness.NOT_PERFORMED, Outcome.FAULT)
    assert "too slow" in played.result.detail


def test_a_camera_unplugged_in_the_middle_is_a_fault(kiosk: New) -> None:
    def pulled(screen: str, since_ms: int) -> tuple[int, Any]:
        if screen in Action.__members__:
            raise RoadError("the camera is gone: plug it in again")
        return ALICE, NEUTRAL

    played = kiosk().sees(pulled).run()
    assert played.result.outcome is Outcome.FAULT and "plug it in" in played.result.detail


def test_one_person_answers_and_another_is_compared(kiosk: New) -> None:
    def swapped(screen: str, since_ms: int) -> tuple[int, Any]:
        doing = obedient(screen, since_ms)[1]
        return (BORIS if screen in Action.__members__ or screen == "LOOK_STRAIGHT" else ALICE), doing

    assert kiosk().sees(swapped).run().result.outcome is Outcome.ATTACK_SUSPECTED

    def afterwards(screen: str, since_ms: int) -> tuple[int, Any]:
        doing = obedient(screen, since_ms)[1]
        return (ALICE if screen == "KEEP_STILL" else BORIS), doing

    played = kiosk().sees(afterwards).run()
    assert played.result.outcome is Outcome.ATTACK_SUSPECTED
    assert "did not stay in view" in played.result.detail


def test_another_person_after_the_match_voids_it_for_good(kiosk: New) -> None:
    looks = 0

    def leaves(screen: str, since_ms: int) -> tuple[int, Any]:
        nonlocal looks
        looks += screen == "WAIT_FOR_OFFICER"
        person, doing = obedient(screen, since_ms)
        return (BORIS if 2 <= looks <= 3 else person), doing

    one = kiosk().sees(leaves)
    one.reports = 6
    played = one.run()
    assert played.result.outcome is Outcome.MATCH
    same = [each.same_track for each in played.presence]
    assert same[0] and not any(same[-3:])  # Alice came back, and it is still void


def test_an_excused_face_is_not_asked_and_nothing_passes_without_liveness(kiosk: New) -> None:
    excused = RecordedException(modality=Modality.FACE, reason="dressing", officer="s.patel")
    played = kiosk().sees(obedient).run(exceptions=(excused,))
    assert (played.result.liveness, played.result.outcome) == (Liveness.NOT_PERFORMED, Outcome.INCONCLUSIVE)
    assert played.frames == [] and played.asked == []
    assert played.result.detail == "nobody was shown to be alive"


def test_an_excused_finger_stays_excused_when_nobody_was_alive(kiosk: New) -> None:
    excused = RecordedException(modality=Modality.FINGER, reason="dressing", officer="s.patel")
    finger = kiosk().sees(wrong).run(exceptions=(excused,)).result.modalities[1]
    assert (finger.outcome, finger.exception) == (ModalityOutcome.EXCEPTION, "dressing")


def test_the_development_policy_takes_photographs_for_a_camera(kiosk: New) -> None:
    played = kiosk().sees(still).run(required=False)
    assert (played.result.liveness, played.result.outcome) == (Liveness.NOT_PERFORMED, Outcome.MATCH)
    assert played.asked == []


def test_each_thing_asked_stands_in_the_step_that_shows_the_picture(kiosk: New) -> None:
    one = kiosk().sees(obedient)
    one.run()
    assert all(step is Step.FACE for step, words in one.display.shown if words in Action.__members__)
