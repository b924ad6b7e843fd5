"""What `make hardware` makes, into var/hardware: harness drawings, netlist and rule check, enclosure STL and picture.

python hardware/make.py OUT_DIRECTORY; each missing tool is named with how to get it, and the exit code is then 1.
"""

import shutil
import struct
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

HERE = Path(__file__).parent


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def harness(pins: dict[str, dict[str, dict[str, object]]], cables: dict[str, dict[str, object]]) -> dict[str, object]:
    """The harness in WireViz's words: a connector on the board and at the far end for each cable."""
    connectors: dict[str, object] = {}
    wires: dict[str, object] = {}
    joins: list[object] = []

    def run(name: str, near: list[str], far: list[str], end: str, cable: dict[str, object]) -> None:
        connectors[f"J {name}"] = {"type": "Interlock board terminal", "subtype": "5.08 mm", "pinlabels": near}
        connectors[end] = {"pinlabels": far}
        wires[name] = {key: cable[key] for key in ("length", "gauge", "shield") if key in cable}
        wires[name] |= {"colors": cable["colours"], "wirecount": len(near)}  # type: ignore[operator]
        all_of = list(range(1, len(near) + 1))
        joins.append([{f"J {name}": all_of}, {name: all_of}, {end: all_of}])

    for name, cable in cables["cables"].items():
        run(name, cable["from"], cable["to"], cable["far"], cable)  # type: ignore[index, arg-type]
    contact = cables["contacts"]
    for name, pin in pins["inputs"].items():
        run(name, [f"GP{pin['gpio']} {name}", "GND"], ["1", "2"], contact["far"][name], contact)  # type: ignore[index]
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
    say("schematic: " + (done.stdout.strip().splitlines() or [done.stderr])[-1])
    return done.returncode == 0


def build_enclosure(out: Path) -> bool:
    if not shutil.which("openscad"):
        say("enclosure: OpenSCAD is missing: apt-get install openscad")
        return False
    good = True
    for part in ("kiosk", "box"):
        stl = out / f"{part}.stl"
        options = ["-o", str(stl), "-D", f'part="{part}"', str(HERE / "enclosure/kiosk.scad")]
        done = subprocess.run(["openscad", *options], capture_output=True, text=True, check=False)
        if done.returncode:
            say("enclosure: " + done.stderr)
            good = False
            continue
        picture(stl, out / f"{part}.png")
        say(f"enclosure: {stl.name}, {part}.png")
    return good


def triangles(stl: Path) -> list[list[tuple[float, float, float]]]:
    """The triangles of an ASCII or binary STL file, in mm."""
    raw = stl.read_bytes()
    if raw[:5] == b"solid":
        points = [tuple(map(float, line.split()[1:])) for line in raw.decode().splitlines() if "vertex" in line]
    else:
        count = struct.unpack("<I", raw[80:84])[0]
        points = []
        for n in range(count):
            values = struct.unpack("<12f", raw[84 + 50 * n : 132 + 50 * n])
            points += [values[3:6], values[6:9], values[9:12]]
    return [points[i : i + 3] for i in range(0, len(points), 3)]  # type: ignore[misc]


def picture(stl: Path, png: Path, wide: int = 900) -> None:
    """A shaded view from the front, the left and above; nearer faces hide farther ones pixel by pixel."""
    import numpy as np
    from matplotlib import image

    faces = np.array(triangles(stl))
    turn, tilt = np.radians(28), np.radians(15)
    around = np.array([[np.cos(turn), np.sin(turn), 0], [-np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    over = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    seen = faces @ around.T @ over.T  # x right, y away, z up
    low, high = seen.reshape(-1, 3).min(0), seen.reshape(-1, 3).max(0)
    scale = wide / max(high[0] - low[0], (high[2] - low[2]) / 1.6)
    size = ((high - low) * scale).astype(int) + 1
    depth, shade = np.full((size[2], size[0]), np.inf), np.full((size[2], size[0]), 1.0)
    normal = np.cross(seen[:, 1] - seen[:, 0], seen[:, 2] - seen[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    light = 0.35 + 0.6 * np.abs(normal @ np.array([0.35, -0.7, 0.6]) / 0.99)
    for face, bright in zip((seen - low) * scale, light, strict=True):
        _paint(face, float(bright), depth, shade)
    image.imsave(png, shade[::-1], cmap="gray", vmin=0, vmax=1)


def _paint(face: "NDArray[float64]", bright: float, depth: "NDArray[float64]", shade: "NDArray[float64]") -> None:
    """One triangle (x right, y away, z up; pixels) into the picture."""
    import numpy as np

    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = face
    area = (bz - cz) * (ax - cx) + (cx - bx) * (az - cz)
    if abs(area) < 1e-9:
        return
    left, right = int(min(ax, bx, cx)), int(max(ax, bx, cx)) + 1
    bottom, top = int(min(az, bz, cz)), int(max(az, bz, cz)) + 1
    z, x = np.mgrid[bottom:top, left:right] + 0.5
    a = ((bz - cz) * (x - cx) + (cx - bx) * (z - cz)) / area
    b = ((cz - az) * (x - cx) + (ax - cx) * (z - cz)) / area
    away = a * ay + b * by + (1 - a - b) * cy
    there = depth[bottom:top, left:right]
    inside = (a >= -1e-6) & (b >= -1e-6) & (a + b <= 1 + 1e-6) & (away < there)
    there[inside] = away[inside]
    shade[bottom:top, left:right][inside] = bright


def main() -> None:
    out = Path(sys.argv[1]).resolve()
    out.mkdir(parents=True, exist_ok=True)
    good = [draw_harness(out), check_schematic(out), build_enclosure(out)]
    say(f"made in {sys.argv[1]}")
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
