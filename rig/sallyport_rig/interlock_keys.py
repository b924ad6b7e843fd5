"""A simulated board's interpreter, and its keys, loaded as by cable."""

import importlib.util
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from sallyport_protocol.errors import RoadError
from sallyport_rig.pins import ROOT, load_pins
from sallyport_wire.messages import lane_id

FIRMWARE = ROOT / "firmware/interlock"
SHIM = ROOT / "rig/board_shim"
HEAP = "128k"


@dataclass(frozen=True)
class BoardKeys:
    """What is loaded by cable: key epoch (from 1), lane name, and the two 32-byte keys."""

    epoch: int
    lane: str
    down: bytes
    up: bytes


def interpreter() -> list[str]:
    """The command of the real MicroPython; RoadError when it is not installed."""
    if importlib.util.find_spec("micropython_unix") is None:
        raise RoadError("MicroPython is missing: run `make setup` (x86-64 Linux only)")
    start = "import sys, micropython_unix; sys.exit(micropython_unix.run_main(sys.argv))"
    return [sys.executable, "-c", start, "-X", f"heapsize={HEAP}"]


def environment(flash: Path, **more: str) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", ""),
        "MICROPYPATH": f"{SHIM}:{FIRMWARE}:{ROOT / 'protocol'}",
        "SALLYPORT_FLASH": str(flash),
        **more,
    }


def load_keys(flash: Path, keys: BoardKeys) -> None:
    """Load keys into a board's flash file, which is made when absent; RoadError when the board refuses them."""
    pins = load_pins()
    if not flash.exists():
        flash.write_bytes(b"\xff" * pins.page_bytes * pins.pages)
    words = f"{keys.epoch} {lane_id(keys.lane).hex()} {keys.down.hex()} {keys.up.hex()}\n"
    done = subprocess.run(
        [*interpreter(), str(SHIM / "load_keys.py")],
        input=words,
        capture_output=True,
        text=True,
        env=environment(flash),
        check=False,
    )
    if done.returncode:
        raise RoadError(f"the interlock refused its keys: {done.stdout.strip() or done.stderr.strip()}")
