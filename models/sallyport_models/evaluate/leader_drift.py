"""`sallyport-models evaluate drift DIR`: our export of LEADER against the original, map by map and minutia by minutia.

The original needs Keras, which the product does not: give a Python that has it (`keras`, a light backend such as `jax`,
`opencv-python-headless` and `pyfing` 0.7.3). Without one the command says so and ends well.
"""

import subprocess
import tempfile
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from sallyport_biometrics.finger.minutiae import MinutiaeNetwork, peaks
from sallyport_models.evaluate import app
from sallyport_models.evaluate.finger_images import find_sets, read_gray
from sallyport_models.manifest import DEFAULT_MANIFEST
from sallyport_models.options import ManifestPath, StorePath, open_store
from sallyport_protocol.errors import RoadError

_SIDE = 32
_ORIGINAL = """
import os, sys
os.environ.setdefault("KERAS_BACKEND", "jax")
import numpy as np
from pyfing.minutiae_end_to_end import Leader
images = np.load(sys.argv[1])
network = Leader().model
maps = {name: np.asarray(network(images[name][None, ..., None], training=False))[0] for name in images}
np.savez(sys.argv[2], **maps)
"""


@app.command("drift")
def evaluate_drift(
    folder: Annotated[Path, typer.Argument(help="FINGER_IMPRESSION.png|tif|bmp, or one folder for each set")],
    python: Annotated[Path | None, typer.Option(help="A Python with keras, a backend and pyfing 0.7.3")] = None,
    count: Annotated[int, typer.Option(help="Images of each set")] = 4,
    store: StorePath = None,
    manifest: ManifestPath = DEFAULT_MANIFEST,
) -> None:
    """Measure how far our export is from the original network: greatest differences, and minutiae that differ."""
    console = Console()
    if python is None:
        console.print("skipped: the original needs Keras; give --python a Python with keras, jax and pyfing 0.7.3")
        return
    chosen = [one.impressions[:: max(1, len(one.impressions) // count)] for one in find_sets(folder)]
    paths = [item.path for impressions in chosen for item in impressions]
    images = {str(index): _whole(read_gray(path)) for index, path in enumerate(paths)}
    original = _original_maps(python, images)
    network = MinutiaeNetwork(open_store(store, manifest).load("leader").bytes)
    worst = np.zeros(3)
    found = differing = 0
    for name, image in images.items():
        position, direction, ending = network.maps(image)
        angle = np.arctan2(direction[1], direction[0])
        ours, theirs = _peaks(position), _peaks(original[name][..., 0])
        found += len(ours | theirs)
        differing += len(ours ^ theirs)
        rows, columns = np.array(sorted(ours & theirs) or [(0, 0)]).T
        turned = np.angle(np.exp(1j * (angle - original[name][..., 1])))[rows, columns]
        typed = (ending - original[name][..., 2])[rows, columns]
        drift = (position - original[name][..., 0], turned, typed)
        worst = np.maximum(worst, [float(np.abs(each).max()) for each in drift])
    console.print(f"{len(images)} images, {found} minutiae, {differing} found by one network only")
    console.print(f"greatest difference: position {worst[0]:.1e}, direction {worst[1]:.1e} rad, type {worst[2]:.1e}")


def _whole(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The image without the rows and columns that would need padding: both networks see the same pixels."""
    height, width = (side // _SIDE * _SIDE for side in image.shape)
    return np.ascontiguousarray(image[:height, :width])


def _original_maps(python: Path, images: dict[str, NDArray[np.uint8]]) -> dict[str, NDArray[np.float32]]:
    """Position, direction, type and suppressed position of the original, [H, W, 4] for each image."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "images.npz", Path(folder) / "maps.npz"
        np.savez(given, **images)  # type: ignore[arg-type]
        command = [str(python), "-c", _ORIGINAL, str(given), str(made)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            last = (result.stderr.strip().splitlines() or ["no message"])[-1]
            raise RoadError(f"{python} could not run the original ({last}); install keras, jax and pyfing there")
        with np.load(made) as maps:
            return {name: maps[name] for name in maps.files}


def _peaks(position: NDArray[np.float32]) -> set[tuple[int, int]]:
    """Rows and columns of the minutiae, as extraction finds them."""
    _, rows, columns = peaks(np.ascontiguousarray(position))
    return {(int(row), int(column)) for row, column in zip(rows, columns, strict=True)}
