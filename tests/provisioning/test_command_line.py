"""`sallyport-estate` as people use it: what it prints, its exit codes, one line for each expected failure."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sallyport_provisioning import __main__ as command_line
from sallyport_provisioning.estate import Estate
from sallyport_provisioning.mosquitto import find_mosquitto


class Ran:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Runs one command in this process."""

    def once(*arguments: str | Path) -> Ran:
        monkeypatch.setattr(sys, "argv", ["sallyport-estate", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "160")
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        printed = capsys.readouterr()
        return Ran(int(ended.value.code or 0), printed.out, printed.err)

    return once


def test_dev_makes_and_shows_an_estate_once(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    made = run("dev", tmp_path / "run", "--json", "--broker-port", "28883")
    view = json.loads(made.out)
    assert made.code == 0 and view["broker"] == "localhost:28883" and view["versions"]["registry"] == 1
    assert {"MDI-K01", "MDI-L01", "gateway-1", "broker-1"} <= {row["name"] for row in view["holders"]}
    again = run("dev", tmp_path / "run")
    assert again.code == 1 and again.err.count("\n") == 1 and "--force" in again.err
    assert run("dev", tmp_path / "run", "--force").code == 0


def test_show_is_a_table_and_holds_no_secret(run, estate: Estate) -> None:  # type: ignore[no-untyped-def]
    shown, plain = run("show", estate.root), run("show", estate.root, "--json")
    assert "MDI-K01" in shown.out and "epoch 1" in shown.out and "registry version 1" in shown.out
    keys = json.loads(estate.interlock_keys.read_text())
    assert keys["key_up"] not in plain.out and keys["key_down"] not in plain.out


def test_verify_ends_with_1_when_something_is_wrong(run, own_estate: Estate) -> None:  # type: ignore[no-untyped-def]
    assert run("verify", own_estate.root).code == 0
    (own_estate.root / "kiosk/MDI-K01/policy.cose").unlink()
    found = run("verify", own_estate.root)
    assert found.code == 1 and "BAD" in found.out
    assert [each["good"] for each in json.loads(run("verify", own_estate.root, "--json").out)].count(False) == 1
    applied = run("apply", own_estate.root, "--json")
    assert json.loads(applied.out)["delivered"] == ["kiosk/MDI-K01/policy.cose"]
    assert run("verify", own_estate.root).code == 0


def test_revoke_and_renew_say_what_happened(run, own_estate: Estate) -> None:  # type: ignore[no-untyped-def]
    revoked = run("revoke", own_estate.root, "MDI-K01", "--reason", "stolen")
    assert revoked.code == 0 and "registry version 2" in revoked.out and "SIGHUP" in revoked.out
    assert "REVOKED" in run("show", own_estate.root).out
    assert "renewed: MDI-K01" in run("renew", own_estate.root, "MDI-K01").out
    assert "nobody was due" in run("renew", own_estate.root).out
    assert run("revoke", own_estate.root, "nobody").code == 1


def test_plan_shows_and_changes_nothing(run, own_estate: Estate) -> None:  # type: ignore[no-untyped-def]
    assert (run("plan", own_estate.root).code, run("plan", own_estate.root).out) == (0, "nothing to do\n")
    path = own_estate.root / "estate.toml"
    path.write_text(path.read_text().replace('roles = ["auditor"]', 'roles = ["approver"]'))
    planned = run("plan", own_estate.root)
    assert planned.code == 2 and planned.out == "renew a.lind: roles are now approver\n"
    assert json.loads(run("plan", own_estate.root, "--json").out)[0]["do"] == "renew"
    assert "keys: renew a.lind" in run("apply", own_estate.root).out
    assert run("plan", own_estate.root).code == 0


def test_approve_signs_this_build(run, own_estate: Estate) -> None:  # type: ignore[no-untyped-def]
    assert "model set version 2" in run("approve", own_estate.root).out
    assert "model set version 2" in run("approve", own_estate.root).out


@pytest.mark.parametrize("command", ["show", "verify", "apply", "approve", "renew", "broker"])
def test_no_estate_is_one_clear_line(run, tmp_path: Path, command: str) -> None:  # type: ignore[no-untyped-def]
    failed = run(command, tmp_path)
    assert failed.code == 1 and "holds no estate" in failed.err and failed.err.count("\n") == 1


def test_brackets_in_a_message_are_not_taken_for_style(run, own_estate: Estate) -> None:  # type: ignore[no-untyped-def]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", own_estate.broker_port))
        taken.listen()
        failed = run("broker", own_estate.root)
    assert failed.code == 1 and "under [broker] in estate.toml" in failed.err


@pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is missing: apt-get install mosquitto")
def test_the_broker_runs_until_ctrl_c(own_estate: Estate) -> None:
    command = [sys.executable, "-m", "sallyport_provisioning", "broker", str(own_estate.root)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    try:
        assert process.stdout is not None
        assert b"mutual TLS only" in process.stdout.readline()
        end = time.monotonic() + 10
        while time.monotonic() < end and free(own_estate.broker_port):
            time.sleep(0.05)
        assert not free(own_estate.broker_port)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
        assert process.returncode == 0
        assert free(own_estate.broker_port)
    finally:
        process.kill()
        process.wait()


def free(port: int) -> bool:
    """Nobody listens there. Asked by connecting: binding could take the port from the broker that starts."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
