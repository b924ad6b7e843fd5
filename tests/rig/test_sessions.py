"""Whole sessions before the real kiosk code: the light is right, the figures add up, and a quick sample is stopped."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest

from sallyport_biometrics.face.flash import Verdict
from sallyport_biometrics.face.photograph import enrolled
from sallyport_biometrics.face.relief import WILDEST
from sallyport_models.manifest import Manifest
from sallyport_models.store import ModelStore
from sallyport_protocol.errors import RoadError
from sallyport_protocol.messages import Liveness, Outcome
from sallyport_protocol.subject import Modality, Reference
from sallyport_rig.moving_face import HEIGHT, WIDTH, Ambient, Bearing, MovingFace
from sallyport_rig.recapture.media import SPECIES as MEDIA
from sallyport_rig.sessions.__main__ import GENUINE, one_session
from sallyport_rig.sessions.instrument import Held, Instrument
from sallyport_rig.sessions.kiosk import Heard, Layer, RigKiosk, rig_kiosk
from sallyport_rig.sessions.lens import SITES, Lens
from sallyport_rig.sessions.light import wildness
from sallyport_rig.sessions.people import Left, Rendered
from sallyport_rig.sessions.report import Tried, report_of
from sallyport_rig.sessions.room import Room
from sallyport_rig.sessions.species import SPECIES, Material, genuine, still_on

ROOT = Path(__file__).parents[2]
STORE = ROOT / os.environ.get("SALLYPORT_MODELS", "var/models")
SAMPLES = ROOT / "var/samples"
ROOM = Room(0.2, (0.0, 0.0), Ambient())
DARK = np.zeros(3)
WHITE = np.ones(3)


def grey() -> np.ndarray:
    picture = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
    picture[:, WIDTH // 2 :] = 180
    return picture


def returned(medium: str, **gloss: tuple[float, float]) -> np.ndarray:
    """Light that the white screen adds, as a share of what is there, on a dark and a light half."""
    made = replace(MEDIA[medium], grain=0.0, pitch=(0.0, 0.0), gloss=(0.0, 0.0), **gloss)
    instrument = Instrument(made, ROOM, grey(), np.random.default_rng(2))
    lit, unlit = (instrument.light(grey(), Held(), colour) for colour in (WHITE, DARK))
    middle = SITES[0] // 2
    share = (lit - unlit)[middle] / unlit[middle]
    return np.array([share[SITES[1] * at // 8].mean() for at in (3, 5)])


def test_paper_returns_the_screens_light_evenly_and_a_display_hardly() -> None:
    paper = returned("print-laser")
    assert paper[0] == pytest.approx(paper[1], rel=0.02) and paper[0] > 0.1
    display = returned("screen-monitor")
    assert (display < 0.25 * paper).all(), "it makes its own light"
    assert display[0] > 3 * display[1], "what it scatters has nothing to do with the picture on it"


def test_the_camera_keeps_its_exposure_and_its_noise_is_new() -> None:
    lens = Lens(np.random.default_rng(1))
    light = np.full((*SITES, 3), 0.2, np.float32)
    first, second, brighter = lens.picture(light), lens.picture(light), lens.picture(2 * light)
    assert first.shape == (HEIGHT, WIDTH, 3) and (first != second).any()
    assert brighter.mean() > first.mean() + 20 and abs(float(first.mean()) - float(second.mean())) < 0.5


def heard(outcome: Outcome, first: Layer | None, *alone: Layer) -> Heard:
    return Heard(outcome, Liveness.FAILED, first, frozenset(alone), Verdict.UNCLEAR, 0.1, False, "", 10.0, 60)


def test_the_figures_add_up() -> None:
    stopped = heard(Outcome.ATTACK_SUSPECTED, Layer.CHALLENGE, Layer.CHALLENGE, Layer.PASSIVE)
    through = heard(Outcome.MATCH, None)
    tried = [Tried(name, GENUINE, through) for name in "abcd"]
    tried += [Tried(name, "print-still", stopped) for name in "abcd"]
    tried += [Tried(name, "wire-puppet", through if name == "a" else stopped) for name in "abcd"]
    report = report_of(tried, Left(3, ("SMILE",)), 0, GENUINE)
    assert (report.bpcer.rate, report.not_matched.rate, report.worst) == (0.0, 0.0, 0.25)
    still = report.species["print-still"]
    assert (still.apcer.count, still.first, still.suspected) == (0, {"challenge": 4}, 4)
    assert still.apcer.interval.high == pytest.approx(1 - 0.025 ** (1 / 4)), "nothing seen: the exact bound"
    assert still.alone == {"light": 0, "challenge": 4, "injection guard": 0, "passive signs": 4, "comparison": 0}
    assert report.species["wire-puppet"].apcer.interval.low < 0.25
    assert "30107-3" in report.not_shown


@pytest.fixture(scope="module")
def kiosk() -> Iterator[RigKiosk]:
    try:
        with rig_kiosk(ModelStore(STORE, Manifest.read())) as made:
            yield made
    except RoadError as error:
        pytest.skip(f"{error}; run `make models`")


@pytest.fixture(scope="module")
def person(kiosk: RigKiosk) -> Rendered:
    if not (SAMPLES / "subject-a-3.jpg").is_file():
        pytest.skip("samples are missing: run `make models`")
    image = np.asarray(cv2.imread(str(SAMPLES / "subject-a-3.jpg")), np.uint8)
    template = enrolled(kiosk.pipeline, (SAMPLES / "subject-a-1.jpg").read_bytes()).to_bytes()
    face = Reference(modality=Modality.FACE, position=0, template=template, captured_on="2026-06-01", record=bytes(32))
    return Rendered("subject-a", MovingFace(image, kiosk.pipeline), face, image, True)


def material(person: Rendered, *recorded: np.ndarray) -> Material:
    return Material(person.face, person.face, recorded, person.photograph, ROOM, 3)


def test_light_falls_on_a_head_by_its_slopes_and_hardly_behind_it(person: Rendered) -> None:
    relief = person.face.relief(Bearing())
    assert relief[HEIGHT // 2, WIDTH // 2] > 0.6 > relief[HEIGHT // 2, WIDTH // 2 + 75] > relief[20, 20]


class Once:
    """Networks that look at the same picture once."""

    def __init__(self, networks: Any) -> None:
        self._networks = networks
        self._known: dict[tuple[Any, ...], Any] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def answer(frame: Any, *more: Any) -> Any:
            key = (name, id(frame), *map(id, more if name == "read" else ()))
            if key not in self._known:
                self._known[key] = frame, getattr(self._networks, name)(frame, *more)
            return self._known[key][1]

        return answer


def test_a_frozen_stream_is_stopped_by_the_challenge_and_by_the_guard(kiosk: RigKiosk, person: Rendered) -> None:
    frame = person.face.frame(Bearing())
    quick: Any = replace(kiosk, pipeline=cast(Any, Once(kiosk.pipeline)), movements=cast(Any, Once(kiosk.movements)))
    found, _ = one_session(quick, "injected-frozen", person, material(person, frame), 1, 1)
    assert (found.outcome, found.first) == (Outcome.ATTACK_SUSPECTED, Layer.CHALLENGE)
    assert {Layer.CHALLENGE, Layer.GUARD} <= found.alone and Layer.COMPARISON not in found.alone


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_head_and_a_display_return_the_light_differently(kiosk: RigKiosk, person: Rendered) -> None:
    for seed in range(3):
        generator = np.random.default_rng(seed)
        head = wildness(kiosk, genuine(material(person), generator), person, seed)
        assert head is not None and head < WILDEST
        for kind in ("screen-phone", "screen-tablet", "screen-monitor"):
            display = wildness(kiosk, still_on(kind)(material(person), generator), person, seed)
            assert display is None or display > WILDEST, kind


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_person_who_answers_matches_and_no_attack_but_one_on_the_wire(kiosk: RigKiosk, person: Rendered) -> None:
    own, recorded = one_session(kiosk, GENUINE, person, material(person), 1, 0)
    assert own.outcome is Outcome.MATCH, own.detail
    for name in ("print-still", "print-moved", "print-eyes", "screen-replay", "screen-order", "injected-replay"):
        found, _ = one_session(kiosk, name, person, material(person, *recorded), 1, 1)
        assert found.outcome is not Outcome.MATCH, name
    assert SPECIES.keys() >= {"screen-puppet", "wire-puppet"}


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_the_command_reports_all_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from typer.testing import CliRunner

    lfw = Path(os.environ.get("SALLYPORT_DATA", ROOT.parent / "shared" / "data")) / "faces/lfw"
    if not lfw.is_dir():
        pytest.skip(f"{lfw} is not here; set SALLYPORT_DATA")
    import typer

    from sallyport_rig.sessions.__main__ import sessions

    app = typer.Typer()
    app.command()(sessions)
    arguments = [str(lfw), "--people", "2", "--each", "1", "--species", "injected-frozen", "--json"]
    ended = CliRunner().invoke(app, [*arguments, "--plot", str(tmp_path / "layers.png"), "--store", str(STORE)])
    assert ended.exit_code == 0, ended.output
    figures = json.loads(ended.stdout)
    assert figures["species"]["injected-frozen"]["apcer"]["count"] == 0 and figures["people"] == 2
    assert (tmp_path / "layers.png").stat().st_size > 1_000
