"""A sequential test of a share: the cumulative sum of log-likelihood ratios, bad against usual (Page 1954). Pure.

The sum starts at zero, rises by ln(bad / usual) for each event and falls by ln((1 - bad) / (1 - usual)) for each other
session, never below zero. Its limit is set so that with the usual share an alarm comes once in so many sessions; after
a change it comes as soon as any test with that many false alarms could (Moustakides 1986).
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

STATES: Final = 150
"""About how many steps the sum is divided into when the time to a false alarm is worked out."""


@dataclass(frozen=True, slots=True)
class StopRule:
    """A stop rule."""

    usual: float
    bad: float
    limit: float
    """The sum at which it stops."""

    @property
    def up(self) -> float:
        """What an event adds."""
        return math.log(self.bad / self.usual)

    @property
    def down(self) -> float:
        """What any other session adds: below zero."""
        return math.log((1 - self.bad) / (1 - self.usual))

    def after(self, total: float, event: bool) -> float:
        """The sum after one more session."""
        return max(0.0, total + (self.up if event else self.down))

    def stops(self, total: float) -> bool:
        return total >= self.limit


@lru_cache(maxsize=64)
def make_test(usual: float, bad: float, sessions: int) -> StopRule:
    """The test whose alarms come once in at least `sessions` while the share is the usual one."""
    low = high = 0.4 * math.log(sessions)
    while sessions_to_alarm(StopRule(usual, bad, high), usual) < sessions:
        low, high = high, high * 1.3
    for _ in range(10):
        middle = (low + high) / 2
        enough = sessions_to_alarm(StopRule(usual, bad, middle), usual) >= sessions
        low, high = (low, middle) if enough else (middle, high)
    return StopRule(usual, bad, high)


def sessions_to_alarm(test: StopRule, share: float) -> float:
    """Sessions until an alarm, on average, from zero, where events have this share: a Markov chain over the sum.

    The step down is a whole number of the chain's, the step up is rounded up: it alarms no later than the sum does.
    """
    down = max(1, round(-test.down * STATES / test.limit))
    width = -test.down / down
    count, up = math.ceil(test.limit / width), math.ceil(test.up / width - 1e-9)
    step, places = np.zeros((count, count)), np.arange(count)
    np.add.at(step, (places, np.maximum(0, places - down)), 1 - share)
    inside = places + up < count
    np.add.at(step, (places[inside], places[inside] + up), share)
    return float(np.linalg.solve(np.eye(count) - step, np.ones(count))[0])
