"""Paper returns the screen's light evenly, a head by its slopes, a display as it pleases: how bright never matters."""

import re
from pathlib import Path

import numpy as np
import pytest

from sallyport_biometrics.face.flash import Flash, lights
from sallyport_biometrics.face.relief import PAGE, SHOWN, SIDE, WILDEST, Cells, cells_of, unevenness
from sallyport_biometrics.face.words import Mesh

SHARES = (0.02, 0.1, 0.4)
"""Of a face's light that the white screen adds: a bright room, a lit one, a dim one."""


def seen_by(share: float, kind: str, noise: float = 0.002) -> tuple[list[Flash], list[tuple[float, Cells]]]:
    """Eight colours of 600 ms, ten frames a second, on a face of light and dark parts."""
    random = np.random.default_rng(3)
    own = random.uniform(0.03, 0.4, (SIDE, SIDE, 1)) * np.array([0.7, 0.85, 1.0])
    slopes = 1 + 0.35 * np.cos(np.linspace(-1.5, 1.5, SIDE))[None, :, None]
    mirror = np.where(np.arange(SIDE) < SIDE // 2, 0.0, 0.25)[:, None, None]
    flashes = [Flash(light, 600.0 * at) for at, light in enumerate(lights(bytes(16), 8))]
    frames: list[tuple[float, Cells]] = []
    for at in range(0, 4_800, 100):
        colour = np.array(SHOWN[flashes[at // 600].light])
        added = {"paper": own * share, "head": own * share * slopes, "display": mirror * share}[kind] * colour
        drawn = (own + added) * random.uniform(0.97, 1.03) + random.normal(0, noise, own.shape)
        frames.append((float(at), np.asarray(drawn.clip(0, 1), np.float32)))
    return flashes, frames


def measured(share: float, kind: str, noise: float = 0.002) -> float:
    found = unevenness(*seen_by(share, kind, noise))
    assert found is not None
    return found


@pytest.mark.parametrize("share", SHARES)
def test_paper_a_head_and_a_display_are_told_apart_in_any_room(share: float) -> None:
    paper, head, display = (measured(share, kind) for kind in ("paper", "head", "display"))
    assert paper < head < WILDEST < display


def test_noise_adds_nothing() -> None:
    assert measured(0.1, "head", noise=0.004) == pytest.approx(measured(0.1, "head", noise=0.0), abs=0.1)


def test_what_cannot_be_measured_says_nothing() -> None:
    assert unevenness(*seen_by(0.0, "head")) is None, "a room of full sun"
    flashes, frames = seen_by(0.1, "head")
    assert unevenness(flashes, [(at, frames[0][1]) for at, _ in frames]) is None, "a frozen picture"
    assert unevenness(flashes, frames[:12]) is None, "too few frames"
    assert unevenness(flashes[:1], frames) is None, "one colour"
    dark = [(at, np.zeros_like(cells)) for at, cells in frames]
    assert unevenness(flashes, dark) is None


def test_the_parts_are_those_of_the_face() -> None:
    frame = np.zeros((100, 100, 3), np.uint8)
    frame[20:80, 30:70] = 255
    inside = Mesh(np.array([[30.0, 20.0, 0.0], [70.0, 80.0, 0.0]], np.float32), 1.0)
    cells = cells_of(frame, inside)
    assert cells is not None and cells.shape == (SIDE, SIDE, 3) and np.allclose(cells, 1.0)
    assert cells_of(frame, Mesh(np.full((2, 3), 200.0, np.float32), 1.0)) is None


def test_the_colours_are_those_that_the_page_paints() -> None:
    sheet = Path(__file__).parents[3] / "firmware/sallyport_kiosk/screen/static/screen.css"
    painted = dict(re.findall(r'\[data-light="(\w+)"\].*?background: #(\w{6});', sheet.read_text("utf-8")))
    assert painted == {str(light): code for light, code in PAGE.items()}
