"""What the prisoner's screen may say: a closed list of instructions, and nothing else."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from sallyport_kiosk.stage import Step


class Instruction(StrEnum):
    """Everything the screen can ask of a person. Each has a text in every language and a drawing."""

    WELCOME = "WELCOME"
    LOOK_AT_CAMERA = "LOOK_AT_CAMERA"
    COME_CLOSER = "COME_CLOSER"
    MOVE_BACK = "MOVE_BACK"
    MOVE_TO_MIDDLE = "MOVE_TO_MIDDLE"
    TURN_TO_CAMERA = "TURN_TO_CAMERA"
    HOLD_HEAD_UPRIGHT = "HOLD_HEAD_UPRIGHT"
    ONE_PERSON_ONLY = "ONE_PERSON_ONLY"
    MORE_LIGHT = "MORE_LIGHT"
    LESS_LIGHT = "LESS_LIGHT"
    UNCOVER_FACE = "UNCOVER_FACE"
    KEEP_STILL = "KEEP_STILL"
    RELAX_FACE = "RELAX_FACE"
    WATCH_COLOURS = "WATCH_COLOURS"
    LOOK_STRAIGHT = "LOOK_STRAIGHT"
    TURN_LEFT = "TURN_LEFT"
    TURN_RIGHT = "TURN_RIGHT"
    LOOK_UP = "LOOK_UP"
    CLOSE_EYES = "CLOSE_EYES"
    SMILE = "SMILE"
    PLACE_FINGER = "PLACE_FINGER"
    PRESS_HARDER = "PRESS_HARDER"
    PRESS_LIGHTER = "PRESS_LIGHTER"
    MOISTEN_FINGER = "MOISTEN_FINGER"
    LIFT_FINGER = "LIFT_FINGER"
    MOVE_FINGER = "MOVE_FINGER"
    WIPE_FINGER = "WIPE_FINGER"
    ANSWER_SOONER = "ANSWER_SOONER"
    WAIT_TO_BE_ASKED = "WAIT_TO_BE_ASKED"
    KEEP_EYES_SHUT = "KEEP_EYES_SHUT"
    ONLY_WHAT_IS_ASKED = "ONLY_WHAT_IS_ASKED"
    TRY_AGAIN = "TRY_AGAIN"
    PLEASE_WAIT = "PLEASE_WAIT"
    WAIT_FOR_OFFICER = "WAIT_FOR_OFFICER"
    DOOR_OPEN_GO = "DOOR_OPEN_GO"
    STAFF_WILL_HELP = "STAFF_WILL_HELP"
    OUT_OF_SERVICE = "OUT_OF_SERVICE"


FROM_FEEDBACK: Final = MappingProxyType(
    {
        "FRAME_UNUSABLE": Instruction.PLEASE_WAIT,
        "NO_FACE": Instruction.LOOK_AT_CAMERA,
        "SEVERAL_FACES": Instruction.ONE_PERSON_ONLY,
        "OFF_CENTRE": Instruction.MOVE_TO_MIDDLE,
        "TOO_FAR": Instruction.COME_CLOSER,
        "TOO_CLOSE": Instruction.MOVE_BACK,
        "TOO_DARK": Instruction.MORE_LIGHT,
        "TOO_BRIGHT": Instruction.LESS_LIGHT,
        "LOW_CONTRAST": Instruction.MORE_LIGHT,
        "HEAD_TILTED": Instruction.HOLD_HEAD_UPRIGHT,
        "TURN_TO_CAMERA": Instruction.TURN_TO_CAMERA,
        "BLURRED": Instruction.KEEP_STILL,
        "FACE_COVERED": Instruction.UNCOVER_FACE,
        "EXPRESSION": Instruction.RELAX_FACE,
        "NO_ANSWER": Instruction.ANSWER_SOONER,
        "TOO_SOON": Instruction.WAIT_TO_BE_ASKED,
        "TOO_BRIEF": Instruction.KEEP_EYES_SHUT,
        "OTHER_ACTION": Instruction.ONLY_WHAT_IS_ASKED,
        "NEVER_NEUTRAL": Instruction.LOOK_STRAIGHT,
        "NOT_SEEN": Instruction.LOOK_AT_CAMERA,
        "OTHER_PERSON": Instruction.ONE_PERSON_ONLY,
        "TIME_REVERSED": Instruction.TRY_AGAIN,
        "CAMERA_TOO_SLOW": Instruction.TRY_AGAIN,
        "no finger": Instruction.PLACE_FINGER,
        "not a print": Instruction.PLACE_FINGER,
        "cover more": Instruction.MOVE_FINGER,
        "move to centre": Instruction.MOVE_FINGER,
        "press harder": Instruction.PRESS_HARDER,
        "press lighter": Instruction.PRESS_LIGHTER,
        "moisten": Instruction.MOISTEN_FINGER,
        "dry": Instruction.WIPE_FINGER,
        "again": Instruction.LIFT_FINGER,
    }
)
"""What the recognisers and the challenge complain of -> what the person is asked to do about it."""


def instruction_for(code: str) -> Instruction:
    """The instruction of that code or feedback code. A code that the screen does not know says nothing: please wait."""
    if code in Instruction.__members__:
        return Instruction(code)
    return FROM_FEEDBACK.get(code, Instruction.PLEASE_WAIT)


@dataclass(frozen=True, slots=True)
class ScreenState:
    """One moment of the prisoner's screen."""

    instruction: Instruction
    step: Step = Step.IDLE
    progress: float = 0.0
    """Of this step, 0 to 1; 0 shows no bar."""
    finger: int = 0
    """Which finger is asked for: ISO/IEC 19794-2 position, 1 to 10; 0 when the officer says which."""
    light: str = ""
    """The colour that fills the screen, by its name in `face.flash.Light`; empty: none."""
    light_number: int = 0
    """Of the lights since the start: the page says which one it shows."""

    def __post_init__(self) -> None:
        if not 0 <= self.progress <= 1:
            raise ValueError(f"progress {self.progress} is not between 0 and 1")
        if not 0 <= self.finger <= 10:
            raise ValueError(f"finger {self.finger} is not a position from 0 to 10")

    @property
    def shows_picture(self) -> bool:
        """Whether the person sees herself now."""
        return self.step == Step.FACE and not self.light


AWAY: Final = ScreenState(Instruction.OUT_OF_SERVICE)
"""Shown until the kiosk says otherwise."""
