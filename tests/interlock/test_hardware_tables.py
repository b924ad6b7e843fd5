"""The tables of hardware/ hold together: rows name tests that exist, the bill has the schematic's parts."""

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HARDWARE = ROOT / "hardware"
ROWS = tomllib.loads((HARDWARE / "failure-modes.toml").read_text())["row"]
PARTS = tomllib.loads((HARDWARE / "bom.toml").read_text())["part"]


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r['part']}: {r['mode']}")
def test_each_failure_mode_names_its_test(row: dict[str, Any]) -> None:
    assert 1 <= row["severity"] <= 4
    if row["test"].startswith("on site"):
        step = re.search(r"commissioning step (\d+)", row["test"])
        assert step
        assert f"\n{step[1]}. " in (HARDWARE / "commissioning.md").read_text()
        assert row["severity"] < 4, "what may open a door is tested here"
        return
    path, _, name = row["test"].partition("::")
    functions = [n.name for n in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(n, ast.FunctionDef)]
    assert name in functions


def test_the_bill_has_every_part_of_the_schematic() -> None:
    schematic = (HARDWARE / "schematic/interlock.py").read_text()
    for part in PARTS:
        assert part["quantity"] >= 1
        low, high = part["price"]
        assert 0 < low < high
        assert part["sources"]
        assert (f'"{part["value"]}"' in schematic) == part["schematic"], part["name"]
    values = set(re.findall(r'value="([^"]+)"', schematic)) - {"12 V in", "strike", "kiosk", "free_out"}
    passive = {v for v in values if re.fullmatch(r"[0-9.]+[kunR]?", v)}
    assert values - passive <= {p["value"] for p in PARTS}
