"""The kiosk's folder of in-memory doors on the path; one bench for each test."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sallyport_provisioning.estate import Estate

sys.path.insert(0, str(Path(__file__).parent / "simulation"))

if TYPE_CHECKING:
    from kiosk_bench import Bench


@pytest.fixture
def new_bench(estate: Estate, tmp_path: Path) -> "Iterator[Callable[[], Bench]]":
    """Makes kiosks of one estate, each with its own outbox and doors in memory."""
    from kiosk_bench import Bench

    made: list[Bench] = []

    def make() -> Bench:
        made.append(Bench(estate, tmp_path / f"outbox-{len(made)}.db"))
        return made[-1]

    yield make
    for bench in made:
        bench.close()


@pytest.fixture
def bench(new_bench: "Callable[[], Bench]") -> "Bench":
    """A kiosk that nobody has started yet."""
    return new_bench()
