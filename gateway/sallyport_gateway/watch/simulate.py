"""Simulated sites: when does a stop rule stop, with so many events? Randomness is an argument. Pure."""

from typing import Any, Final

import numpy as np

from sallyport_gateway.watch.cusum import StopRule

RUNS: Final = 400
SESSIONS: Final = 20_000
"""Of each site: some 28 years of an average prison."""


def simulate(test: StopRule, share: float, runs: int = RUNS, sessions: int = SESSIONS, seed: int = 1) -> dict[str, Any]:
    """Of so many sites: how many stopped, and after how many sessions (median of those that did)."""
    generator = np.random.default_rng(seed)
    total, when = np.zeros(runs), np.full(runs, -1)
    for number in range(1, sessions + 1):
        running = np.flatnonzero(when < 0)
        if not len(running):
            break
        event = generator.random(len(running)) < share
        total[running] = np.maximum(0.0, total[running] + np.where(event, test.up, test.down))
        when[running[total[running] >= test.limit]] = number
    stopped = when[when > 0]
    return {
        "runs": runs,
        "sessions": sessions,
        "stopped": len(stopped),
        "median": float(np.median(stopped)) if len(stopped) else None,
        "p95": float(np.quantile(stopped, 0.95)) if len(stopped) else None,
    }
