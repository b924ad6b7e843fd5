"""Programs that cannot start: each says in one line what is wrong and what to do, and ends with exit code 1."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from visit import PATIENCE_S, run_program, until

from sallyport_models.store import default_store
from sallyport_protocol.errors import RoadError
from sallyport_provisioning import mosquitto
from sallyport_provisioning.apply import create_development_estate
from sallyport_provisioning.estate import Estate
from sallyport_rig.demonstration.loopback import free_port
from sallyport_rig.demonstration.world import World

KIOSK, GATEWAY = "sallyport_kiosk", "sallyport_gateway"
DEMONSTRATION, ESTATE = "sallyport_rig.demonstration", "sallyport_provisioning"


@pytest.fixture
def estate(samples: Path, tmp_path: Path) -> Estate:
    """An estate of the real models and this build, on free ports, with nothing running."""
    return create_development_estate(
        tmp_path / "estate",
        broker_port=free_port(),
        gateway_port=free_port(),
        screen_port=free_port(),
        camera=f"folder:{tmp_path}",
        sensor=f"r503:{tmp_path}/sensor",
        lock=f"serial:{tmp_path}/lock",
        models_store=str(default_store().resolve()),
    )


@pytest.fixture
def taken() -> Iterator[socket.socket]:
    """Holds a port, as another program would."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other


def refused(module: str, *arguments: str) -> str:
    code, told = run_program(module, *arguments)
    assert code == 1, told
    return told


def change(config: Path, old: str, new: str) -> None:
    text = config.read_text()
    assert old in text
    config.chmod(0o600)
    config.write_text(text.replace(old, new, 1))


def test_a_model_with_one_flipped_byte(estate: Estate, tmp_path: Path) -> None:
    store = tmp_path / "models"
    shutil.copytree(default_store(), store)
    for path in store.glob("sface*.onnx"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0x01
        path.write_bytes(content)
    change(estate.kiosk_config, str(default_store().resolve()), str(store))
    told = refused(KIOSK, "run", "--config", str(estate.kiosk_config))
    assert "sface.onnx" in told and "delete the file and run `sallyport-models fetch`" in told


def test_a_busy_port_for_the_officers_pages(estate: Estate, taken: socket.socket) -> None:
    busy(estate.gateway_config, estate.description.gateway[0].web_port, taken)
    told = refused(GATEWAY, "run", "--config", str(estate.gateway_config))
    assert f":{taken.getsockname()[1]}" in told and "choose another port" in told


def test_a_busy_port_for_the_prisoners_screen(estate: Estate, taken: socket.socket) -> None:
    busy(estate.kiosk_config, estate.description.kiosk[0].screen_port, taken)
    told = refused(KIOSK, "run", "--config", str(estate.kiosk_config))
    assert f":{taken.getsockname()[1]}" in told and "choose another port" in told


def test_a_busy_port_for_the_broker(estate: Estate) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", estate.broker_port))
        other.listen()
        told = refused(ESTATE, "broker", str(estate.root))
    assert f"port {estate.broker_port}" in told and "stop that program" in told


@pytest.mark.parametrize(("module", "name"), [(KIOSK, "kiosk"), (GATEWAY, "gateway")])
def test_a_missing_configuration(tmp_path: Path, module: str, name: str) -> None:
    assert "--config" in refused(module, "run", "--config", str(tmp_path / f"{name}.toml"))


def test_an_outbox_that_cannot_be_written(estate: Estate, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    outbox = next(line for line in estate.kiosk_config.read_text().splitlines() if line.startswith("outbox"))
    change(estate.kiosk_config, outbox, f'outbox = "{tmp_path}/file/outbox"')
    told = refused(KIOSK, "run", "--config", str(estate.kiosk_config))
    assert f"{tmp_path}/file/outbox" in told and "write access" in told


def test_a_store_that_cannot_be_written(estate: Estate, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    url = next(line for line in estate.gateway_config.read_text().splitlines() if line.startswith("url"))
    change(estate.gateway_config, url, f'url = "sqlite:///{tmp_path}/file/gateway.db"')
    told = refused(GATEWAY, "run", "--config", str(estate.gateway_config))
    assert str(tmp_path / "file") in told


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere: nothing is unwritable for this account")
def test_a_folder_without_the_right_to_write(samples: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    told = refused(DEMONSTRATION, "--folder", str(tmp_path / "run"), "--samples", str(samples))
    assert "make it writable" in told


def test_a_demonstration_under_a_file_or_over_somebody_elses_folder(samples: Path, tmp_path: Path) -> None:
    precious = tmp_path / "thesis.txt"
    precious.write_text("years of work")
    told = refused(DEMONSTRATION, "--folder", str(precious / "run"), "--samples", str(samples))
    assert "name another --folder" in told
    told = refused(DEMONSTRATION, "--folder", str(tmp_path), "--samples", str(samples))
    assert "holds other files" in told and precious.read_text() == "years of work"


def test_a_demonstration_without_its_sample_images(tmp_path: Path) -> None:
    told = refused(DEMONSTRATION, "--folder", str(tmp_path / "run"), "--samples", str(tmp_path))
    assert "run `sallyport-models samples`" in told
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(Path("/dev/video77").exists(), reason="there is a camera with the number 77")
def test_a_demonstration_without_its_webcam(samples: Path, tmp_path: Path) -> None:
    where = ("--folder", str(tmp_path / "run"), "--samples", str(samples))
    told = refused(DEMONSTRATION, *where, "--camera", "77")
    assert "no camera at /dev/video77: plug it in" in told
    assert "begins with one of folder:" in refused(DEMONSTRATION, *where, "--camera", "mirror:1")
    assert not (tmp_path / "run").exists()


def test_no_mosquitto_and_no_right_to_install_it(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mosquitto, "_PLACES", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(RoadError, match="sudo apt-get install mosquitto"),
        World(tmp_path / "run", samples, say=lambda words: None),
    ):
        pass


@pytest.mark.parametrize(("module", "name"), [(KIOSK, "kiosk"), (GATEWAY, "gateway")])
def test_a_missing_broker_is_said_and_waited_for(estate: Estate, tmp_path: Path, module: str, name: str) -> None:
    """Neither ends: the broker may be back in a second. SIGTERM ends them in order."""
    config = estate.kiosk_config if name == "kiosk" else estate.gateway_config
    log = tmp_path / "log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", module, "run", "--config", str(config)]
        program = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, "COLUMNS": "300"})
    try:
        until(lambda: f"{estate.broker_port}" in log.read_text() and "broker" in log.read_text(), "the complaint")
        assert program.poll() is None
        program.send_signal(signal.SIGTERM)
        assert program.wait(PATIENCE_S) == 0, log.read_text()
    finally:
        program.kill()
        program.wait()
    assert "Traceback" not in log.read_text()


def busy(config: Path, port: int, taken: socket.socket) -> None:
    change(config, f"port = {port}", f"port = {taken.getsockname()[1]}")


@pytest.mark.long
def test_a_demonstration_that_is_told_to_end_takes_everything_with_it(samples: Path, tmp_path: Path) -> None:
    folder, log = tmp_path / "run", tmp_path / "log"
    command = [sys.executable, "-m", DEMONSTRATION, "--folder", str(folder), "--samples", str(samples)]
    with log.open("wb") as out:
        program = subprocess.Popen([*command, "--camera", f"folder:{samples}"], stdout=out, stderr=out)
    try:
        until(lambda: "Officer's page" in log.read_text() or program.poll() is not None, "the officer's page")
        assert len(running_in(folder)) >= 3, log.read_text()
        program.send_signal(signal.SIGTERM)
        assert program.wait(PATIENCE_S) == 0, log.read_text()
    finally:
        program.kill()
        program.wait()
    assert running_in(folder) == []
    assert "Traceback" not in log.read_text()


def running_in(folder: Path) -> list[str]:
    """The command lines of the programs that work in this folder: gateway, kiosk, broker."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_text().replace("\0", " ")
            place = f"{words} {(entry / 'cwd').readlink()}"
        except OSError:
            continue  # it has just ended
        if str(folder) in place and DEMONSTRATION not in words:
            found.append(words)
    return found
