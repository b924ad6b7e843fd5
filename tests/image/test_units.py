"""The units of the kiosk's image: how much of the machine each can reach."""

import re
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest

from sallyport_kiosk import parameters

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


def test_the_watchdog_is_the_main_loops_and_longer_than_the_loop_ever_waits(units: Path) -> None:
    """The only unit that claims one is the one whose program feeds it (`drivers/service_manager.py`)."""
    claims = {unit.name: unit.read_text() for unit in units.glob("*.service") if "WatchdogSec" in unit.read_text()}
    assert list(claims) == ["sallyport-kiosk.service"]
    words = claims["sallyport-kiosk.service"]
    assert "Type=notify\n" in words and "Restart=on-failure\n" in words
    (seconds,) = re.findall(r"^WatchdogSec=(\d+)$", words, re.MULTILINE)
    assert 2 * parameters.END_WAIT_S < int(seconds) < 60


def test_no_kiosk_serves_before_its_acceptance_test_has_passed(units: Path) -> None:
    kiosk, selftest = ((units / name).read_text() for name in OURS)
    assert re.search(r"^Requires=.*sallyport-selftest\.service", kiosk, re.MULTILINE)
    assert re.search(r"^After=.*sallyport-selftest\.service", kiosk, re.MULTILINE)
    (passed,) = re.findall(r"^ConditionPathExists=!(.*)$", selftest, re.MULTILINE)
    assert f"ExecStartPost=/usr/bin/touch {passed}\n" in selftest, "only a test that exits 0 is not run again"


def test_the_browser_reaches_this_machine_only(units: Path) -> None:
    words = (units / "sallyport-screen.service").read_text().splitlines()
    assert "IPAddressDeny=any" in words
    assert [each for each in words if each.startswith("IPAddressAllow=")] == ["IPAddressAllow=localhost"]


def test_the_target_starts_every_unit(units: Path) -> None:
    read = RawConfigParser(strict=False)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read(units / "sallyport.target")
    assert set(read["Unit"]["Wants"].split()) == {each.name for each in units.glob("*.service")}
