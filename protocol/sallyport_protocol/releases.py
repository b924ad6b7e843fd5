"""What other systems are told when somebody has left: who, from where, on what paper. Never why it was allowed."""

from typing import Annotated, Final

from pydantic import Field

from sallyport_protocol.messages import PrisonCode
from sallyport_protocol.topics import Kind, Topic
from sallyport_protocol.word import Count, Message, Millis, Text

RELEASES: Final = "RELEASES"
"""Stands in a topic where a device's name stands: a prison's releases are nobody's device."""


class ReleaseEvent(Message):
    """Gateway -> other systems, after the authorisation was consumed. Said several times: the number tells repeats and
    gaps, and every gap can be asked for (`sallyport-gateway records releases`)."""

    prison: PrisonCode
    sequence: Annotated[int, Field(ge=1, lt=2**53)]
    """Rises by one with each release of the prison."""
    authorisation: Text
    prisoner: Text
    """Prisoner number."""
    movement: Text
    reason: Text
    released_at: Millis
    gateway: Text
    """Who says it."""
    repeat: Count
    """How often it was said before."""


def release_topic(prison: str) -> Topic:
    """Where a prison's releases are said."""
    return Topic(prison, RELEASES, Kind.RELEASE)
