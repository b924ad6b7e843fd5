"""docs/protocol/wire.md states each field's place as the code has it."""

import re
import struct
from pathlib import Path

import pytest

from sallyport_wire.messages import BOOT, LAYOUTS, STATUS

DOCUMENT = (Path(__file__).parents[2] / "docs/protocol/wire.md").read_text()


@pytest.mark.parametrize("type", sorted(LAYOUTS))
def test_fields_of_each_message(type: int) -> None:
    section = DOCUMENT.split(f"### 0x{BOOT if type == STATUS else type:02X} ")[1].split("###")[0]
    layout, names = LAYOUTS[type]
    assert f"{struct.calcsize(layout)} bytes" in section
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (\w+) \|", section, re.MULTILINE)
    sizes = [struct.calcsize(">" + code) for code in re.findall(r"\d*[sBHIQ]", layout)]
    offsets = [sum(sizes[:i]) for i in range(len(sizes))]
    assert rows == [(str(o), str(s), n) for o, s, n in zip(offsets, sizes, names.split(), strict=True)]
