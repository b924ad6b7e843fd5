"""Plots as files: the same data give the same picture, and a file that cannot be written is said in words."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sallyport_protocol.errors import RoadError


@contextmanager
def figure_at(path: Path, size: tuple[float, float] = (6.0, 6.0), columns: int = 1, dpi: int = 110) -> Iterator[Any]:
    """Axes to draw on (several: an array of them), written to `path` as its suffix says, `size` in inches.

    Raises RoadError when it cannot be written or matplotlib is not installed.
    """
    try:
        import matplotlib as mpl

        mpl.use("Agg")
        from matplotlib import pyplot
    except ImportError as error:
        raise RoadError("matplotlib is not installed; install Sallyport with its models extra") from error
    figure, axes = pyplot.subplots(1, columns, figsize=size)
    try:
        yield axes
        figure.savefig(path, dpi=dpi, bbox_inches="tight", metadata={})
    except OSError as error:
        raise RoadError(f"{path}: {error.strerror}; choose a folder that can be written") from error
    finally:
        pyplot.close(figure)
