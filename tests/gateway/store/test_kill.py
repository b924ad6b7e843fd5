"""kill -9 in the middle of group commits: nothing that was acknowledged is lost, and the log stays whole."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from sallyport_gateway.audit import log, verify
from sallyport_gateway.audit.verify import FaultKind
from sallyport_gateway.store import Store

WRITER = Path(__file__).with_name("acknowledger.py")


def _killed_after(database: str, seconds: float) -> list[int]:
    """Indices that a writer had acknowledged when it was killed."""
    process = subprocess.Popen([sys.executable, str(WRITER), database], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(seconds)
    process.kill()
    rest = process.stdout.read().split("\n")
    process.wait()
    process.stdout.close()
    return [int(line) for line in (first.strip(), *rest[:-1]) if line]


def _killed_again_and_again(database: str, times: list[float]) -> None:
    for seconds in times:
        acknowledged = _killed_after(database, seconds)
        assert len(acknowledged) > 20
        with Store(database) as store:
            size = store.read_now(lambda conn: log.size(conn, "gateway-1"))
            assert max(acknowledged) < size
            report = store.read_now(lambda conn: verify.verify(conn, "gateway-1", []))
            assert {fault.kind for fault in report.faults} == {FaultKind.NO_HEAD}
            assert report.size == size


def test_nothing_acknowledged_is_lost(database: str) -> None:
    _killed_again_and_again(database, [0.1])


@pytest.mark.long
def test_nothing_acknowledged_is_lost_at_length(database: str) -> None:
    _killed_again_and_again(database, [0.01 * number**1.5 for number in range(1, 13)])
