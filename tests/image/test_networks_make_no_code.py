"""`MemoryDenyWriteExecute=yes` in the kiosk's unit: every network runs in a process that cannot make code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import ctypes, mmap, sys
REFUSE = 65  # PR_SET_MDWE with PR_MDWE_REFUSE_EXEC_GAIN, Linux 6.3
if ctypes.CDLL(None).prctl(REFUSE, 1, 0, 0, 0) != 0:
    sys.exit(77)
try:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    sys.exit("memory that is writable and executable was given out")
except PermissionError:
    pass
from pathlib import Path
import cv2
from sallyport_models.known_answers import check_model, read_known_answers
known = read_known_answers()
for each in sorted(Path(sys.argv[1]).glob("*.onnx")):
    check_model(each.stem, each.read_bytes(), known)
    print(each.stem)
"""


def test_every_network_computes_where_no_memory_becomes_executable() -> None:
    store = Path(os.environ.get("SALLYPORT_MODELS", "var/models"))
    stored = sorted(each.stem for each in store.glob("*.onnx"))
    if not stored:
        pytest.skip(f"no models in {store}: run `make models`")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(store)], capture_output=True, text=True, timeout=200, check=False
    )
    if done.returncode == 77:
        pytest.skip("this kernel has no PR_SET_MDWE (Linux 6.3 or later)")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == stored
