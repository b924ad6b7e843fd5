"""`audit standing` and `audit reconcile`: what they say, and with which exit code."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from sallyport_gateway.__main__ import app
from sallyport_gateway.audit import log
from sallyport_gateway.audit.heads import Heads
from sallyport_gateway.audit.witness import FileWitness
from sallyport_gateway.configuration import load_configuration
from sallyport_gateway.store import Store
from sallyport_provisioning.estate import Estate

GATEWAY = "gateway-1"


def run(*args: str) -> Result:
    return CliRunner().invoke(app, ["audit", *args])


@pytest.fixture
def behind(own_estate: Estate) -> str:
    """A gateway whose witness has seen more than its store; the path of its configuration."""
    configuration = load_configuration(own_estate.gateway_config)
    place = Path(configuration.witness)
    place.mkdir()
    for entries in (5, 3):
        for old in configuration.home.glob("*.db*"):
            old.unlink()
        with Store(configuration.store_url) as store:
            for at in range(entries):
                store.write_now(lambda conn, at=at: log.append(conn, GATEWAY, "test", {}, at))  # type: ignore[misc]
            keeper = Heads(store, GATEWAY, own_estate.signer(GATEWAY), FileWitness(place), lambda: 1)
            keeper.advance()
    return str(own_estate.gateway_config)


def test_a_store_behind_its_witness(behind: str) -> None:
    told = run("standing", "--config", behind, "--json")
    assert told.exit_code == 1
    found = json.loads(told.stdout)
    assert (found["size"], found["grants"]) == (3, False)
    assert found["witnessed"].startswith("gateway-1 5 ")
    assert "grants NOTHING" in run("standing", "--config", behind).stdout


def test_a_store_that_may_grant(own_estate: Estate) -> None:
    configuration = load_configuration(own_estate.gateway_config)
    Path(configuration.witness).mkdir()
    with Store(configuration.store_url):
        pass
    told = run("standing", "--config", str(own_estate.gateway_config))
    assert told.exit_code == 0 and "may grant" in told.stdout
    officers = own_estate.root / "officers"
    both = ["--officer", str(officers / "j.hughes"), "--officer", str(officers / "d.morgan"), "--why", "w", "--yes"]
    nothing = run("reconcile", "--config", str(own_estate.gateway_config), *both)
    assert nothing.exit_code == 1 and "nothing to settle" in nothing.output


def test_it_takes_two_keys_and_a_running_gateway(behind: str, own_estate: Estate) -> None:
    officers = own_estate.root / "officers"
    one = ["--officer", str(officers / "j.hughes"), "--why", "disk failed", "--yes"]
    assert "two officers" in run("reconcile", "--config", behind, *one).output
    away = run("reconcile", "--config", behind, *one, "--officer", str(officers / "d.morgan"))
    assert away.exit_code == 2 and "start this gateway first" in away.output
    lost = run("reconcile", "--config", behind, *one, "--officer", str(officers / "nobody"))
    assert lost.exit_code == 2 and "folder of an officer's key" in lost.output


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    assert run("standing", "--config", str(tmp_path / "none.toml")).exit_code == 2
