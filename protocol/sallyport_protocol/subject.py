"""The person of a check, as a kiosk may know them: references, what they cannot do, who could be mistaken for them."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from sallyport_protocol.actions import FEWEST_ACTIONS, NEEDS_PART, Action, Part
from sallyport_protocol.word import Digest, Many, Message, Name, Text, Word


class Modality(StrEnum):
    FACE = "face"
    FINGER = "finger"


class Guard(StrEnum):
    """Who else could be mistaken for this person, as far as the authority's records say; each asks for more than the
    one before."""

    NONE = "NONE"
    ALIKE = "ALIKE"
    """A relative, or somebody of a similar name on the roll: no exception excuses the finger."""
    TWIN = "TWIN"
    """A known twin: the finger must be there, and the face counts for nothing in the stated rate."""


class RecordedException(Word):
    """An officer's record that a modality cannot be used for this person today."""

    modality: Name[Modality]
    reason: Text
    officer: Text


class Needs(Word):
    """What this person cannot do before the camera, as an officer recorded. The kiosk does not learn why.

    It changes what is asked for and how long an answer may take, never a threshold of the comparison.
    """

    unable: Many[Name[Action]]
    slow: bool
    """A longer window for each answer, and more steps."""
    no_light: bool
    """The screen keeps its colour (photosensitive epilepsy); the challenge gets a step more."""
    covered: Many[Name[Part]]
    """Parts of the face that stay covered: the person is not asked to uncover them."""

    @property
    def able(self) -> frozenset[Action]:
        """What can be asked for: neither what the person cannot do nor what a covered part would hide."""
        hidden = {action for action, part in NEEDS_PART.items() if part in self.covered}
        return frozenset(Action) - frozenset(self.unable) - hidden

    @model_validator(mode="after")
    def _can_be_asked(self) -> Self:
        if len(set(self.unable)) != len(self.unable) or len(set(self.covered)) != len(self.covered):
            raise ValueError("nothing is named twice")
        if len(self.able) < FEWEST_ACTIONS:
            raise ValueError(f"at least {FEWEST_ACTIONS} actions must be left; record an exception for the face")
        return self


class Reference(Word):
    """One enrolled reference: a template made by the model set in use."""

    modality: Name[Modality]
    position: Annotated[int, Field(ge=0, le=10)]
    """0 for a face; 1 to 10 for fingers (ISO/IEC 19794-2 positions, right thumb first)."""
    template: Annotated[bytes, Field(min_length=1, max_length=32_768)]
    captured_on: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    record: Digest
    """Digest of the enrolment record that it comes from."""


class References(Message):
    """What `Offer.sealed` holds. It lives in the kiosk's memory and goes with the session."""

    references: Many[Reference]
