"""`sallyport-models evaluate fingerprint`, whole, on the three public samples."""

import json
import os
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sallyport_models.__main__ import app
from sallyport_models.evaluate import fingerprint

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = ROOT / "var/samples"
STORE = ROOT / (os.environ.get("SALLYPORT_MODELS") or "var/models")


@pytest.fixture
def prints(tmp_path: Path) -> Path:
    if not (STORE / "leader.onnx").is_file() or not (SAMPLES / "finger-a-1.png").is_file():
        pytest.skip("model or samples are missing: run `sallyport-models fetch` and `sallyport-models samples`")
    for sensor in ("one", "two"):
        (tmp_path / sensor).mkdir()
        for sample, name in (("finger-a-1", "a_1"), ("finger-a-2", "a_2"), ("finger-b-1", "b_1")):
            shutil.copy(SAMPLES / f"{sample}.png", tmp_path / sensor / f"{name}.png")
    return tmp_path


def test_one_object_for_each_set_and_pooled(prints: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    det = tmp_path / "det.png"
    arguments = [
        "evaluate",
        "fingerprint",
        str(prints),
        "--json",
        "--processes",
        "1",
        "--store",
        str(STORE),
        "--det",
        str(det),
    ]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert set(report) == {"one", "two", "pooled"}
    for name, row in report.items():
        pairs = 2 if name == "pooled" else 1
        assert (row["genuine"], row["impostor"]) == (pairs, 2 * pairs)
        assert row["eer"] == row["fnmr_at_fmr_1e-2"] == row["fnmr_at_fmr_1e-3"] == row["fnmr_at_fmr_1e-4"] == 0.0
        assert row["failure_to_enrol"] == 0.0
        assert row["times"]["extract_ms_median"] > 0
    assert det.stat().st_size > 1_000
    capsys.readouterr()
    fingerprint.show(report)
    shown = capsys.readouterr().out
    assert "pooled" in shown
    assert "EER" in shown
