"""Error rates of the fused score for each group of people, and as a table for other programs."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sallyport_models.evaluate.chimeras import Trials
from sallyport_models.evaluate.face_scores import Enrolled
from sallyport_models.evaluate.pairs import person_of
from sallyport_models.store import write_atomically

HEADING: Final = ("group", "people", "genuine", "impostor", "threshold_fmr", "fmr", "fnmr", "fnmr_low", "fnmr_high")
SAMPLES: Final = 300
FEWEST: Final = 10
"""People of a group below which its rates are not shown: they would be rates of those people."""


def groups_of(enrolled: Sequence[Enrolled], labels: Mapping[str, str]) -> list[str | None]:
    """The group of each person, in the order of `PeopleScores`."""
    names = sorted({person_of(item.name) for item in enrolled if item.embedding is not None})
    return [labels.get(name) for name in names]


def by_group(trials: Trials, groups: Sequence[str | None], threshold: float, rate: float) -> list[dict[str, Any]]:
    """One row for each group at the threshold of the overall false match rate `rate`: FMR and FNMR of the trials whose
    reference is of that group, with a 95 % interval of the FNMR by person."""
    rows = []
    for group in sorted({each for each in groups if each is not None}):
        members = np.flatnonzero([each == group for each in groups])
        if len(members) < FEWEST:
            rows.append({"group": group, "people": len(members), "shown": False})
            continue
        inside = np.isin(trials.person, members)
        mated, strangers = inside & trials.genuine, inside & ~trials.genuine
        missed = trials.fused[mated] < threshold
        low, high = _interval(missed, trials.person[mated])
        accepted = trials.fused[strangers] >= threshold
        rows.append(
            {
                "group": group,
                "people": len(members),
                "shown": True,
                "genuine": int(mated.sum()),
                "impostor": int(strangers.sum()),
                "threshold_fmr": rate,
                "fmr": float(accepted.mean()) if len(accepted) else None,
                "fnmr": float(missed.mean()) if len(missed) else None,
                "fnmr_low": low,
                "fnmr_high": high,
            }
        )
    return rows


def write_groups(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """The table as CSV; a group that is not shown has its rates empty. Raises RoadError."""
    text = io.StringIO()
    writer = csv.DictWriter(text, HEADING, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, text.getvalue().encode())


def _interval(missed: NDArray[np.bool_], person: NDArray[np.intp], seed: int = 1) -> tuple[float, float]:
    """95 % interval over samples of people; [0, 1] where there is nobody."""
    if not len(missed):
        return 0.0, 1.0
    _, index = np.unique(person, return_inverse=True)
    counts, wrong = np.bincount(index), np.bincount(index, missed)
    drawn = np.random.default_rng(seed).integers(0, len(counts), size=(SAMPLES, len(counts)))
    rates = wrong[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(rates, [0.025, 0.975])
    return float(low), float(high)
