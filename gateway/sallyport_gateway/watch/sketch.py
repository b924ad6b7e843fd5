"""Counts of likelihood ratios in bins of one unit: all that is kept of a score distribution, and nobody's."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

LOWEST: Final = -12
HIGHEST: Final = 24
"""Natural-log likelihood ratios; what lies beyond counts in the last bin of its side."""


@dataclass(slots=True)
class Sketch:
    """A histogram of bounded size."""

    counts: list[int] = field(default_factory=lambda: [0] * (HIGHEST - LOWEST))

    def add(self, llr: float) -> None:
        self.counts[min(max(int(llr // 1) - LOWEST, 0), len(self.counts) - 1)] += 1

    @property
    def total(self) -> int:
        return sum(self.counts)

    def quantile(self, share: float) -> float | None:
        """The lower edge of the bin that `share` of the counts lie below or in; None while empty."""
        wanted, seen = share * self.total, 0
        for place, count in enumerate(self.counts):
            seen += count
            if count and seen >= wanted:
                return float(place + LOWEST)
        return None


def lowest_seventh(values: Iterable[float]) -> float:
    """The value that a seventh of these lie below. Raises ValueError for none."""
    ranked = sorted(values)
    if not ranked:
        raise ValueError("nothing was learned")
    return ranked[len(ranked) // 7]
