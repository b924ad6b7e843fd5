"""Fixtures that more than one part uses."""

import socket
from pathlib import Path

import pytest

from sallyport_provisioning.apply import create_development_estate
from sallyport_provisioning.approved import Approved
from sallyport_provisioning.estate import Estate

APPROVED = Approved({"embedder": b"\x11" * 32, "minutiae": b"\x22" * 32}, (b"\x33" * 32,))
"""Stands for the models and the build where a test does not run them."""


def free_port() -> int:
    """A loopback port that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Estate:
    """A development estate for the whole session: read it, never change it (make your own to change one)."""
    return new_estate(tmp_path_factory.mktemp("estate") / "run")


@pytest.fixture
def own_estate(tmp_path: Path) -> Estate:
    """A development estate of this test alone, free to be changed."""
    return new_estate(tmp_path / "run")


def new_estate(path: Path) -> Estate:
    """One on free ports. Takes about 0.1 s."""
    return create_development_estate(
        path, broker_port=free_port(), gateway_port=free_port(), screen_port=free_port(), approved=APPROVED
    )
