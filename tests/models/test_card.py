"""Cards: what the manifest and the evaluation records say, with intervals, groups or the words, plots, licence."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sallyport_models import card
from sallyport_models.__main__ import app
from sallyport_models.card import RECORDS, card_of, evaluated, fused_card, write_card
from sallyport_models.evaluate.record import FOLDER, read_record
from sallyport_models.manifest import Manifest

MANIFEST = Manifest.read()


@pytest.mark.parametrize("name", [entry.name for entry in MANIFEST.approved()])
def test_every_approved_model_has_a_whole_card(name: str) -> None:
    text = card_of(MANIFEST.model(name))
    for part in ("**Purpose.**", "| licence |", "| sha256, as loaded |", "| approved by |"):
        assert part in text
    if name in RECORDS:
        for part in ("**Data.**", "95 % interval", "**Per group.** **not shown**", "**Limits.**", "**Calibration.**"):
            assert part in text
        assert f"calibration/{RECORDS[name][1]}.toml" in text and "sha256 of the data" in text
    else:
        assert "**Error rates.** **not shown**" in text


def test_the_kept_records_meet_the_bars_that_they_claim() -> None:
    record = read_record("fused")
    assert record is not None
    figures = record["figures"]
    assert figures["Cllr, bits"] <= 0.05
    assert figures["Cllr, bits"] <= 1.2 * figures["minimum Cllr, bits"]
    assert figures["FNMR at FMR 1e-4, both"][0] <= 0.005
    best = min(figures["FNMR at FMR 1e-4, face alone"], figures["FNMR at FMR 1e-4, finger alone"])
    assert 1 - figures["FNMR at FMR 1e-4, both"][0] / best >= 0.85
    for rate in ("1e-02", "1e-03"):
        assert figures[f"observed at stated {rate} (bound)"] <= float(rate)


def test_no_record_names_a_person() -> None:
    for path in FOLDER.glob("*.json"):
        text = path.read_text()
        assert "_00" not in text, "a face's file name"
        assert set(json.loads(text)) == {
            "form", "command", "data", "figures", "det", "reliability", "limits", "groups", "made_with",
        }  # fmt: skip


def test_groups_are_shown_where_there_are_any() -> None:
    record: dict[str, Any] = {
        "made_with": {}, "data": "d", "command": "c", "figures": {}, "det": {}, "limits": ["none"],
        "groups": [
            {"group": "a", "people": 20, "shown": True, "fmr": 1e-3, "fnmr": 0.01},
            {"group": "b", "people": 4, "shown": False},
        ],
    }  # fmt: skip
    text = "\n".join(evaluated(record, "fused", plots=False))
    assert "| a | 20 | 1.0e-03 | 1.00 % |" in text and "| b | 4 | **not shown** | **not shown** |" in text


def test_a_card_is_written_with_its_plots(tmp_path: Path) -> None:
    written = write_card(tmp_path, "fused", fused_card(plots=True))
    assert [path.name for path in written] == ["fused.md", "fused-det.png", "fused-reliability.png"]
    for path in written[1:]:
        assert path.read_bytes().startswith(b"\x89PNG")
        assert f"({path.name})" in written[0].read_text()


def test_the_cards_in_the_documentation_are_the_command_s(tmp_path: Path) -> None:
    kept = Path(__file__).parents[2] / "docs/models/cards"
    for entry in MANIFEST.approved():
        path = kept / f"{entry.name}.md"
        if path.exists() or entry.name in RECORDS:
            assert path.read_text() == card_of(entry, plots=True), f"run `sallyport-models card {entry.name} --output`"
    assert (kept / "fused.md").read_text() == fused_card(plots=True)


def test_the_command_prints_and_names_what_it_does_not_know() -> None:
    printed = CliRunner().invoke(app, ["card", "fused"])
    assert printed.exit_code == 0 and "Face and finger together" in printed.stdout
    unknown = CliRunner().invoke(app, ["card", "nothing"])
    assert unknown.exit_code != 0 and "approves no model called 'nothing'" in str(unknown.exception)
    assert card.NOT_SHOWN in printed.stdout
