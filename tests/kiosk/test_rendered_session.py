"""Rendered people before the real networks: who answers matches, and nothing that was recorded does.

Labelled synthetic: one photograph of Subject A moved by its mesh, compared with another photograph of Subject A. It
shows that the product's networks and decisions work together on pictures, not how people move.
"""

import itertools
import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest
from held_picture import HeldPicture
from kiosk_bench import Bench
from rendered_people import House, Played, RememberingPipeline, recompressed

from sallyport_biometrics.face.attack import LIMIT, AttackDetector
from sallyport_biometrics.face.movement import MovementReader
from sallyport_biometrics.face.photograph import enrolled
from sallyport_biometrics.face.pipeline import MODELS, FacePipeline
from sallyport_kiosk import parameters
from sallyport_kiosk.ports import Pixels
from sallyport_models.attack_calibration import read_attack_calibration
from sallyport_protocol.actions import Action, Part
from sallyport_protocol.messages import Liveness, Outcome
from sallyport_protocol.subject import Modality, Needs, Reference
from sallyport_provisioning.estate import Estate
from sallyport_rig.moving_face import MovingFace

ROOT = Path(__file__).parents[2]
STORE = ROOT / os.environ.get("SALLYPORT_MODELS", "var/models")
SAMPLES = ROOT / "var/samples"
LFW = Path(os.environ.get("SALLYPORT_DATA", ROOT.parent / "shared" / "data")) / "faces/lfw"
QUICK_MS = 125
"""Between frames: eight a second, to spare time."""
Attack = Callable[[Sequence[Sequence[Pixels]], random.Random], Sequence[Pixels]]


@pytest.fixture(scope="module", autouse=True)
def no_pauses() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parameters, "AGAIN_S", 0.0)
        patch.setattr(parameters, "PRESENCE_MS", 100)
        yield


@pytest.fixture(scope="module")
def house(estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    names = (*MODELS, "face-blendshapes")
    if not all((STORE / f"{name}.onnx").is_file() for name in names) or not (SAMPLES / "subject-a-3.jpg").is_file():
        pytest.skip("models or samples are missing: run `make models`")
    models = {name: (STORE / f"{name}.onnx").read_bytes() for name in names}
    networks = RememberingPipeline(FacePipeline(models), MovementReader(models["face-blendshapes"]))
    template = enrolled(networks.pipeline, (SAMPLES / "subject-a-1.jpg").read_bytes()).to_bytes()
    face = Reference(modality=Modality.FACE, position=0, template=template, captured_on="2026-06-01", record=bytes(32))
    bench = Bench(estate, tmp_path_factory.mktemp("rendered") / "outbox.db")
    yield House(bench, networks, face, AttackDetector({}, read_attack_calibration()))
    bench.close()


def moving(house: House, name: str) -> MovingFace:
    return MovingFace(np.asarray(cv2.imread(str(SAMPLES / f"{name}.jpg")), np.uint8), house.networks.pipeline)


@pytest.fixture(scope="module")
def recorded(house: House) -> tuple[Played, list[Pixels]]:
    """A session of Subject A, and its pictures."""
    return house.live(moving(house, "subject-a-3"), 3, QUICK_MS)


def test_a_rendered_person_who_does_what_is_asked_matches(recorded: tuple[Played, list[Pixels]]) -> None:
    played, _ = recorded
    assert (played.result.liveness, played.result.outcome) == (Liveness.PASSED, Outcome.MATCH), played.result.detail
    assert len(played.asked) == 6, "five, and one for the absent passive networks; the light came back"
    assert [each.same_track for each in played.presence] == [True, True]
    score = played.result.modalities[0].attack_score
    assert score is not None and score < LIMIT, "no sign of a picture of a picture"


# Attacks: what is put in the camera's place, made of the pictures of sessions that matched


def replay(sessions: Sequence[Sequence[Pixels]], chance: random.Random) -> Sequence[Pixels]:
    return chance.choice(sessions)


def shift(sessions: Sequence[Sequence[Pixels]], chance: random.Random) -> Sequence[Pixels]:
    session = chance.choice(sessions)
    at = chance.randrange(1, len(session))
    return [*session[at:], *session[:at]]


def splice(sessions: Sequence[Sequence[Pixels]], chance: random.Random) -> Sequence[Pixels]:
    parts: list[Pixels] = []
    while len(parts) < 300:
        session = chance.choice(sessions)
        at = chance.randrange(len(session) - 12)
        parts += session[at : at + chance.randrange(8, 40)]
    return parts


def freeze(sessions: Sequence[Sequence[Pixels]], chance: random.Random) -> Sequence[Pixels]:
    return [chance.choice(chance.choice(sessions))]


def loop(sessions: Sequence[Sequence[Pixels]], chance: random.Random) -> Sequence[Pixels]:
    session = chance.choice(sessions)
    at = chance.randrange(len(session) - 30)
    return session[at : at + chance.randrange(6, 30)]


def faster(sessions: Sequence[Sequence[Pixels]], chance: random.Random) -> Sequence[Pixels]:
    return chance.choice(sessions)[:: chance.choice((2, 3))]


def slower(sessions: Sequence[Sequence[Pixels]], chance: random.Random) -> Sequence[Pixels]:
    return [picture for picture in chance.choice(sessions) for _ in range(2)]


def backwards(sessions: Sequence[Sequence[Pixels]], chance: random.Random) -> Sequence[Pixels]:
    return chance.choice(sessions)[::-1]


ATTACKS: tuple[Attack, ...] = (replay, shift, splice, freeze, loop, faster, slower, backwards)


def never_a_match(played: Played) -> None:
    """The challenge failed, or the frames are not believed: an attack is suspected, nobody is compared."""
    result = played.result
    assert (result.liveness, result.outcome) == (Liveness.FAILED, Outcome.ATTACK_SUSPECTED), (result, played.asked)
    assert played.presence == [] and result.fused_fmr is None


@pytest.mark.parametrize("attack", [replay, splice, freeze, slower])
def test_pictures_of_an_earlier_session_never_match(
    house: House, recorded: tuple[Played, list[Pixels]], attack: Attack
) -> None:
    never_a_match(house.put_in(attack([recorded[1]], random.Random(1)), 100, QUICK_MS))


def test_pictures_of_another_camera_are_a_suspected_attack(house: House, recorded: tuple[Played, list[Pixels]]) -> None:
    """Even the pictures of a session that matched, against the same seed, in the same order, at the same moments."""
    played = house.put_in(recorded[1], 3, QUICK_MS, named="virtual:camera")
    assert played.result.outcome is Outcome.ATTACK_SUSPECTED and "OTHER_DEVICE" in played.result.detail


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_of_a_thousand_replayed_frozen_and_spliced_sessions_none_matches(house: House) -> None:
    face, chance, attacked, genuine, suspected = moving(house, "subject-a-3"), random.Random(5), 0, 0, 0
    for group in range(4):
        sessions = []
        for number in range(3 * group, 3 * group + 3):
            played, pictures = house.live(face, number)
            if played.result.outcome is Outcome.MATCH:
                sessions.append(pictures)
        genuine += len(sessions)
        sessions.append(recompressed(sessions[0], 85))
        for attack in range(250):
            result = house.put_in(ATTACKS[attack % len(ATTACKS)](sessions, chance), 1_000 + attacked).result
            assert result.outcome in (Outcome.ATTACK_SUSPECTED, Outcome.INCONCLUSIVE), result
            assert result.liveness is not Liveness.PASSED and result.fused_fmr is None, result
            suspected += result.outcome is Outcome.ATTACK_SUSPECTED
            attacked += 1
        house.networks.forget()
    assert attacked == 1_000
    assert suspected >= 980, "only a still in which no face can be used is asked nothing, and comes to nothing"
    assert genuine >= 11, "of twelve sessions of a person who answers"


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_another_rendered_person_passes_the_challenge_and_does_not_match(house: House) -> None:
    face = moving(house, "subject-b-1")
    for number in range(4):
        result = house.live(face, number)[0].result
        assert (result.liveness, result.outcome) == (Liveness.PASSED, Outcome.NON_MATCH)
        house.networks.forget()


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_rendered_people_of_a_public_set_answer_and_match(house: House) -> None:
    """Ten people of LFW who look into the camera at rest, each compared with another photograph."""
    if not LFW.is_dir():
        pytest.skip(f"{LFW} is not here; set SALLYPORT_DATA")
    outcomes = []
    for number, (first, second) in enumerate(itertools.islice(at_rest(house), 10)):
        analysis = house.networks.pipeline.analyse(second)
        assert analysis.face is not None
        template = house.networks.pipeline.template([(house.networks.pipeline.embed(second, analysis.face), 1.0)])
        enrolled_face = house.face.model_copy(update={"template": template.to_bytes()})
        person = MovingFace(first, house.networks.pipeline)
        outcomes.append(replace(house, face=enrolled_face).live(person, number, QUICK_MS)[0].result.outcome)
        house.networks.forget()
    assert outcomes.count(Outcome.MATCH) >= 8, outcomes


def at_rest(house: House) -> Iterator[tuple[Pixels, Pixels]]:
    """Two photographs each of people of whom the first is neutral enough to smile and to close the eyes from."""
    pictures = sorted(LFW.glob("*_0001.jpg"))
    random.Random(3).shuffle(pictures)
    for path in pictures:
        other = path.with_name(path.name.replace("_0001", "_0002"))
        if not other.is_file():
            continue
        first, second = (np.asarray(cv2.imread(str(each)), np.uint8) for each in (path, other))
        found = house.networks.pipeline.analyse(first)
        if found.mesh is None or found.quality is None or house.networks.pipeline.analyse(second).face is None:
            continue
        seen = house.networks.movements.read(first, found.mesh, found.quality.pose)
        level = abs(found.quality.pose.yaw) < 12 and abs(found.quality.pose.pitch) < 12
        if level and seen.smile < 0.35 and seen.blink < 0.25 and found.quality.mouth_open < 0.15:
            yield first, second


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_what_a_person_cannot_do_is_not_asked(house: House) -> None:
    """A person who cannot close the eyes or look up, needs longer, and must see no changing light."""
    unable = (Action.CLOSE_EYES, Action.LOOK_UP)
    needs = Needs(unable=unable, slow=True, no_light=True, covered=(Part.EYES,))
    played, _ = house.live(moving(house, "subject-a-3"), 2, expires_in=480_000, needs=needs)
    assert played.result.outcome is Outcome.MATCH, played.result.detail
    assert len(played.asked) == 8 + 2 + 1 + 1, "three actions need eight; slow, no passive networks, no light"
    assert not set(unable) & set(played.asked)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("tilting", [1.7, 2.2])
def test_a_flat_picture_that_is_turned_and_leaned_never_matches(house: House, tilting: float) -> None:
    """Not even where only turning and looking up are asked, because the person can do nothing else."""
    picture = HeldPicture(moving(house, "subject-a-3"), tilting)
    turning = Needs(unable=(Action.CLOSE_EYES, Action.SMILE), slow=False, no_light=False, covered=())
    for number in range(4):
        needs = {"needs": turning} if number % 2 else {}
        played, _ = house.live(cast(MovingFace, picture), number, QUICK_MS, expires_in=480_000, **needs)
        assert played.result.outcome is Outcome.ATTACK_SUSPECTED, played.result
        house.networks.forget()
