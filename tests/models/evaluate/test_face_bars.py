"""The product's accuracy on the public faces, when the data and the models are here. Takes minutes."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sallyport_biometrics.face.pipeline import MODELS
from sallyport_models.__main__ import app
from sallyport_models.evaluate import face

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("SALLYPORT_DATA", ROOT.parent / "shared" / "data")) / "faces"
STORE = ROOT / os.environ.get("SALLYPORT_MODELS", "var/models")


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_the_bars_hold_on_folds_1_to_5() -> None:
    if not DATA.exists():
        pytest.skip(f"{DATA} is not here; set SALLYPORT_DATA")
    if not all((STORE / f"{name}.onnx").exists() for name in MODELS):
        pytest.skip(f"{STORE} lacks a model; run `sallyport-models fetch`")
    assert face.app.registered_commands  # the import brings the command
    pairs = str(DATA / "lfw_pairs_folds_1_to_5.txt")
    arguments = [
        "evaluate",
        "face",
        str(DATA / "lfw"),
        "--pairs",
        pairs,
        "--folds",
        "5",
        "--json",
        "--store",
        str(STORE),
    ]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["accuracy"] >= 0.993
    assert figures["fnmr_at_fmr_1e-4"] <= 0.03
    assert figures["fnmr_at_fmr_1e-5"] <= 0.06
    assert figures["failure_to_acquire"] <= 0.005
