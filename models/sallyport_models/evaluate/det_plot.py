"""A DET plot: FNMR over FMR, both on the scale of a normal deviate."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sallyport_models.figure import figure_at

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
    from scipy.stats import norm

    with figure_at(path, dpi=150) as axes:
        for name, points in lines.items():
            shown = np.clip(points, ticks[0] / 3, most)
            axes.plot(norm.ppf(shown[:, 0]), norm.ppf(shown[:, 1]), label=name)
        axes.set_xticks(norm.ppf(ticks), [f"{tick:g}" for tick in ticks])
        axes.set_yticks(norm.ppf(ticks), [f"{tick:g}" for tick in ticks])
        axes.set(xlabel=axes_of[0], ylabel=axes_of[1])
        axes.grid(visible=True, alpha=0.3)
        axes.legend()
