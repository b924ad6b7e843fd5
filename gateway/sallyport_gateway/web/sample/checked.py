"""Lanes whose person is at the kiosk, or was: each stage of a check and each verdict."""

from dataclasses import replace
from datetime import datetime, timedelta

from sallyport_gateway.web.act_view import ActView, InputKind, InputView
from sallyport_gateway.web.decision_view import DecisionView, HoldView
from sallyport_gateway.web.lane_view import DoorState, EventView, LaneView, SessionView, StepState, StepView
from sallyport_gateway.web.sample.checks import ALL_PASS, FACE, FINGER, HELD, REFERRED, WEAK_FINGER
from sallyport_gateway.web.sample.parts import END, STEPS, door_as, lane_with, paper, subject, withdraw
from sallyport_protocol.decision import Verdict


def in_session(now: datetime, step: int, state: str) -> LaneView:
    steps = tuple(
        StepView(label, StepState.DONE if i < step else StepState.NOW if i == step else StepState.WAITING)
        for i, label in enumerate(STEPS)
    )
    return replace(
        lane_with(now, acts=(END,)),
        session=SessionView("5e551011", now - timedelta(seconds=9), state, steps),
        subject=subject(),
        authorisation=paper(now),
    )


def released(now: datetime, left: timedelta = timedelta(seconds=52)) -> LaneView:
    look = InputView("compared", "I have compared the person in the lane with the photograph", kind=InputKind.TICK)
    confirm = ActView(
        "confirm",
        "Confirm and open",
        (("session", "5e551011"), ("decision", "9f2c")),
        (look,),
        primary=True,
        until=now + left,
    )
    return replace(
        in_session(now, 5, "Waiting for the confirming officer"),
        decision=DecisionView(
            Verdict.RELEASE,
            "All 25 checks passed. Compare the person with the photograph, then confirm.",
            now - timedelta(seconds=8),
            4117,
            valid_until=now + left,
            checks=ALL_PASS,
            modalities=(FACE, FINGER),
            fused_fmr=2.6e-10,
        ),
        acts=(confirm, withdraw("auth-0001"), END),
    )


def held(now: datetime) -> LaneView:
    steps = tuple(
        StepView(label, state, detail)
        for label, state, detail in (
            ("Offer", StepState.DONE, ""),
            ("Face", StepState.DONE, ""),
            ("Finger", StepState.DONE, "Second attempt"),
            ("Result", StepState.DONE, ""),
            ("Checks", StepState.FAILED, "2 of 25 stand in the way"),
        )
    )
    hold = HoldView(
        now - timedelta(minutes=12),
        "Court liaison",
        "Send the court an urgent query through the court liaison desk.",
        "the duty governor",
        now + timedelta(minutes=48),
    )
    return replace(
        released(now),
        session=SessionView("5e551011", now - timedelta(minutes=13), "Held", steps),
        decision=DecisionView(
            Verdict.HOLD,
            "Do not release. 1 check failed and 1 is not known.",
            now - timedelta(minutes=12),
            4119,
            cause="Imprisonment warrant not applied, misfiled or missing",
            checks=HELD,
            modalities=(FACE, FINGER),
            fused_fmr=2.6e-10,
            hold=hold,
        ),
        acts=(withdraw("auth-0001"), END),
    )


def referred(now: datetime) -> LaneView:
    return replace(
        held(now),
        decision=DecisionView(
            Verdict.REFER,
            "A person must judge. Do not release on this screen alone.",
            now - timedelta(minutes=1),
            4121,
            cause="Wrong person",
            checks=REFERRED,
            modalities=(FACE, WEAK_FINGER),
            fused_fmr=1.6e-4,
            hold=HoldView(
                now - timedelta(minutes=1),
                "Duty governor",
                "Keep the person here and call the duty governor.",
            ),
        ),
    )


def opened(now: datetime) -> LaneView:
    lane = released(now)
    assert lane.decision is not None
    granted = replace(
        lane.decision,
        summary="All 25 checks passed. Officer Clark confirmed the opening.",
        granted=now - timedelta(seconds=3),
    )
    events = (
        EventView(now - timedelta(seconds=2), "Door opened", "Grant used", 4118),
        EventView(now - timedelta(seconds=4), "Opening confirmed", "By Officer Clark", 4117),
    )
    steps = tuple(StepView(label, StepState.DONE) for label in STEPS[:-1])
    session = SessionView(
        "5e551011",
        now - timedelta(seconds=21),
        "The door is open",
        (*steps, StepView("Door", StepState.NOW, "Open; it locks when shut")),
    )
    return replace(
        lane,
        door=door_as(now, DoorState.OPEN),
        session=session,
        decision=granted,
        acts=(),
        events=(*events, *lane.events),
    )


def any_script(now: datetime) -> LaneView:
    """A hostile name and a long one in two scripts: both must stay text, in one place."""
    name = "<img src=x onerror=alert(1)> محمد \u202eآل عبد\u202c Llanfairpwllgwyngyllgogerychwyrndrobwll"
    return replace(released(now), subject=replace(subject(), name=name, photograph=None, born=None))
