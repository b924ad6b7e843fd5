"""What is shipped: named once, made from pins.toml, free of board modules but for one file, and short."""

import ast
import hashlib
import io
import tokenize
from pathlib import Path

import pytest

from sallyport_interlock import identity
from sallyport_rig import pins

ROOT = Path(__file__).parents[2]
FIRMWARE, PROTOCOL = ROOT / "firmware/interlock", ROOT / "protocol"


def code_lines(path: Path) -> int:
    """Lines that hold code: no blank lines, comments or docstrings."""
    text = path.read_text()
    documented = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            documented |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    nothing = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    tokens = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type not in nothing]
    return len({line for t in tokens for line in range(t.start[0], t.end[0] + 1)} - documented)


def test_gate_once_and_wire_are_read_in_one_sitting() -> None:
    read = [FIRMWARE / "sallyport_interlock/gate.py", FIRMWARE / "sallyport_interlock/once.py"]
    read += sorted((PROTOCOL / "sallyport_wire").glob("*.py"))
    assert sum(code_lines(path) for path in read) <= 400


def test_every_shipped_file_is_in_the_digest() -> None:
    firmware = [p.relative_to(FIRMWARE).as_posix() for p in FIRMWARE.rglob("*.py") if p.name != "manifest.py"]
    wire = [p.relative_to(PROTOCOL).as_posix() for p in (PROTOCOL / "sallyport_wire").glob("*.py")]
    assert sorted(identity.FILES) == sorted(firmware + wire)


def test_digest() -> None:
    whole = hashlib.sha256()
    for name in identity.FILES:
        path = PROTOCOL / name if name.startswith("sallyport_wire") else FIRMWARE / name
        whole.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    found = identity.digest(identity.pieces(["/nowhere", str(FIRMWARE), str(PROTOCOL)]))
    assert found == whole.digest()
    assert identity.digest(identity.pieces([str(PROTOCOL)])) != found


def test_only_the_board_file_knows_the_board() -> None:
    for path in [*FIRMWARE.rglob("*.py"), *(PROTOCOL / "sallyport_wire").glob("*.py")]:
        imported = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
        allowed = {"struct", "hashlib", "sys"} | {n for n in imported if n.startswith("sallyport_")}
        if path.name == "board.py":
            allowed |= {"gc", "os", "time", "machine", "rp2"}
        assert imported <= allowed, path.name


def test_the_board_file_is_made_from_the_pins() -> None:
    assert pins.BOARD.read_text() == pins.board_file(pins.load_pins())


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("gpio = 3", "gpio = 2", "twice"),
        ('good = "high"', 'good = "low"', None),
        ('pull = "down"', 'pull = "up"', "cut wire"),
        ('safe = "low"', 'safe = "high"', "safe when low"),
    ],
)
def test_dangerous_pins_are_refused(old: str, new: str, why: str | None) -> None:
    text = pins.PINS.read_text()
    assert old in text
    with pytest.raises(ValueError, match=why or "cut wire"):
        pins.read_pins(text.replace(old, new, 1))


def test_pins_of_contacts_are_the_wires_bits() -> None:
    from sallyport_wire import messages

    bits = {name: pin.bit for name, pin in pins.load_pins().inputs.items()}
    assert bits == {
        "door_closed": messages.DOOR_IS_CLOSED,
        "bolt_locked": messages.BOLT_IS_LOCKED,
        "box_closed": messages.BOX_IS_CLOSED,
        "peer_free": messages.PEER_IS_FREE,
    }
