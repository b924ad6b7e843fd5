"""What a live person is asked to do: derived from the session's seed, so no earlier recording can answer it.

Every step asks for one of the actions that this person can do, drawn evenly and independently; the moment of asking
is drawn too, and an answer before it or too soon after it is none. Counting the order alone (not the moments), a
recording of the right person doing random actions passes all attempts of a session with probability at most
`LARGEST_GUESS`.
"""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from sallyport_protocol.actions import FEWEST_ACTIONS
from sallyport_protocol.actions import Action as Action

LARGEST_GUESS = 1e-3
FEWEST_STEPS = 3
ATTEMPTS, DOUBT_ATTEMPTS = 3, 2
"""Challenges in one session, and after a doubt; the chance to guess one of them is stated for all together."""
STRICTER_STEPS = 1
"""More steps where no passive network is in the signed set: five times harder to guess."""
DARKER_STEPS = 1
"""More steps where the screen's light said nothing."""
DOUBT_STEPS = 1
"""More steps, on top of both, for a face that looked like a picture of one."""
EARLIEST_MS, LATEST_MS, LATEST_SLOW_MS = 250, 1500, 3000
"""From the cue to the answer: nobody reacts faster than EARLIEST (auditory and visual choice reaction times)."""
HOLD_MS = (400, 1200)
"""Least and greatest time of a neutral face before a cue."""
RETURN_MS = 700
"""From the answer to a neutral face again: the movement's hold and its way back, after the kiosk has seen it."""


@dataclass(frozen=True, slots=True)
class Step:
    """Ask for `action` after a neutral face was held for `hold_ms`."""

    action: Action
    hold_ms: int


@dataclass(frozen=True, slots=True)
class Challenge:
    """The steps of one attempt, and the window for each answer in milliseconds after its cue."""

    steps: tuple[Step, ...]
    earliest_ms: int
    latest_ms: int

    @property
    def actions(self) -> tuple[Action, ...]:
        return tuple(step.action for step in self.steps)


def derive(
    seed: bytes,
    attempt: int,
    attempts: int,
    able: frozenset[Action] = frozenset(Action),
    slow: bool = False,
    more: int = 0,
) -> Challenge:
    """The challenge of attempt 0, 1, ... of `attempts` in the session with this seed (at least 16 bytes).

    `able` leaves out what this person cannot do (recorded by an officer); fewer actions make more steps. `slow` gives
    a longer window and two more steps. `more` steps are added where nothing stands beside the challenge. `ValueError`
    when fewer than two actions are left: that is an officer's case.
    """
    if len(seed) < 16 or not 0 <= attempt < attempts:
        raise ValueError("a challenge needs a seed of at least 16 bytes and an attempt within the session's")
    choices = sorted(able)
    count = steps_needed(len(choices), attempts) + (2 if slow else 0) + more
    numbers = _numbers(seed, attempt)
    steps = tuple(
        Step(choices[_pick(numbers, len(choices))], HOLD_MS[0] + _pick(numbers, HOLD_MS[1] - HOLD_MS[0] + 1))
        for _ in range(count)
    )
    return Challenge(steps, EARLIEST_MS, LATEST_SLOW_MS if slow else LATEST_MS)


def after_doubt(seed: bytes, attempt: int, able: frozenset[Action], slow: bool) -> Challenge:
    """A longer challenge, on top of the one that was passed, for a face that looked like a picture of one.

    `attempt` 0 to DOUBT_ATTEMPTS - 1; it asks for something else than the challenges before.
    """
    more = STRICTER_STEPS + DARKER_STEPS + DOUBT_STEPS
    return derive(seed, ATTEMPTS + attempt, ATTEMPTS + DOUBT_ATTEMPTS, able, slow, more)


@lru_cache(maxsize=64)
def longest_ms(able: frozenset[Action], slow: bool) -> int:
    """All challenges of a session, every hold, answer and return as long as it may be: what a session has to allow."""
    first = derive(bytes(16), 0, ATTEMPTS, able, slow, STRICTER_STEPS + DARKER_STEPS)
    again = after_doubt(bytes(16), 0, able, slow)
    steps = ATTEMPTS * len(first.steps) + DOUBT_ATTEMPTS * len(again.steps)
    return steps * (HOLD_MS[1] + first.latest_ms + RETURN_MS)


def steps_needed(choices: int, attempts: int) -> int:
    """The fewest steps whose guess probability over all attempts is small enough."""
    if choices < FEWEST_ACTIONS:
        raise ValueError("a challenge needs at least two actions; an officer records an exception instead")
    steps = FEWEST_STEPS
    while guess_probability(choices, steps, attempts) > LARGEST_GUESS:
        steps += 1
    return steps


def guess_probability(choices: int, steps: int, attempts: int) -> float:
    """Of passing at least one attempt with actions drawn at random (union bound)."""
    return float(attempts * choices**-steps)


def _numbers(seed: bytes, attempt: int) -> Iterator[int]:
    """16-bit numbers: HMAC-SHA256 under the seed over a label, the attempt and a counter."""
    block = 0
    while True:
        label = b"sallyport face challenge v1" + attempt.to_bytes(2) + block.to_bytes(4)
        digest = hmac.new(seed, label, hashlib.sha256).digest()
        yield from (int.from_bytes(digest[at : at + 2]) for at in range(0, len(digest), 2))
        block += 1


def _pick(numbers: Iterator[int], choices: int) -> int:
    """Evenly one of `choices`: numbers of the incomplete last round are passed over."""
    limit = 65536 - 65536 % choices
    return next(number for number in numbers if number < limit) % choices
