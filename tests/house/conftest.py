"""One running house for these tests: broker, gateway, kiosk, interlock firmware, simulated devices, on loopback."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sallyport_models.manifest import Manifest
from sallyport_models.store import ModelStore, default_store
from sallyport_provisioning.mosquitto import find_mosquitto

sys.path.insert(0, str(Path(__file__).parent / "simulation"))

if TYPE_CHECKING:
    from visit import Visit

    from sallyport_rig.demonstration.world import World

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "var/samples"


@pytest.fixture(scope="session")
def samples(assets: Path) -> Path:
    """The public sample images; without them, a model or a program the house cannot run."""
    store = ModelStore(default_store(), Manifest.read())
    if not all(store.holds(store.manifest.model(name)) for name in ("leader", "yunet", "sface", "face-mesh")):
        pytest.skip("the models are not fetched: run `make models`")
    if not (SAMPLES / "subject-b-1.jpg").is_file():
        pytest.skip("the sample images are not fetched: run `make models`")
    if find_mosquitto() is None:
        pytest.skip("mosquitto is missing: apt-get install mosquitto")
    if importlib.util.find_spec("micropython_unix") is None:
        pytest.skip("MicroPython is missing (x86-64 Linux only)")
    return SAMPLES


@pytest.fixture(scope="session")
def world(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[World]":
    """The house, with Subject A's release in order. Tests leave it as they found it."""
    from sallyport_rig.demonstration.world import World

    with World(tmp_path_factory.mktemp("house") / "run", samples, say=lambda words: None) as running:
        running.all_in_order()
        yield running


@pytest.fixture
def visit(world: "World") -> "Iterator[Visit]":
    """One prisoner's turn at the running house; afterwards everything is plugged in, running and locked again."""
    from visit import Visit, mend

    mend(world)
    yield Visit(world)
    mend(world)
