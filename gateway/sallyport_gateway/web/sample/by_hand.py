"""Lanes where two officers say who the person is."""

from dataclasses import replace
from datetime import datetime, timedelta

from sallyport_gateway.web.act_view import ActView, InputKind, InputView
from sallyport_gateway.web.decision_view import ManualView, StatementView
from sallyport_gateway.web.lane_view import LaneView, StepState, StepView
from sallyport_gateway.web.sample.checked import in_session, released
from sallyport_gateway.web.sample.checks import ALL_PASS, BY_HAND
from sallyport_gateway.web.sample.parts import END


def stated(now: datetime) -> LaneView:
    """One officer has identified the person; another looks at this."""
    means = InputView(
        "means",
        "How do you know the person?",
        "Not by the wristband, and not by what the person says",
        InputKind.CHOICE,
        (("PHOTOGRAPH", "I compared the photograph on record"),),
    )
    look = InputView("compared", "The person in the lane is the one in the photograph", kind=InputKind.TICK)
    fields = (("statement", "6f" * 32), ("prisoner", "A1234BC"))
    note = "You sign the person, the reason and the words that stand here under your own name."
    label = "Sign as second officer: this is A1234BC"
    waiting = in_session(now, 0, "A second officer must identify the person")
    assert waiting.session is not None
    steps = tuple(StepView(each, StepState.WAITING) for each in ("Checks", "Confirmation", "Interlock", "Door"))
    return replace(
        waiting,
        session=replace(waiting.session, steps=(StepView("Two officers", StepState.NOW), *steps)),
        manual=ManualView(
            "The kiosk did not recognise the person",
            "Right hand is bandaged; the face was refused twice after an injury.",
            "Non match",
            (StatementView("Officer Clark", "I know the person from custody", now - timedelta(seconds=40)),),
            "6f" * 32,
            now + timedelta(seconds=260),
        ),
        acts=(ActView("second", label, fields, (means, look), primary=True, note=note), END),
    )


def by_hand(now: datetime) -> LaneView:
    lane, checked = stated(now), released(now)
    assert lane.manual is not None and checked.decision is not None
    governor = StatementView("Governor Dale", "I compared the photograph on record", now)
    manual = replace(lane.manual, statements=(*lane.manual.statements, governor), until=None)
    session = (("session", "5e551011"),)
    key = ActView(
        "key",
        "Let the person out by key",
        session,
        warning=True,
        folded=True,
        note="Only if the interlock does not open. It uses the authorisation up and freezes MDI.",
    )
    confirm = ActView("confirm", "Open the door", session, primary=True, until=now + timedelta(seconds=52))
    summary = "Two officers identified the person; every other check passed."
    checks = (*ALL_PASS[:8], *ALL_PASS[12:], BY_HAND)
    decision = replace(checked.decision, summary=summary, modalities=(), fused_fmr=None, checks=checks, by_hand=True)
    done = tuple(StepView(each, StepState.DONE) for each in ("Two officers", "Checks"))
    assert checked.session is not None
    session_view = replace(checked.session, steps=(*done, StepView("Confirmation", StepState.NOW)))
    return replace(checked, manual=manual, decision=decision, session=session_view, acts=(confirm, key, END))
