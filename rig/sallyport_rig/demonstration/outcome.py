"""What a scenario showed, and what it had to show. Frozen words."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of `run/summary.json`."""

    scenario: str
    subject: str
    outcome: str
    """The kiosk's outcome, or what became of the message."""
    verdict: str
    cause: str
    checks_failed: tuple[int, ...]
    door: str
    """`opened` or `locked`: what the strike's own pin did."""
    seconds: float
    expected: str
    as_expected: bool
    account: tuple[str, ...] = field(default=())
    """What happened, in sentences."""

    def to_map(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)
