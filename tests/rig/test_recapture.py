"""The simulator is seeded, keeps colours in order, and works out the moire that explicit sampling gives."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from sallyport_models.manifest import Manifest
from sallyport_models.store import ModelStore, default_store
from sallyport_protocol.errors import RoadError
from sallyport_rig.recapture.__main__ import recapture
from sallyport_rig.recapture.camera import CAMERAS, Light, Picture, expose, linear, transfer
from sallyport_rig.recapture.captures import attack, live
from sallyport_rig.recapture.media import MOSAIC, SPECIES, beat
from sallyport_rig.recapture.scene import Photograph

SAMPLES = Path(__file__).parents[2] / "var" / "samples"


def photograph() -> Photograph:
    """A bright disc on a slope of colours; synthetic."""
    y, x = np.mgrid[0:160, 0:160].astype(float)
    disc = 90.0 * (np.hypot(x - 80, y - 80) < 40)
    picture = np.stack([60 + x / 4, 70 + y / 4 + disc / 2, 80 + disc], axis=2)
    return Photograph(picture.astype(np.uint8), 80.0, 80.0, 80.0)


def other() -> Picture:
    return np.full((120, 160, 3), (90, 60, 30), np.uint8)


@pytest.mark.parametrize("species", sorted(SPECIES))
def test_the_same_seed_gives_the_same_capture(species: str) -> None:
    def taken(seed: int) -> tuple[Picture, Picture]:
        generator = np.random.default_rng(seed)
        bona_fide = live(photograph(), CAMERAS["webcam"], generator)
        return bona_fide, attack(photograph(), SPECIES[species], CAMERAS["webcam"], other(), generator)

    first, again, another = taken(1), taken(1), taken(2)
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not all(np.array_equal(one, two) for one, two in zip(first, another, strict=True))
    assert all(each.dtype == np.uint8 and each.std() > 5 for each in first)


@pytest.mark.parametrize("name", sorted(CAMERAS))
def test_a_camera_keeps_the_order_of_colours(name: str) -> None:
    light: Light = np.empty((96, 96, 3), np.float32)
    light[:] = (0.05, 0.2, 0.5)
    quiet = replace(CAMERAS[name], gain=1.0, flare=0.0)
    blue, green, red = expose(light, quiet, (48, 48), np.random.default_rng(1)).reshape(-1, 3).mean(axis=0)
    assert blue + 30 < green < red - 30


def test_light_and_transfer() -> None:
    assert linear(np.array([[[0, 128, 255]]], np.uint8)).tolist() == [[[0.0, pytest.approx(0.2159, abs=1e-3), 1.0]]]
    falling = [transfer(frequency, CAMERAS["still"]) for frequency in (0.0, 0.3, 0.6, 0.9)]
    assert falling[0] == 1.0 and falling == sorted(falling, reverse=True)


@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize("wave", [(0.47, 0.02), (0.52, 0.03), (1.02, 0.04), (0.03, 0.51), (0.48, 0.49)])
def test_a_beat_is_what_sampling_the_mosaic_gives(channel: int, wave: tuple[float, float]) -> None:
    """A cosine taken at the photosites of one colour, spread over their gaps and averaged to simulated photosites."""
    finer, size = 5, 60
    v, u = np.mgrid[0 : size * finer, 0 : size * finer].astype(float)
    fine = np.cos(2 * np.pi * (wave[0] * u + wave[1] * v))
    column, row = MOSAIC[channel]
    taken = (u % 2 == column) & (v % 2 == row) if channel != 1 else (u + v) % 2 == 1
    mean = cv2.blur(np.where(taken, fine, 0.0), (finer, finer)) / cv2.blur(taken.astype(float), (finer, finer))
    sampled = mean[::finer, ::finer]
    coarse = np.arange(size, dtype=np.float32) * finer
    turns = np.asarray(wave[0] * coarse[None] + wave[1] * coarse[:, None], np.float32)
    slow, left = beat(turns, float(finer), channel)
    worked_out = left * np.cos(2 * np.pi * slow)
    inner = slice(4, -4)
    if left == 0.0:
        assert np.abs(sampled[inner, inner]).std() < 0.25
    else:
        assert np.corrcoef(sampled[inner, inner].ravel(), worked_out[inner, inner].ravel())[0, 1] > 0.9
        assert 0.6 < sampled[inner, inner].std() / worked_out[inner, inner].std() < 1.6


def test_the_command_lays_out_a_folder_for_evaluation(tmp_path: Path) -> None:
    store = ModelStore(default_store(), Manifest.read())
    if not store.holds(store.manifest.model("yunet")) or not (SAMPLES / "subject-b-1.jpg").exists():
        pytest.skip("the models or samples are not fetched: run `sallyport-models fetch` and `samples`")
    (tmp_path / "in").mkdir()
    small = cv2.resize(cv2.imread(str(SAMPLES / "subject-b-1.jpg")), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(tmp_path / "in" / "B_0001.png"), small)
    recapture(tmp_path / "in", tmp_path / "out", lives=1, attacks=2)
    found = sorted(path.relative_to(tmp_path / "out").parts for path in (tmp_path / "out").rglob("*.png"))
    assert [parts[0] for parts in found] == ["attack", "attack", "live"]
    assert all(parts[-1].startswith("B_0001") for parts in found) and {found[0][1], found[1][1]} < set(SPECIES)
    with pytest.raises(RoadError, match="is there already"):
        recapture(tmp_path / "in", tmp_path / "out")
