"""Nothing leaves the machine: ONNX Runtime, as we load it, numbers no device and tells its maker nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("module", ["sallyport_biometrics.face.network", "sallyport_models.known_answers"])
def test_no_file_is_written_and_no_number_is_made(module: str, tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    places = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", f"import {module}"], env={**clean, **places}, check=True, timeout=120)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
