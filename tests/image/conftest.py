"""Where the image's definition is."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def image() -> Path:
    return Path(__file__).resolve().parents[2] / "firmware" / "image"


@pytest.fixture(scope="session")
def units(image: Path) -> Path:
    return image / "root" / "etc" / "systemd" / "system"
