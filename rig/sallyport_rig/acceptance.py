"""Runs `sallyport-kiosk selftest` against a whole simulated lane, here or inside an unpacked image of the kiosk.

`python -m sallyport_rig.acceptance [--root DIR]`: estate, broker, gateway, the shipped interlock firmware and a
fingerprint module on serial lines are those of the demonstration; only the kiosk's service is not running. With --root
the program is the one in that root file system, on its processor (qemu-user), with its own models; needs root.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer

from sallyport_link.program import run_program
from sallyport_protocol import envelope
from sallyport_protocol.errors import RoadError
from sallyport_rig.demonstration.world import World

PLACE: Final = "sallyport/v1/selftest"
IMAGE_MODELS: Final = "/usr/share/sallyport/models"
BAUD: Final = 115_200
"""Of the fingerprint module: the emulator has no 921,600."""
CPUINFO: Final = Path(__file__).parents[2] / "firmware/image/cpuinfo"
"""A Raspberry Pi 5's: an emulator shows this machine's, in which ONNX Runtime for ARM finds no ARM and crashes."""


def accept(
    root: Annotated[Path | None, typer.Option(help="An unpacked root file system of the kiosk's image")] = None,
    folder: Annotated[Path, typer.Option(help="Where estate, logs and the report go")] = Path("run/acceptance"),
    samples: Annotated[Path, typer.Option(help="The public sample images")] = Path("var/samples"),
) -> None:
    """The acceptance test on simulated devices; exit code 1 when anything failed."""
    folder = folder.resolve()
    with World(folder, samples, say=_say, with_kiosk=False) as world:
        world.sensor.module.parameters = replace(world.sensor.module.parameters, baud=BAUD)
        world.present("subject-a-2.jpg", "finger-a-2.png")
        config = world.estate.kiosk_config
        _fit(config, IMAGE_MODELS if root is not None else None)
        report = folder / "selftest.cose"
        arguments = ["selftest", "--config", str(config), "--report", str(report)]
        if root is None:
            code = subprocess.run([sys.executable, "-m", "sallyport_kiosk", *arguments], check=False).returncode
        else:
            code = _inside(root.resolve(), folder, ["/usr/bin/sallyport-kiosk", *arguments])
        content = envelope.verify(report.read_bytes(), PLACE, world.estate.registry().resolve).content
        failed = [each["probe"] for each in content["findings"] if not each["passed"]]
        _say(f"report: signed by {content['kiosk']}, {len(content['findings'])} findings, failed: {failed or 'none'}")
    if root is not None and failed == ["latency"]:
        _say("the emulated processor is too slow to serve, and the test says so; everything else passed")
    elif code or failed:
        raise typer.Exit(1)


def _say(words: str) -> None:
    typer.echo(f"  {words}")


def _fit(config: Path, models: str | None) -> None:
    """The module's rate, and the image's own models."""
    text = config.read_text().replace("baud=921600", f"baud={BAUD}")
    if models is not None:
        line = next(each for each in text.splitlines() if each.startswith("models = "))
        text = text.replace(line, f'models = "{models}"')
    config.chmod(0o600)
    config.write_text(text)


def _inside(root: Path, folder: Path, command: list[str]) -> int:
    """Runs it in the root file system, in a mount name space of its own: nothing stays mounted afterwards."""
    if os.geteuid() != 0:
        raise RoadError("a root file system is entered by root alone: run this with sudo")
    if not (root / "usr/bin/sallyport-kiosk").is_symlink():
        raise RoadError(f"{root} is no root file system of a kiosk; make it by `make image`")
    if not (unshare := shutil.which("unshare")):
        raise RoadError("unshare is missing: apt-get install util-linux")
    (root / folder.relative_to("/")).mkdir(parents=True, exist_ok=True)
    enter = (
        'set -e; root=$1 folder=$2 cpuinfo=$3; shift 3; mount -t proc proc "$root/proc"; '
        'mount --bind "$cpuinfo" "$root/proc/cpuinfo"; mount -t sysfs -o ro sysfs "$root/sys"; '
        'mount --rbind /dev "$root/dev"; mount -t tmpfs tmpfs "$root/run"; mount --bind "$folder" "$root$folder"; '
        'exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin LANG=C.UTF-8 QEMU_CPU=cortex-a76 "$@"'
    )
    told = [
        unshare,
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-c",
        enter,
        "sh",
        str(root),
        str(folder),
        str(CPUINFO),
    ]
    told += command
    return subprocess.run(told, check=False).returncode


if __name__ == "__main__":
    run_program("acceptance", lambda: typer.run(accept))
