"""The wheel has what a kiosk and a provisioner need beside the packages: the source tree is not there then."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product's own wheel, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "from hatchling.build import build_wheel; import sys; print(build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", build, str(folder)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    with zipfile.ZipFile(folder / done.stdout.split()[-1]) as wheel:
        wheel.extractall(folder / "site")
    return folder / "site"


def test_it_approves_what_the_source_tree_approves(installed: Path) -> None:
    """Models, data, kiosk's build and interlock's firmware: the same digests from a wheel as from the tree."""
    code = "from sallyport_provisioning.approved import approved_now; print(approved_now())"
    told = [
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONPATH": path}, capture_output=True, text=True, check=True
        )
        for path in (str(installed), "")
    ]
    assert told[0].stdout == told[1].stdout
    assert "firmware=(b" in told[0].stdout
