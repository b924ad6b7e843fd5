"""What the watch asks, as data: `policy.toml`."""

import tomllib
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sallyport_protocol.errors import MalformedError
from sallyport_protocol.word import Text, Word

Share = Annotated[float, Field(gt=0.0, lt=1.0)]


class Measure(Word):
    """A share of sessions that should stay as usual."""

    what: Text
    usual: Share
    bad: Share
    """The share that must be noticed soon."""
    groups: bool
    """Whether each recorded group has a chart of its own."""

    @model_validator(mode="after")
    def _rises(self) -> "Measure":
        if self.bad <= self.usual:
            raise ValueError("bad must be above usual")
        return self


class WatchPolicy(Word):
    """The measures and the stop rule's false-alarm rate."""

    version: Literal[1]
    sessions_to_false_alarm: Annotated[int, Field(ge=1_000, le=10_000_000)]
    learned_from: Annotated[int, Field(ge=50, le=10_000)]
    looked_back_days: Annotated[int, Field(ge=30, le=4_000)]
    retry: Measure
    weak: Measure


def watch_policy(text: str | None = None) -> WatchPolicy:
    """The policy that comes with this release, or another one's text. Raises MalformedError."""
    found = text if text is not None else (files(__package__) / "policy.toml").read_text()
    try:
        return WatchPolicy.parse(tomllib.loads(found))
    except tomllib.TOMLDecodeError as error:
        raise MalformedError(f"the watch's policy cannot be read: {error}") from error
