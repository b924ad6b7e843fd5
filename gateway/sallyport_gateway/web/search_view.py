"""What the search page shows, as words."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sallyport_protocol.errors import MalformedError

LONGEST_TEXT: Final = 200
"""Longest name or number that is searched for, characters."""
LONGEST_WHY: Final = 500
SHORTEST_WHY: Final = 5
"""A purpose shorter than this says nothing, characters."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed, as typed."""

    text: str = ""
    day: str = ""
    month: str = ""
    year: str = ""
    why: str = ""

    @property
    def problems(self) -> dict[str, str]:
        """What is wrong with it, by field; the sentences say what to do."""
        found = {}
        if not self.text.strip() or len(self.text) > LONGEST_TEXT:
            found["text"] = f"Enter a name or a prisoner number, {LONGEST_TEXT} characters at most"
        try:
            _ = self.born
        except MalformedError as error:
            found["day"] = str(error)
        if not SHORTEST_WHY <= len(self.why.strip()) <= LONGEST_WHY:
            found["why"] = f"Enter why you need this, {SHORTEST_WHY} to {LONGEST_WHY} characters: the law asks for it"
        return found

    @property
    def born(self) -> date | None:
        """The date of birth; None where nothing of it was typed. Raises MalformedError for no date."""
        parts = [part.strip() for part in (self.year, self.month, self.day)]
        if not any(parts):
            return None
        try:
            if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
                raise ValueError
            return date(*map(int, parts))
        except ValueError as error:
            raise MalformedError("Enter a date of birth such as 17 4 1991, or leave all three empty") from error


@dataclass(frozen=True, slots=True)
class PaperSeen:
    """One release authorisation, to read."""

    authorisation: str
    purpose: str
    window: tuple[datetime, datetime]
    state: str


@dataclass(frozen=True, slots=True)
class PersonSeen:
    """One prisoner number, as far as this reader may see it."""

    number: str
    name: str
    born: str
    """The date of birth; its year alone for somebody of another prison."""
    place: str
    aliases: tuple[tuple[str, str], ...]
    """Each a name, and when it says it was born; empty where it says nothing."""
    warnings: tuple[str, ...]
    papers: tuple[PaperSeen, ...] | None
    """None where this reader may not see them."""


@dataclass(frozen=True, slots=True)
class FoundView:
    """What a search found. `beside`: people whose numbers are one slip away from the one asked for."""

    people: tuple[PersonSeen, ...]
    beside: tuple[PersonSeen, ...] = ()
    more: bool = False
    """There may be others: only the best are shown."""


@dataclass(frozen=True, slots=True)
class SearchView:
    """The whole page."""

    asked: Asked = Asked()
    problems: dict[str, str] = field(default_factory=dict)
    found: FoundView | None = None
    reader: str = ""
