import pytest

from sallyport_biometrics.face.liveness import Failure
from sallyport_biometrics.face.words import Feedback
from sallyport_biometrics.finger import Feedback as FingerFeedback
from sallyport_kiosk.screen.page import DRAWING
from sallyport_kiosk.screen.words import FROM_FEEDBACK, Instruction, ScreenState, instruction_for
from sallyport_kiosk.stage import Step


@pytest.mark.parametrize("feedback", Feedback)
def test_every_complaint_about_a_face_has_its_instruction(feedback: Feedback) -> None:
    assert instruction_for(feedback) == FROM_FEEDBACK[feedback]


@pytest.mark.parametrize("failure", [each for each in Failure if each is not Failure.NONE])
def test_every_challenge_that_failed_has_its_instruction(failure: Failure) -> None:
    assert instruction_for(failure) == FROM_FEEDBACK[failure]


@pytest.mark.parametrize("feedback", FingerFeedback)
def test_every_complaint_about_a_finger_has_its_instruction(feedback: FingerFeedback) -> None:
    assert instruction_for(feedback) is not Instruction.PLEASE_WAIT


def test_an_instruction_is_found_by_its_own_code_first() -> None:
    assert instruction_for("TURN_TO_CAMERA") == Instruction.TURN_TO_CAMERA
    assert instruction_for("DOOR_OPEN_GO") == Instruction.DOOR_OPEN_GO


@pytest.mark.parametrize("code", ["", "HOLD", "WARRANT_OUTSTANDING", "name", "score 0.3"])
def test_what_the_screen_does_not_know_it_does_not_say(code: str) -> None:
    assert instruction_for(code) == Instruction.PLEASE_WAIT


def test_every_instruction_has_a_drawing() -> None:
    assert set(DRAWING) == set(Instruction)


@pytest.mark.parametrize("wrong", [{"progress": -0.1}, {"progress": 1.1}, {"finger": 11}, {"finger": -1}])
def test_a_state_outside_its_ranges_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="is not"):
        ScreenState(Instruction.WELCOME, **wrong)  # type: ignore[arg-type]


def test_the_picture_is_shown_in_the_camera_step_alone() -> None:
    assert [step for step in Step if ScreenState(Instruction.PLEASE_WAIT, step).shows_picture] == [Step.FACE]
