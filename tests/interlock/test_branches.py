"""Every branch of the gate and of single use is taken by their own tests, measured on the shipped files."""

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PACKAGE = HERE.parents[1] / "firmware/interlock/sallyport_interlock"


NAMES = ["gate", "once", "watch", "contacts", "journal", "link", "pages"]


def test_every_branch(tmp_path: Path) -> None:
    data, report = tmp_path / "coverage", tmp_path / "coverage.json"
    include = ",".join(f"{PACKAGE / name}.py" for name in NAMES)
    run = [sys.executable, "-m", "coverage", "run", "--branch", f"--data-file={data}", f"--include={include}"]
    options = ["-q", "-c", os.devnull, f"--confcutdir={HERE}", "--import-mode=importlib", "-p", "no:cacheprovider"]
    tests = [str(HERE / f"test_{name}.py") for name in NAMES]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("COV_", "COVERAGE_", "PYTEST_"))}
    whole = [*run, "-m", "pytest", *options, *tests]
    done = subprocess.run(whole, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout
    write = [sys.executable, "-m", "coverage", "json", f"--data-file={data}", "-o", str(report), "-q"]
    subprocess.run(write, check=True)
    files = json.loads(report.read_text())["files"]
    assert len(files) == len(NAMES)
    for path, found in files.items():
        assert found["summary"]["num_branches"] > 0, path
        assert (found["missing_lines"], found["missing_branches"]) == ([], []), path
