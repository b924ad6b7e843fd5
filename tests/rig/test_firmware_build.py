"""What goes onto a board, and what the board then says of itself."""

import runpy
from pathlib import Path

import pytest

from sallyport_models.firmware import firmware_digest, shipped
from sallyport_protocol.errors import RoadError
from sallyport_rig import firmware_build
from sallyport_rig.interlock_board import InterlockBoard
from sallyport_rig.interlock_host import InterlockHost
from sallyport_rig.interlock_keys import BoardKeys, interpreter
from sallyport_wire import messages as wire

KEYS = BoardKeys(1, "MDI-LANE-1", bytes(range(1, 33)), bytes(range(101, 133)))


def test_build(tmp_path: Path) -> None:
    rows = firmware_build.build(tmp_path)
    assert [name for name, _, _ in rows] == list(shipped())
    assert sum(compiled for _, _, compiled in rows) < 32_000  # of 4 MB of flash
    assert runpy.run_path(str(tmp_path / "sallyport_build.py"))["DIGEST"] == firmware_digest()
    name = "sallyport_wire/frames.py"
    assert (tmp_path / "source" / name).read_bytes() == shipped()[name].read_bytes()


def test_a_board_states_the_digest_of_its_files(tmp_path: Path) -> None:
    try:
        interpreter()
    except RoadError as error:
        pytest.skip(str(error))
    with InterlockBoard(tmp_path, KEYS) as board, InterlockHost(board.serial_path, KEYS) as host:
        boot = host.hear(wire.BOOT)
    assert boot.digest == firmware_digest()
    assert boot.version == bytes([1, 0, 0])


def test_a_file_that_does_not_compile(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("match x:\n    case 1: pass\n")
    with pytest.raises(RoadError, match="does not compile"):
        firmware_build.compile_file(tmp_path / "bad.py", tmp_path / "bad.mpy")
