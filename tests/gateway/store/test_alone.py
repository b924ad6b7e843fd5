"""One gateway on one SQLite file."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sallyport_gateway.store.alone import hold_alone
from sallyport_protocol.errors import RoadError

HOLDER = """
import sys
from sallyport_gateway.store.alone import hold_alone
held = hold_alone(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_gateway_is_refused_until_the_first_is_gone_however_it_went(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/gateway.db"
    first = subprocess.Popen(
        [sys.executable, "-c", HOLDER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert first.stdout is not None and first.stdout.readline() == "held\n"
        with pytest.raises(RoadError, match=r"Another gateway runs on .*gateway\.db: stop it"):
            hold_alone(url)
        first.send_signal(signal.SIGKILL)
        first.wait(10)
        held = hold_alone(url)
        assert held is not None
        held.close()
    finally:
        first.kill()
        first.communicate()


def test_another_name_for_the_file_is_the_same_file(tmp_path: Path) -> None:
    for folder in ("real", "other"):
        (tmp_path / folder).mkdir()
    real, other = tmp_path / "real/gateway.db", tmp_path / "other/gateway.db"
    real.touch()
    other.symlink_to(real)
    held = hold_alone(f"sqlite:///{real}")
    assert held is not None
    with held, pytest.raises(RoadError, match="Another gateway runs"):
        hold_alone(f"sqlite:///{other}")


def test_a_store_that_may_be_shared_is_not_held() -> None:
    assert hold_alone("postgresql+psycopg://sallyport@/sallyport") is None


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(RoadError, match="give this user write access"):
        hold_alone(f"sqlite:///{tmp_path}/none/gateway.db")
