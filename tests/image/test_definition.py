"""The image's definition agrees with itself and with the rest of the product."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from sallyport_kiosk.configuration import load_configuration
from sallyport_kiosk.drivers.cameras import make_camera
from sallyport_kiosk.drivers.locks import make_lock_line
from sallyport_kiosk.drivers.sensors import make_sensor
from sallyport_kiosk.drivers.speech import ENGINE
from sallyport_protocol.documents import Profile

SCREEN_PORT = 8081
BROKER_PORT = 8883
PINNED = re.compile(r"^([a-z0-9.-]+)==(\S+)")
ROOT = Path(__file__).resolve().parents[2]


def read_lock(path: Path) -> dict[tuple[str, str], set[str]]:
    """Digests by name and version."""
    locked: dict[tuple[str, str], set[str]] = {}
    for line in path.read_text().splitlines():
        if found := PINNED.match(line):
            digests = locked.setdefault((found[1], found[2]), set())
        elif "--hash=" in line:
            digests.add(line.strip().rstrip(" \\"))
    return locked


def test_the_kiosk_runs_what_was_tested(image: Path) -> None:
    kiosk, tested = read_lock(image / "kiosk.lock"), read_lock(ROOT / "requirements" / "dev.lock")
    assert len(kiosk) > 30
    for pinned, digests in kiosk.items():
        assert digests, pinned
        assert digests <= tested.get(pinned, set()), f"{pinned} differs from requirements/dev.lock: `make image-lock`"


def test_the_page_is_where_the_browser_looks(image: Path) -> None:
    unit = image / "root/etc/systemd/system"
    assert f"SocketBindAllow=ipv4:tcp:{SCREEN_PORT}" in (unit / "sallyport-kiosk.service").read_text()
    assert f"http://127.0.0.1:{SCREEN_PORT}/" in (unit / "sallyport-screen.service").read_text()
    policy = json.loads((image / "root/etc/chromium/policies/managed/sallyport.json").read_text())
    assert policy["URLBlocklist"] == ["*"]
    assert policy["URLAllowlist"] == [f"http://127.0.0.1:{SCREEN_PORT}"]


def test_the_kiosk_may_go_to_the_broker_alone(image: Path) -> None:
    rules = (image / "root/etc/nftables.conf").read_text()
    assert re.findall(r'skuid "sallyport-kiosk" (.*)', rules) == ["tcp dport $broker accept"]
    assert f"define broker = {BROKER_PORT}\n" in rules
    assert rules.count("policy drop;") == 3
    assert "sallyport-screen" not in rules


def test_the_firewall_is_well_formed(image: Path, tmp_path: Path) -> None:
    nft = shutil.which("nft") or shutil.which("/usr/sbin/nft")
    if nft is None:
        pytest.skip("nft is absent (Debian: apt-get install nftables)")
    known_users = tmp_path / "nftables.conf"  # the kiosk's users exist on the kiosk only
    known_users.write_text(re.sub(r'skuid "[^"]+"', "skuid 0", (image / "root/etc/nftables.conf").read_text()))
    checked = subprocess.run(
        [nft, "--check", "--file", str(known_users)], capture_output=True, text=True, timeout=30, check=False
    )
    if "Operation not permitted" in checked.stderr:
        pytest.skip("nft may not be used here (it needs CAP_NET_ADMIN)")
    assert checked.returncode == 0, checked.stderr


def test_time_is_believed_only_when_it_is_authenticated(image: Path) -> None:
    lines = (image / "root/etc/chrony/chrony.conf").read_text().splitlines()
    sources = [each for each in lines if each.startswith(("server", "pool", "peer"))]
    assert len(sources) >= 3
    assert all(each.endswith(" nts") for each in sources)
    assert "authselectmode require" in lines


def test_the_screen_can_speak(image: Path) -> None:
    packages = {line.split("#")[0].strip() for line in (image / "packages.list").read_text().splitlines()}
    assert {ENGINE, "speech-dispatcher-espeak-ng"} <= packages
    unit = (image / "root/etc/systemd/system/sallyport-screen.service").read_text()
    assert "--enable-speech-dispatcher " in unit and "DeviceAllow=char-alsa rw\n" in unit


def test_nobody_can_log_in(image: Path) -> None:
    finish = (image / "finish").read_text()
    for unit in ("getty.target", "getty@.service", "serial-getty@.service", "autovt@.service", "debug-shell.service"):
        assert unit in finish
    assert "usermod --lock --shell /usr/sbin/nologin root" in finish
    packages = (image / "packages.list").read_text()
    assert not re.search(r"^(openssh|dropbear|login|agetty|sudo)", packages, re.MULTILINE)


def test_the_production_configuration_is_whole_and_absolute(image: Path) -> None:
    configuration = load_configuration(image / "root/usr/share/sallyport/kiosk.toml")
    file = configuration.file
    assert file.profile is Profile.PRODUCTION
    assert (file.broker.port, file.screen.port, file.screen.host) == (BROKER_PORT, SCREEN_PORT, "127.0.0.1")
    assert not file.identity.signer.startswith("file:"), "a key in a file is for development"
    identity = [file.identity.certificate, file.identity.key, file.identity.password_file]
    readable = [*identity, *file.trust.to_map().values(), *file.documents.to_map().values()]
    assert all(each.startswith("/etc/sallyport/") for each in readable)
    assert (file.store.outbox, file.store.models) == ("/var/lib/sallyport/outbox", "/usr/share/sallyport/models")
    for make, uri in ((make_camera, file.devices.camera), (make_sensor, file.devices.sensor)):
        make(uri)
    make_lock_line(file.devices.lock)


def test_the_board_has_the_serial_lines_that_the_configuration_names(image: Path) -> None:
    """UART 0 is /dev/ttyAMA0 on a Pi 5, UART 2 is /dev/ttyAMA2; the harness goes to their pins."""
    board = (image / "root/boot/config.txt").read_text()
    devices = load_configuration(image / "root/usr/share/sallyport/kiosk.toml").file.devices
    cables = tomllib.loads((ROOT / "hardware/harness/cables.toml").read_text())["cables"]
    for uri, switch, cable, pins in (
        (devices.lock, "dtparam=uart0=on", "kiosk", ("GPIO15", "GPIO14")),
        (devices.sensor, "dtoverlay=uart2-pi5", "sensor", ("GPIO5", "GPIO4")),
    ):
        number = re.findall(r"ttyAMA(\d)", uri)
        assert number == re.findall(r"uart(\d)", switch)
        assert switch in board.splitlines()
        assert all(any(pin in end for end in cables[cable]["to"]) for pin in pins)


def test_the_kernel_starts_with_a_read_only_root_and_usb_refused(image: Path) -> None:
    words = (image / "root/boot/cmdline.txt").read_text().split()
    assert "ro" in words
    assert "rootfstype=squashfs" in words
    assert "usbcore.authorized_default=0" in words


@pytest.mark.parametrize("script", ["build", "finish", "selftest"])
def test_the_scripts_are_sound(image: Path, script: str) -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is absent (Debian: apt-get install shellcheck)")
    checked = subprocess.run(
        ["shellcheck", str(image / script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert checked.returncode == 0, checked.stdout
