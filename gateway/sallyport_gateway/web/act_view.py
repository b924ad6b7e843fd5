"""What the officer may do on a page, as words. The pages hold no policy: what is not offered here is not shown."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class InputKind(StrEnum):
    """How one field of an act is asked for."""

    TEXT = "text"
    TICK = "tick"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class InputView:
    """One field that the officer fills in."""

    name: str
    label: str
    hint: str = ""
    kind: InputKind = InputKind.TEXT
    choices: tuple[tuple[str, str], ...] = ()
    """(value, words) of a CHOICE."""
    pattern: str = ""
    """A regular expression that the whole text must match, checked by the browser for comfort only."""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class ActView:
    """Something the officer may do now: a button that signs. `fields` are signed as they stand."""

    kind: str
    label: str
    fields: tuple[tuple[str, str], ...] = ()
    inputs: tuple[InputView, ...] = ()
    primary: bool = False
    warning: bool = False
    until: datetime | None = None
    """After this the button is dead."""
    folded: bool = False
    """Shown behind its label, to be opened first."""
    note: str = ""
    """What it brings about, beside the button."""

    @property
    def key(self) -> str:
        """Tells this act from every other on the page, across updates."""
        return "-".join((self.kind, *(value for _, value in self.fields)))
