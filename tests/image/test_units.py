"""The units of the kiosk's image: how much of the machine each can reach."""

import re
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest

MOST_EXPOSED = 2.0
OURS = ("sallyport-kiosk.service", "sallyport-selftest.service")
LEVEL = re.compile(r"Overall exposure level for \S+: ([0-9.]+)")


def exposure(unit: Path) -> float:
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found = LEVEL.search(said.stdout)
    assert found, said.stdout + said.stderr
    return float(found[1])


@pytest.mark.parametrize("name", OURS)
def test_each_unit_of_ours_is_at_most_slightly_exposed(units: Path, name: str) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is absent (Debian: apt-get install systemd)")
    score = exposure(units / name)
    print(f"{name}: exposure {score}")
    assert score <= MOST_EXPOSED


def test_the_list_of_units_is_whole(units: Path) -> None:
    assert {each.name for each in units.glob("*.service")} == {*OURS, "sallyport-screen.service"}


def test_the_acceptance_test_runs_in_the_sandbox_of_the_kiosk(units: Path) -> None:
    kiosk, selftest = (sandbox(units / name) for name in OURS)
    assert kiosk == selftest


def sandbox(unit: Path) -> list[str]:
    """What follows the first empty line of [Service]: everything that is not how the unit starts and ends."""
    return unit.read_text().partition("\n\nUser=")[2].splitlines()


def test_no_unit_claims_a_watchdog_that_the_program_does_not_ping(units: Path) -> None:
    for unit in units.glob("*.service"):
        assert "WatchdogSec" not in unit.read_text()


def test_the_browser_reaches_this_machine_only(units: Path) -> None:
    words = (units / "sallyport-screen.service").read_text().splitlines()
    assert "IPAddressDeny=any" in words
    assert [each for each in words if each.startswith("IPAddressAllow=")] == ["IPAddressAllow=localhost"]


def test_the_target_starts_every_unit(units: Path) -> None:
    read = RawConfigParser(strict=False)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read(units / "sallyport.target")
    assert set(read["Unit"]["Wants"].split()) == {each.name for each in units.glob("*.service")}
