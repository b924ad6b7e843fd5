"""What the officer reads of a person's needs, and of what was compared with what."""

from sallyport_gateway.ports import Recorded
from sallyport_gateway.views.picturing import modality_view, notes_of, recorded_words
from sallyport_protocol.actions import Action, Part
from sallyport_protocol.messages import Liveness, ModalityOutcome, ModalityResult
from sallyport_protocol.subject import Modality, Needs, RecordedException

NEEDS = Needs(unable=(Action.CLOSE_EYES, Action.SMILE), slow=True, no_light=True, covered=(Part.EYES,))
DRESSED = RecordedException(modality=Modality.FINGER, reason="dressing", officer="r.nurse")


def test_everything_that_is_recorded_has_its_sentence() -> None:
    words = recorded_words(Recorded(NEEDS, (DRESSED,)))
    assert words == (
        "Is not asked to close eyes, smile.",
        "Keeps covered: eyes.",
        "Has longer to answer.",
        "Sees no changing colours.",
        "Finger is not read: dressing (r.nurse).",
    )
    assert notes_of({"A1234BC": Recorded(exceptions=(DRESSED,))}) == {"A1234BC": words[-1]}
    assert recorded_words(None) == recorded_words(Recorded()) == ()


def result(modality: Modality, age: int | None, quality: float | None) -> ModalityResult:
    return ModalityResult(
        modality=modality,
        outcome=ModalityOutcome.MATCH,
        attempts=1,
        llr=None,
        fmr=None,
        quality=None,
        attack_score=None,
        models=(),
        exception=None,
        reference_age_days=age,
        reference_quality=quality,
    )


def test_a_part_says_how_old_and_good_its_reference_is_and_the_face_whether_it_lived() -> None:
    face = modality_view(result(Modality.FACE, 400, 0.7), Liveness.PASSED)
    assert (face.reference, face.liveness) == ("400 days old, good", "Passed")
    finger = modality_view(result(Modality.FINGER, 1, 0.2), Liveness.PASSED)
    assert (finger.reference, finger.liveness) == ("1 day old, poor", "")
    assert modality_view(result(Modality.FACE, None, None), Liveness.FAILED).reference == ""
