"""What `make hardware` makes, into var/hardware: harness, circuit with rule check, enclosure, each with its pictures.

python hardware/make.py OUT_DIRECTORY; each missing tool is named with how to get it, and the exit code is then 1.
"""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
PICTURES = {"kiosk": {"column": 0.85, "glass": 0.3, "sensor": 0.3}, "box": {"box": 0.85, "lid": 0.95}}
"""Picture -> the drawing's parts in it, each with its tone."""


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def harness(pins: dict[str, dict[str, dict[str, object]]], cables: dict[str, dict[str, object]]) -> dict[str, object]:
    """The harness in WireViz's words: for each cable a connector at its near end (mostly the board) and its far end."""
    connectors: dict[str, object] = {}
    wires: dict[str, object] = {}
    joins: list[object] = []

    def run(name: str, near: list[str], far: list[str], end: str, cable: dict[str, object]) -> None:
        here = str(cable.get("near", f"J {name}"))
        connectors[here] = {"pinlabels": near}
        if "near" not in cable:
            connectors[here] = {"type": "Interlock board terminal", "subtype": "5.08 mm", "pinlabels": near}
        there = end if end not in connectors else f"{end} ({name})"
        connectors[there] = {"pinlabels": far}
        wires[name] = {key: cable[key] for key in ("length", "gauge", "shield") if key in cable}
        wires[name] |= {"colors": cable["colours"], "wirecount": len(near)}  # type: ignore[operator]
        all_of = list(range(1, len(near) + 1))
        joins.append([{here: all_of}, {name: all_of}, {there: all_of}])

    for name, cable in cables["cables"].items():
        run(name, cable["from"], cable["to"], cable["far"], cable)  # type: ignore[index, arg-type]
    contact = cables["contacts"]
    for name, pin in pins["inputs"].items():
        far = contact["terminals"][name]  # type: ignore[index]
        run(name, [f"GP{pin['gpio']} {name}", "GND"], far, contact["far"][name], contact)  # type: ignore[index]
    return {"connectors": connectors, "cables": wires, "connections": joins}


def draw_harness(out: Path) -> bool:
    import yaml

    if not shutil.which("dot"):
        say("harness: Graphviz is missing: apt-get install graphviz")
        return False
    pins = tomllib.loads((HERE / "pins.toml").read_text())
    cables = tomllib.loads((HERE / "harness/cables.toml").read_text())
    source = out / "harness.yml"
    source.write_text(yaml.safe_dump(harness(pins, cables), sort_keys=False))
    wireviz = str(Path(sys.executable).parent / "wireviz")
    done = subprocess.run(
        [wireviz, str(source), "-f", "pst", "-o", str(out)], capture_output=True, text=True, check=False
    )
    say("harness: harness.svg, harness.png, harness.bom.tsv" if done.returncode == 0 else "harness: " + done.stderr)
    return done.returncode == 0


def check_schematic(out: Path) -> bool:
    command = [sys.executable, str(HERE / "schematic/interlock.py"), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=out)
    say("circuit: " + (done.stdout.strip().splitlines() or [done.stderr])[-1])
    if done.returncode or not shutil.which("dot"):
        return False
    drawn = [
        subprocess.run(
            ["dot", f"-T{kind}", "interlock.dot", "-o", f"interlock.{kind}"], check=False, cwd=out
        ).returncode
        for kind in ("svg", "png")
    ]
    say("circuit: interlock.svg, interlock.png" if not any(drawn) else "circuit: Graphviz could not draw it")
    return not any(drawn)


def build_enclosure(out: Path) -> bool:
    if not shutil.which("openscad"):
        say("enclosure: OpenSCAD is missing: apt-get install openscad")
        return False
    from elevation import draw_elevation
    from picture import picture

    draw_elevation(out / "elevation.png")
    for name, parts in PICTURES.items():
        made = {part: out / f"{part}.stl" for part in (name, *parts)}
        for part, stl in made.items():
            options = ["-o", str(stl), "-D", f'part="{part}"', str(HERE / "enclosure/kiosk.scad")]
            done = subprocess.run(["openscad", *options], capture_output=True, text=True, check=False)
            if done.returncode:
                say("enclosure: " + done.stderr)
                return False
        picture([(made[part], tone) for part, tone in parts.items()], out / f"{name}.png")
        say(f"enclosure: {', '.join(stl.name for stl in made.values())}, {name}.png")
    say("enclosure: elevation.png")
    return True


def main() -> None:
    out = Path(sys.argv[1]).resolve()
    out.mkdir(parents=True, exist_ok=True)
    good = [draw_harness(out), check_schematic(out), build_enclosure(out)]
    say(f"made in {sys.argv[1]}")
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
