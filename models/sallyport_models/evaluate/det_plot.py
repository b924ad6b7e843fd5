"""A DET plot: FNMR over FMR, both on the scale of a normal deviate."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sallyport_protocol.errors import RoadError

TICKS = (1e-5, 1e-4, 1e-3, 1e-2, 5e-2, 0.2, 0.4)


def draw_det(
    path: Path,
    lines: Mapping[str, npt.NDArray[np.float64]],
    axes_of: tuple[str, str] = ("false match rate", "false non-match rate"),
    ticks: tuple[float, ...] = TICKS,
    most: float = 0.5,
) -> None:
    """Writes the plot; each line is [n, 2] of (FMR, FNMR), or of what `axes_of` names, shown up to `most`.

    Raises RoadError when the file cannot be written.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot
    from scipy.stats import norm

    figure, axes = pyplot.subplots(figsize=(6, 6))
    for name, points in lines.items():
        shown = np.clip(points, ticks[0] / 3, most)
        axes.plot(norm.ppf(shown[:, 0]), norm.ppf(shown[:, 1]), label=name)
    axes.set_xticks(norm.ppf(ticks), [f"{tick:g}" for tick in ticks])
    axes.set_yticks(norm.ppf(ticks), [f"{tick:g}" for tick in ticks])
    axes.set(xlabel=axes_of[0], ylabel=axes_of[1])
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    try:
        figure.savefig(path, dpi=150, bbox_inches="tight", metadata={})
    except OSError as error:
        raise RoadError(f"{path}: {error.strerror}; choose a folder that can be written") from error
    finally:
        pyplot.close(figure)
