"""Do likelihood ratios mean what they say? Trials in bins of their stated ratio, and the ratio that is found there."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sallyport_models.figure import figure_at

Values = NDArray[np.float64]
BINS: Final = 12
SHOWN_BY: Final = 10
"""Trials of each kind that a bin needs: with fewer its ratio is not shown."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Natural-log likelihood ratios: stated (the mean of the bin) and found, with how many trials of each kind."""

    stated: float
    found: float | None
    genuine: int
    impostor: int


def reliability(llr: Values, genuine: NDArray[np.bool_]) -> tuple[Bin, ...]:
    """Bins of equal width where both kinds are found, and one beyond either end; of those two no ratio is shown, since
    the trials resolve none there."""
    mated, strangers = np.sort(llr[genuine]), np.sort(llr[~genuine])
    low, high = mated[min(SHOWN_BY, len(mated) - 1)], strangers[max(-SHOWN_BY, -len(strangers))]
    edges = np.linspace(min(low, high), max(low, high), BINS - 1)
    which = np.digitize(llr, edges)
    totals = int(genuine.sum()), int((~genuine).sum())
    made = []
    for number in range(BINS):
        inside = which == number
        yes, no = int((inside & genuine).sum()), int((inside & ~genuine).sum())
        if not yes + no:
            continue
        enough = min(yes, no) >= SHOWN_BY and 0 < number < BINS - 1
        found = float(np.log(yes / totals[0]) - np.log(no / totals[1])) if enough else None
        made.append(Bin(float(llr[inside].mean()), found, yes, no))
    return tuple(made)


def draw_reliability(path: Path, bins: Sequence[Bin], title: str) -> None:
    """Writes the plot: on the diagonal a ratio means what it says. Raises RoadError when it cannot be written."""
    shown = [(each, each.found) for each in bins if each.found is not None]
    with figure_at(path) as axes:
        axes.axline((0, 0), slope=1, color="0.6", linewidth=1, label="what is stated")
        places = [each.stated for each, _ in shown]
        axes.plot(places, [found for _, found in shown], "o-", label="what is found, held out")
        for each, found in shown:
            axes.annotate(f"{min(each.genuine, each.impostor):,}", (each.stated, found), fontsize=7,
                          xytext=(5, -9), textcoords="offset points")  # fmt: skip
        axes.set(xlabel="stated ln likelihood ratio", ylabel="found ln likelihood ratio", title=title)
        axes.grid(visible=True, alpha=0.3)
        axes.legend()
