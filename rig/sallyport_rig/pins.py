"""`hardware/pins.toml`, the single source of the interlock's pins: read it, and write the board file from it.

`python -m sallyport_rig.pins` writes firmware/interlock/sallyport_interlock/board.py.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from string import Template

ROOT = Path(__file__).parents[2]
PINS = ROOT / "hardware/pins.toml"
BOARD = ROOT / "firmware/interlock/sallyport_interlock/board.py"


@dataclass(frozen=True)
class Output:
    name: str
    gpio: int
    active: str  # "high" or "edge"
    safe: int
    hold_ms: int | None
    meaning: str


@dataclass(frozen=True)
class Input:
    name: str
    gpio: int
    good: int  # level of the good state
    pull: str  # "up" or "down": the level of a cut wire, which is never the good one
    bit: int
    meaning: str


@dataclass(frozen=True)
class Pins:
    uart: dict[str, int]
    watchdog_ms: int
    page_bytes: int
    pages: int
    outputs: dict[str, Output]
    inputs: dict[str, Input]


def read_pins(text: str) -> Pins:
    """The pins of a pins.toml; ValueError if two uses share a pin or a cut wire would read as good."""
    raw = tomllib.loads(text)
    levels = {"low": 0, "high": 1}
    outputs = {
        name: Output(name, o["gpio"], o["active"], levels[o["safe"]], o.get("hold_ms"), o["meaning"])
        for name, o in raw["outputs"].items()
    }
    inputs = {
        name: Input(name, i["gpio"], levels[i["good"]], i["pull"], i["bit"], i["meaning"])
        for name, i in raw["inputs"].items()
    }
    uart = raw["uart"]
    used = [uart["tx"], uart["rx"], *(p.gpio for p in outputs.values()), *(p.gpio for p in inputs.values())]
    if len(set(used)) != len(used):
        raise ValueError(f"pins.toml uses a pin twice: {sorted(used)}")
    for pin in inputs.values():
        if pin.good == (1 if pin.pull == "up" else 0):
            raise ValueError(f"pins.toml: a cut wire on {pin.name} would read as good; turn its pull around")
    if any(o.safe for o in outputs.values()):
        raise ValueError("pins.toml: every output must be safe when low, as a board without power is")
    flash = raw["flash"]
    return Pins(uart, raw["watchdog"]["timeout_ms"], flash["page_bytes"], flash["pages"], outputs, inputs)


def load_pins() -> Pins:
    """The product's pins."""
    return read_pins(PINS.read_text())


def board_file(pins: Pins) -> str:
    """The text of the one firmware file that knows the board."""
    template = Template((ROOT / "hardware/board.py.in").read_text())
    inputs = "".join(
        f"            (Pin({i.gpio}, Pin.IN, Pin.PULL_{i.pull.upper()}), {i.good}, 0x{i.bit:02X}),  # {i.name}\n"
        for i in pins.inputs.values()
    )
    gpio = {f"{name}_gpio": str(o.gpio) for name, o in pins.outputs.items()}
    uart = {f"uart_{name}": str(value) for name, value in pins.uart.items()}
    size = pins.page_bytes * pins.pages
    return template.substitute(inputs=inputs, watchdog_ms=pins.watchdog_ms, flash_bytes=size, **gpio, **uart)


if __name__ == "__main__":
    BOARD.write_text(board_file(load_pins()))
