"""Error rates for each group of people, and how unequal they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sallyport_models.evaluate.face_scores import Enrolled, all_pairs
from sallyport_models.evaluate.pairs import person_of
from sallyport_models.evaluate.scores import gini

RATE = 1e-4
"""The overall false match rate whose threshold the groups are compared at, when the set shows it."""


@dataclass(frozen=True, slots=True)
class GroupRates:
    """Of pairs inside one group: impostors of one's own group are the hardest."""

    group: str
    people: int
    genuine: int
    impostor: int
    fmr: float | None
    """None where the group has no impostor pair, as `fnmr` where it has no genuine one."""
    fnmr: float | None


@dataclass(frozen=True, slots=True)
class GroupReport:
    """All groups at one threshold."""

    rate: float
    threshold: float
    rows: tuple[GroupRates, ...]
    fmr_max_to_mean: float
    fmr_gini: float
    fnmr_max_to_mean: float
    fnmr_gini: float


def by_group(
    enrolled: Sequence[Enrolled], labels: Mapping[str, str], thresholds: Mapping[float, float]
) -> GroupReport | None:
    """Rates at the threshold of the overall FMR nearest to 1e-4; None when no rate is shown."""
    if not thresholds:
        return None
    rate = min(thresholds, key=lambda value: abs(np.log10(value / RATE)))
    rows = []
    for group in sorted(set(labels.values())):
        members = [item for item in enrolled if labels.get(person_of(item.name)) == group]
        if any(item.embedding is not None for item in members):
            rows.append(_rates(group, members, thresholds[rate]))
    fmr = [row.fmr for row in rows if row.fmr is not None]
    fnmr = [row.fnmr for row in rows if row.fnmr is not None]
    return GroupReport(
        rate, thresholds[rate], tuple(rows), _max_to_mean(fmr), gini(fmr), _max_to_mean(fnmr), gini(fnmr)
    )


def _rates(group: str, members: Sequence[Enrolled], threshold: float) -> GroupRates:
    scores = all_pairs(members)
    return GroupRates(
        group,
        len({person_of(item.name) for item in members}),
        len(scores.genuine),
        len(scores.impostor),
        float((scores.impostor >= threshold).mean()) if len(scores.impostor) else None,
        float((scores.genuine < threshold).mean()) if len(scores.genuine) else None,
    )


def _max_to_mean(rates: Sequence[float]) -> float:
    mean = float(np.mean(rates)) if rates else 0.0
    return max(rates) / mean if mean else 1.0
