"""The interlock board's schematic in SKiDL: makes the netlist and runs the electrical rule check.

python hardware/schematic/interlock.py OUT_DIRECTORY; pins come from pins.toml; exits 1 on any error or warning.
Every part's value is a part number or value of bom.toml.
"""

import builtins
import itertools
import os
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

os.environ.update({f"KICAD{n}_SYMBOL_DIR": "" for n in ("", 6, 7, 8, 9, 10)})
import skidl
from skidl import ERC, KICAD8, POWER, SKIDL, TEMPLATE, Net, Part, Pin, generate_netlist

PINS = tomllib.loads((Path(__file__).parents[1] / "pins.toml").read_text())
T = Pin.types
TAGS = itertools.count(1)  # a tag for each part, the same in every run


def kind(ref: str, footprint: str, pins: str) -> Callable[[str], Part]:
    """A kind of part. `pins` is "number:name:type ...": p passive, i input, o output, w power in, W power out."""
    types = {"p": T.PASSIVE, "i": T.INPUT, "o": T.OUTPUT, "w": T.PWRIN, "W": T.PWROUT}
    made = [Pin(num=n, name=name, func=types[t]) for n, name, t in (pin.split(":") for pin in pins.split())]
    template = Part(
        name=ref, tool=SKIDL, dest=TEMPLATE, ref_prefix=ref, footprint=footprint, pins=made, tag=ref + footprint
    )
    return lambda value: template(value=value, tag=str(next(TAGS)))


R = kind("R", "Resistor_SMD:R_0603_1608Metric", "1:1:p 2:2:p")
C = kind("C", "Capacitor_SMD:C_0603_1608Metric", "1:1:p 2:2:p")
TVS = kind("D", "Diode_SMD:D_SOD-323", "1:K:p 2:A:p")
SCHOTTKY = kind("D", "Diode_SMD:D_SMA", "1:K:p 2:A:p")
FUSE = kind("F", "Fuse:Fuse_1812_4532Metric", "1:1:p 2:2:p")
MOSFET = kind("Q", "Package_TO_SOT_SMD:SOT-23", "1:G:i 2:S:p 3:D:p")
TERMINAL = {
    n: kind("J", f"TerminalBlock:TerminalBlock_1x{n:02d}_P5.08mm", " ".join(f"{i}:{i}:p" for i in range(1, n + 1)))
    for n in (2, 3, 4)
}
PICO = kind(
    "U",
    "Module:RaspberryPi_Pico_SMD",
    "39:VSYS:w 36:3V3:W 38:GND:w 1:GP0:o 2:GP1:i 4:GP2:o 5:GP3:o 6:GP4:o 9:GP6:i 10:GP7:i 11:GP8:i 12:GP9:i",
)
MONOSTABLE = kind("U", "Package_SO:TSSOP-8_3x3mm_P0.65mm", "1:A:i 2:B:i 3:CLR:i 4:GND:w 5:Q:o 6:CX:p 7:RXCX:p 8:VCC:w")
AND = kind("U", "Package_TO_SOT_SMD:SOT-23-5", "1:A:i 2:B:i 3:GND:w 4:Y:o 5:VCC:w")
ISOLATOR = kind(
    "U", "Package_SO:SOIC-8_3.9x4.9mm_P1.27mm", "1:VCC1:w 2:OUT1:o 3:IN2:i 4:GND1:w 5:GND2:w 6:OUT2:o 7:IN1:i 8:VCC2:w"
)
BUCK = kind("PS", "Converter_DCDC:TSR1-xxxx", "1:VIN:w 2:GND:w 3:VOUT:W")

gnd, v12, v5, vsys, v33 = Net("GND"), Net("12V"), Net("5V"), Net("VSYS"), Net("3V3")
kiosk_3v3, kiosk_gnd = Net("KIOSK_3V3"), Net("KIOSK_GND")
for supplied in (gnd, v12, vsys, kiosk_3v3, kiosk_gnd):
    supplied.drive = POWER


def resistor(value: str, a: Net, b: Net) -> None:
    part = R(value=value)
    part[1] += a
    part[2] += b


def capacitor(value: str, a: Net) -> None:
    part = C(value=value)
    part[1] += a
    part[2] += gnd


def gpio(name: str, section: str) -> str:
    return f"GP{PINS[section][name]['gpio']}"


# Supply: 12 V in, fused and clamped; 5 V for the module, which makes 3.3 V.
supply = TERMINAL[2](value="12 V in")
fuse, clamp, buck, module = (
    FUSE(value="MF-MSMF200"),
    SCHOTTKY(value="SMBJ15A"),
    BUCK(value="TSR 1-2450"),
    PICO(value="SC1631"),
)
unfused = Net("12V_IN")
unfused += supply[1], fuse[1]
fuse[2] += v12
supply[2] += gnd
clamp["K"] += v12
clamp["A"] += gnd
buck["VIN"] += v12
buck["GND"] += gnd
buck["VOUT"] += v5
one_way = SCHOTTKY(value="B5819W")  # a laptop on the module's USB does not feed the converter backwards
one_way["A"] += v5
one_way["K"] += vsys
module["VSYS"] += vsys
module["GND"] += gnd
module["3V3"] += v33
capacitor("22u", v12)
capacitor("100n", v33)

# The strike: enable AND a monostable that each edge of the pump triggers anew. A stopped loop lets it fall.
pump, enable, held, drive = Net("STRIKE_PUMP"), Net("STRIKE_ENABLE"), Net("STRIKE_HELD"), Net("STRIKE_DRIVE")
module[gpio("strike_pump", "outputs")] += pump
module[gpio("strike_enable", "outputs")] += enable
mono, both, switch = MONOSTABLE(value="74LVC1G123DP"), AND(value="74LVC1G08GW"), MOSFET(value="AO3400A")
mono["A"] += gnd
mono["B"] += pump
mono["CLR"] += enable
mono["Q"] += held
mono["GND"] += gnd
mono["VCC"] += v33
timing = Net("HOLD_RC")
resistor("402k", v33, timing)  # x 1 u = 0.4 s, pins.toml hold_ms; with X7R 0.3 to 0.5 s, and S9 has room for 0.6
hold = C(value="1u")
hold[1] += timing
far_plate = Net("HOLD_CX")
far_plate += hold[2], mono["CX"]
mono["RXCX"] += timing
both["A"] += held
both["B"] += enable
both["Y"] += drive
both["GND"] += gnd
both["VCC"] += v33
gate = Net("STRIKE_GATE")
resistor("100R", drive, gate)
for net in (pump, enable, gate):
    resistor("10k", net, gnd)  # low without power, in reset, and with a floating pin
switch["G"] += gate
switch["S"] += gnd
strike, flyback = TERMINAL[2](value="strike"), SCHOTTKY(value="SS34")
strike[1] += v12
low = Net("STRIKE_LOW")
strike[2] += low
switch["D"] += low
flyback["K"] += v12
flyback["A"] += low

# Contacts: a closed loop pulls its pin to good; a cut wire reads as bad. 1 k and 100 n filter 0.1 ms; TVS against ESD.
for name, contact in PINS["inputs"].items():
    field, pin = Net(f"{name.upper()}_FIELD"), Net(name.upper())
    terminal = TERMINAL[2] if contact["good"] == "low" else TERMINAL[3]
    connector, guard = terminal(value=name), TVS(value="PESD5V0S1BA")
    connector[1] += field
    connector[2] += gnd
    if contact["good"] == "high":
        connector[3] += v33  # linked to 1 where the lane has one door
    guard["K"] += field
    guard["A"] += gnd
    resistor("1k", field, pin)
    resistor("10k", pin, v33 if contact["pull"] == "up" else gnd)
    capacitor("100n", pin)
    module[f"GP{contact['gpio']}"] += pin

# To the pair's other board.
free, line = Net("FREE_OUT"), Net("FREE_OUT_FIELD")
module[gpio("free_out", "outputs")] += free
resistor("1k", free, line)
resistor("10k", line, gnd)
out = TERMINAL[2](value="free_out")
out[1] += line
out[2] += gnd

# UART to the kiosk, isolated: the kiosk's fault or surge does not reach the board.
isolator, kiosk = ISOLATOR(value="ISO6721BDR"), TERMINAL[4](value="kiosk")
capacitor("100n", v33)  # beside the isolator, and one on its far side
far_side = C(value="100n")
far_side[1] += kiosk_3v3
far_side[2] += kiosk_gnd
isolator["VCC1"] += v33
isolator["GND1"] += gnd
isolator["VCC2"] += kiosk_3v3
isolator["GND2"] += kiosk_gnd
tx, rx, kiosk_rx, kiosk_tx = Net("BOARD_TX"), Net("BOARD_RX"), Net("KIOSK_RX"), Net("KIOSK_TX")
module[f"GP{PINS['uart']['tx']}"] += tx
module[f"GP{PINS['uart']['rx']}"] += rx
isolator["IN2"] += tx
isolator["OUT2"] += kiosk_rx
isolator["IN1"] += kiosk_tx
isolator["OUT1"] += rx
resistor("10k", rx, v33)
resistor("10k", kiosk_tx, kiosk_3v3)
kiosk[1] += kiosk_3v3
kiosk[2] += kiosk_rx
kiosk[3] += kiosk_tx
kiosk[4] += kiosk_gnd

SUPPLIES = {net.name for net in (gnd, v12, v5, vsys, v33, kiosk_3v3, kiosk_gnd)}
"""Written at the pins instead of drawn."""


def diagram(parts: list[Part]) -> str:
    """The circuit in Graphviz's words, from left to right: contacts, module, outputs.

    A part between a signal and a supply (pull-up, suppressor, filter) is written at its signal; one between two
    supplies (a capacitor) is left out.
    """
    hanging, drawn = _sorted(parts)
    lines = ["graph interlock { rankdir=LR; ranksep=0.45; nodesep=0.14; node [fontname=Helvetica fontsize=10];"]
    lines.append("edge [color=gray30 headport=w tailport=e];")
    for net, notes in hanging.items():
        words = "<br/>".join([f'<font color="blue4">{net}</font>', *notes])
        lines.append(f'"{net}" [shape=plain label=<{words}>];')
    for part in drawn:
        lines.append(f"{part.ref} [shape=plain label=<{_table(part)}>];")
        lines += [_edge(part, pin) for pin in _wired(part) if pin.nets[0].name not in SUPPLIES]
    return "\n".join([*lines, "}"])


def _wired(part: Part) -> list[Pin]:
    return [pin for pin in part.pins if pin.nets]


def _sorted(parts: list[Part]) -> tuple[dict[str, list[str]], list[Part]]:
    """What hangs at each signal, in words, and the parts to draw."""
    hanging: dict[str, list[str]] = {}
    drawn = []
    for part in parts:
        nets = [pin.nets[0].name for pin in _wired(part)]
        signals = [net for net in nets if net not in SUPPLIES]
        for net in signals:
            hanging.setdefault(net, [])
        if part.ref[0] in "RCD" and (len(signals) == 1 or "GND" in nets or "KIOSK_GND" in nets):
            for net in signals:
                supply = next(each for each in nets if each in SUPPLIES)
                hanging[net].append(f"{part.ref} {part.value} to {supply}")
        else:
            drawn.append(part)
    return hanging, drawn


def _table(part: Part) -> str:
    rows = "".join(_row(pin) for pin in _wired(part))
    head = f'<tr><td colspan="2" bgcolor="gray90"><b>{part.ref}</b> {part.value}</td></tr>'
    return f'<table border="0" cellborder="1" cellspacing="0" cellpadding="3">{head}{rows}</table>'


def _row(pin: Pin) -> str:
    name, net = pin.name if pin.name != pin.num else "", pin.nets[0].name
    supply = f'<font color="red4">{net}</font>' if net in SUPPLIES else " "
    return f'<tr><td align="left" port="p{pin.num}">{pin.num} {name}</td><td port="q{pin.num}">{supply}</td></tr>'


def _edge(part: Part, pin: Pin) -> str:
    """Towards the right: from what drives a signal to what hears it; a series part's first pin is its left."""
    net = pin.nets[0].name
    contact = part.ref[0] == "J" and (part.value in PINS["inputs"] or net == "KIOSK_TX" or part.value == "12 V in")
    drives = pin.func == T.OUTPUT or contact or (part.ref[0] == "Q" and pin.name == "D")
    drives = drives or (part.ref[0] in "RCF" and pin.num == "2")
    return f'{part.ref}:q{pin.num} -- "{net}";' if drives else f'"{net}" -- {part.ref}:p{pin.num};'


if __name__ == "__main__":
    out_directory = Path(sys.argv[1])
    out_directory.mkdir(parents=True, exist_ok=True)
    os.chdir(out_directory)
    ERC()
    generate_netlist(tool=KICAD8, file_="interlock.net")
    found = skidl.erc_logger.error.count + skidl.erc_logger.warning.count
    circuit = builtins.default_circuit  # SKiDL keeps it there
    Path("interlock.dot").write_text(diagram(circuit.parts))
    sys.stdout.write(f"interlock.net: {len(circuit.parts)} parts, {len(circuit.nets)} nets, ")
    sys.stdout.write(f"electrical rule check: {found} errors and warnings\n")
    sys.exit(1 if found else 0)
