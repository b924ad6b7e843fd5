"""Finds Eclipse Mosquitto 2, or installs Debian's package where this account may."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from sallyport_protocol.errors import RoadError

OLDEST: Final = (2, 0)
_PLACES: Final = ("/usr/sbin", "/usr/local/sbin", "/sbin")
_ADVICE: Final = "install it with `sudo apt-get install mosquitto` (Debian or Ubuntu; version 2 or later)"
_PATIENCE_S: Final = 300


def ensure_mosquitto() -> Path:
    """The broker's program, installed when it is missing. Raises RoadError that says in one line what to do."""
    found = find_mosquitto()
    if found is None:
        _install()
        found = find_mosquitto()
    if found is None:
        raise RoadError(f"Mosquitto is still missing after its installation: {_ADVICE}")
    version = version_of(found)
    if version < OLDEST:
        text = ".".join(str(part) for part in version)
        raise RoadError(f"{found} is Mosquitto {text}, too old for Sallyport: {_ADVICE}")
    return found


def find_mosquitto() -> Path | None:
    """From PATH, else from where Debian puts it (often not on a user's PATH)."""
    search = os.pathsep.join([os.environ.get("PATH", ""), *_PLACES])
    found = shutil.which("mosquitto", path=search)
    return Path(found) if found else None


def version_of(program: Path) -> tuple[int, ...]:
    """(major, minor, patch). Raises RoadError when the program does not say."""
    try:
        told = subprocess.run([program, "-h"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RoadError(f"{program} does not run ({error}): {_ADVICE}") from error
    match = re.search(r"mosquitto version (\d+)\.(\d+)\.(\d+)", told)
    if match is None:
        raise RoadError(f"{program} does not say its version: {_ADVICE}")
    return tuple(int(part) for part in match.groups())


def _install() -> None:
    """Raises RoadError when this account may not, or when the installation fails."""
    get = shutil.which("apt-get")
    rights = _rights()
    if get is None or rights is None:
        raise RoadError(f"Mosquitto is not installed and this account may not install it: {_ADVICE}")
    install = [*rights, get, "install", "--yes", "--no-install-recommends", "mosquitto"]
    done = _run(install)
    if done.returncode != 0:  # the package lists may be missing or old
        _run([*rights, get, "update"])
        done = _run(install)
    if done.returncode == 0:
        return
    last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    raise RoadError(f"Mosquitto could not be installed ({last}): {_ADVICE}")


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE_S, env=environment, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RoadError(f"Mosquitto could not be installed ({error}): {_ADVICE}") from error


def _rights() -> list[str] | None:
    """What to put before a command that needs root: nothing for root, sudo where it asks no password, else None."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    return None
