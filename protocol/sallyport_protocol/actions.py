"""What a person may be asked to do before the camera, and what may keep a person from it."""

from enum import StrEnum


class Action(StrEnum):
    """What a person may be asked for. Left and right are the person's own.

    Eyes are closed for a moment, not blinked: people blink unasked, and to overlook that would let a recording show a
    blink beside another action and so answer two of the five.
    """

    TURN_LEFT = "TURN_LEFT"
    TURN_RIGHT = "TURN_RIGHT"
    LOOK_UP = "LOOK_UP"
    CLOSE_EYES = "CLOSE_EYES"
    SMILE = "SMILE"


class Part(StrEnum):
    """A part of the face that is not to be seen for good: a patch, a missing eye, an injury, a covering."""

    EYES = "EYES"
    MOUTH = "MOUTH"


NEEDS_PART = {Action.CLOSE_EYES: Part.EYES, Action.SMILE: Part.MOUTH}
"""What cannot be seen while that part is covered, and so is not asked for."""

FEWEST_ACTIONS = 2
"""With fewer left a challenge cannot be made: an officer records an exception for the face instead."""
