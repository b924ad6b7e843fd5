"""The doorway that the simulated board stands at: strike, bolt, door, and a person who may walk through.

Pure: time is an argument, in seconds. A level is True in the contact's good state.
"""

from dataclasses import dataclass

BOLT_S = 0.03  # the bolt follows the strike after this


@dataclass(frozen=True)
class Walk:
    """A person opens the door `opens_s` after the strike and it closes `closes_s` after the strike."""

    opens_s: float = 1.0
    closes_s: float = 2.0


class Doorway:
    """`levels` holds what is true of door, bolt, box and the pair's line now; `strike` whether it is energised."""

    def __init__(self, hold_s: float, walk: Walk | None) -> None:
        self.levels = {"door_closed": True, "bolt_locked": True, "box_closed": True, "peer_free": True}
        self.strike = False
        self.walk = walk
        self.jammed = False  # the bolt does not follow the strike
        self._hold_s = hold_s
        self._enable = False
        self._edge_at = float("-inf")
        self._due: list[tuple[float, str, bool]] = []

    def drive(self, name: str, level: bool, now: float) -> None:
        """The board moved an output. The strike needs the level of one and edges of the other."""
        if name == "strike_enable":
            self._enable = level
        elif name == "strike_pump":
            self._edge_at = now

    def lose_power(self) -> None:
        """The board is off: its outputs fall."""
        self._enable = False

    def set(self, name: str, level: bool) -> None:
        """Something outside moved a contact."""
        if name not in self.levels:
            raise KeyError(f"no contact {name}: there are {', '.join(self.levels)}")
        self.levels[name] = level

    def advance(self, now: float) -> float:
        """Lets everything due happen; the seconds until something may be due again."""
        strike = self._enable and now - self._edge_at < self._hold_s
        if strike != self.strike:
            self.strike = strike
            if not self.jammed:
                self._due.append((now + BOLT_S, "bolt_locked", not strike))
            if strike and self.walk:
                self._due.append((now + self.walk.opens_s, "door_closed", False))
                self._due.append((now + self.walk.closes_s, "door_closed", True))
        for due in sorted(d for d in self._due if d[0] <= now):
            self._due.remove(due)
            if due[1] != "door_closed" or due[2] or not self.levels["bolt_locked"]:  # a locked door does not open
                self.levels[due[1]] = due[2]
        waits = [d[0] - now for d in self._due]
        if self.strike:
            waits.append(self._edge_at + self._hold_s - now)
        return max(0.0, min(waits, default=60.0))
