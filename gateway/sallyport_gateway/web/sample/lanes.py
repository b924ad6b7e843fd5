"""A lane in every state that the officer can meet."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from sallyport_gateway.web.sample.checks import ALL_PASS, BY_HAND, FACE, FINGER, HELD, REFERRED, WEAK_FINGER
from sallyport_gateway.web.view import (
    ActView,
    AlarmView,
    AuthorisationView,
    DecisionView,
    DoorState,
    DoorView,
    EventView,
    FreezeView,
    HoldView,
    InputKind,
    InputView,
    KioskView,
    LanesView,
    LaneView,
    ManualView,
    SessionView,
    StatementView,
    StepState,
    StepView,
    SubjectView,
)
from sallyport_protocol.decision import Verdict

PRISON = "Moorland (MDI)"
STEPS = ("Offer", "Face", "Finger", "Result", "Checks", "Confirmation", "Door")

START = ActView(
    "start",
    "Start check",
    (("lane", "sample"),),
    (InputView("prisoner_number", "Prisoner number", "For example A1234BC", pattern="[A-Z][0-9]{4}[A-Z]{2}"),),
    primary=True,
)
END = ActView("end", "End this session", (("session", "5e551011"),))


def lanes(now: datetime) -> dict[str, LaneView]:
    """Every state by name, all as of `now`."""
    found = {
        "ready": _lane(now, acts=(START,)),
        "face": _in_session(now, 1, "The person is at the camera"),
        "finger": _in_session(now, 2, "The person is at the fingerprint sensor"),
        "release": _released(now),
        "release-two-seconds": _released(now, timedelta(seconds=2)),
        "expired": _released(now, timedelta(seconds=-5)),
        "hold": _held(now),
        "refer": _referred(now),
        "manual-second": _stated(now),
        "manual-release": _by_hand(now),
        "frozen": _frozen(now),
        "unlocked": replace(_opened(now), door=_door(now, DoorState.UNLOCKED)),
        "door-open": _opened(now),
        "alarm": _alarmed(now),
        "kiosk-lost": _lane(now, kiosk=KioskView("MDI-K01", False, now - timedelta(minutes=2)), door=DoorState.UNKNOWN),
        "any-script": _any_script(now),
    }
    return {name: replace(lane, lane=name) for name, lane in found.items()}


def desk(now: datetime) -> LanesView:
    """The first page with all of them, and two authorisations."""
    every = lanes(now)
    pending = replace(
        _paper(now),
        authorisation="auth-0002",
        subject_name="Subject B",
        prisoner_number="A5678CD",
        state="Pending: one approval of two",
        approvers=("Officer Adams",),
        acts=(
            ActView("approve", "Approve", (("authorisation", "auth-0002"),), primary=True),
            _withdraw("auth-0002"),
        ),
    )
    approved = replace(_paper(now), acts=(_withdraw("auth-0001"),))
    note = "Stops every grant there at once. Two officers must lift it."
    freeze = ActView(
        "freeze",
        "Freeze the whole estate",
        (("scope", "estate"), ("name", "*")),
        (InputView("why", "Why?"),),
        warning=True,
        folded=True,
        note=note,
    )
    papers = (approved, pending)
    return LanesView(PRISON, tuple(every.values()), every["alarm"].alarms, papers, (freeze,), (_freeze(now),))


def _lane(
    now: datetime,
    *,
    kiosk: KioskView | None = None,
    door: DoorState = DoorState.LOCKED,
    acts: tuple[ActView, ...] = (),
) -> LaneView:
    hour = now - timedelta(hours=1)
    return LaneView(
        "sample",
        PRISON,
        kiosk or KioskView("MDI-K01", True, hour),
        _door(now, door),
        acts=acts,
        events=(
            EventView(now - timedelta(minutes=31), "Door locked", "Bolt and contact agree", 4101),
            EventView(now - timedelta(minutes=32), "Door opened", "Grant used", 4100),
            EventView(hour, "Kiosk connected", "MDI-K01"),
        ),
    )


def _door(now: datetime, state: DoorState) -> DoorView:
    sentences = {
        DoorState.OPEN: "The person may go through.",
        DoorState.UNLOCKED: "It locks again by itself.",
        DoorState.ALARM: "Opened without a grant.",
        DoorState.UNKNOWN: "The interlock cannot be heard.",
        DoorState.LOCKED: "",
    }
    age = timedelta(minutes=31) if state == DoorState.LOCKED else timedelta(seconds=2)
    return DoorView(state, now - age, sentences[state])


def _subject() -> SubjectView:
    return SubjectView("Subject A", "A1234BC", date(1990, 3, 4), "silhouette", date(2026, 2, 11))


def _paper(now: datetime) -> AuthorisationView:
    return AuthorisationView(
        "auth-0001",
        "Subject A",
        "A1234BC",
        "Release (REL)",
        "Conditional release (CR)",
        now - timedelta(hours=2),
        now + timedelta(hours=4),
        "Approved",
        ("Officer Adams", "Officer Brown"),
    )


def _withdraw(authorisation: str) -> ActView:
    why = InputView("reason", "Reason for withdrawing")
    return ActView("withdraw", "Withdraw the authorisation", (("authorisation", authorisation),), (why,), warning=True)


def _in_session(now: datetime, step: int, state: str) -> LaneView:
    steps = tuple(
        StepView(label, StepState.DONE if i < step else StepState.NOW if i == step else StepState.WAITING)
        for i, label in enumerate(STEPS)
    )
    return replace(
        _lane(now, acts=(END,)),
        session=SessionView("5e551011", now - timedelta(seconds=9), state, steps),
        subject=_subject(),
        authorisation=_paper(now),
    )


def _released(now: datetime, left: timedelta = timedelta(seconds=52)) -> LaneView:
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
        _in_session(now, 5, "Waiting for the confirming officer"),
        decision=DecisionView(
            Verdict.RELEASE,
            "All 25 checks passed. Compare the person with the photograph, then confirm.",
            now - timedelta(seconds=8),
            4117,
            valid_until=now + left,
            checks=ALL_PASS,
            modalities=(FACE, FINGER),
            fused_fmr=1e-6,
        ),
        acts=(confirm, _withdraw("auth-0001"), END),
    )


def _held(now: datetime) -> LaneView:
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
        _released(now),
        session=SessionView("5e551011", now - timedelta(minutes=13), "Held", steps),
        decision=DecisionView(
            Verdict.HOLD,
            "Do not release. 1 check failed and 1 is not known.",
            now - timedelta(minutes=12),
            4119,
            cause="Imprisonment warrant not applied, misfiled or missing",
            checks=HELD,
            modalities=(FACE, FINGER),
            fused_fmr=1e-6,
            hold=hold,
        ),
        acts=(_withdraw("auth-0001"), END),
    )


def _referred(now: datetime) -> LaneView:
    return replace(
        _held(now),
        decision=DecisionView(
            Verdict.REFER,
            "A person must judge. Do not release on this screen alone.",
            now - timedelta(minutes=1),
            4121,
            cause="Wrong person",
            checks=REFERRED,
            modalities=(FACE, WEAK_FINGER),
            fused_fmr=3.1e-3,
            hold=HoldView(
                now - timedelta(minutes=1),
                "Duty governor",
                "Keep the person here and call the duty governor.",
            ),
        ),
    )


def _stated(now: datetime) -> LaneView:
    """One officer has identified the person; another looks at this."""
    means = InputView(
        "means",
        "How do you know the person?",
        "Not by the wristband, and not by what the person says",
        InputKind.CHOICE,
        (("PHOTOGRAPH", "I compared the photograph on record"),),
    )
    fields = (("session", "5e551011"), ("statement", "6f" * 32), ("prisoner", "A1234BC"))
    note = "You sign the person, the reason and the words that stand here under your own name."
    label = "Sign as second officer: this is A1234BC"
    waiting = _in_session(now, 0, "A second officer must identify the person")
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
        acts=(ActView("second", label, fields, (means,), primary=True, note=note), END),
    )


def _by_hand(now: datetime) -> LaneView:
    lane, released = _stated(now), _released(now)
    assert lane.manual is not None and released.decision is not None
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
    decision = replace(released.decision, summary=summary, modalities=(), fused_fmr=None, checks=checks, by_hand=True)
    done = tuple(StepView(each, StepState.DONE) for each in ("Two officers", "Checks"))
    assert released.session is not None
    session_view = replace(released.session, steps=(*done, StepView("Confirmation", StepState.NOW)))
    return replace(released, manual=manual, decision=decision, session=session_view, acts=(confirm, key, END))


def _frozen(now: datetime) -> LaneView:
    return replace(_lane(now, acts=(START,)), freezes=(_freeze(now),))


def _freeze(now: datetime) -> FreezeView:
    why = InputView("why", "Why?")
    lift = ActView("unfreeze", "Lift this freeze as second officer", (("scope", "prison"), ("name", "MDI")), (why,))
    words = "Somebody was let out by key at MDI-LANE-1: reconcile"
    return FreezeView(
        "Frozen: prison MDI. Nothing opens.", words, "gateway-1", now - timedelta(minutes=3), "Officer Adams", (lift,)
    )


def _opened(now: datetime) -> LaneView:
    lane = _released(now)
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
        door=_door(now, DoorState.OPEN),
        session=session,
        decision=granted,
        acts=(),
        events=(*events, *lane.events),
    )


def _alarmed(now: datetime) -> LaneView:
    alarm = AlarmView(
        now - timedelta(seconds=20),
        "MDI-LANE-1",
        "UNGRANTED_OPEN",
        "the door opened without a grant",
        "Security",
        "Keep the person here and call security.",
    )
    return replace(_lane(now, door=DoorState.ALARM), alarms=(alarm,))


def _any_script(now: datetime) -> LaneView:
    """A hostile name and a long one in two scripts: both must stay text, in one place."""
    name = "<img src=x onerror=alert(1)> محمد \u202eآل عبد\u202c Llanfairpwllgwyngyllgogerychwyrndrobwll"
    return replace(_released(now), subject=replace(_subject(), name=name, photograph=None, born=None))
