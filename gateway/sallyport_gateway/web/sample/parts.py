"""What the sample lanes are made of."""

from datetime import date, datetime, timedelta

from sallyport_gateway.web.act_view import ActView, InputView
from sallyport_gateway.web.lane_view import (
    AuthorisationView,
    DoorState,
    DoorView,
    EventView,
    KioskView,
    LaneView,
    SubjectView,
)

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


def lane_with(
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
        door_as(now, door),
        acts=acts,
        events=(
            EventView(now - timedelta(minutes=31), "Door locked", "Bolt and contact agree", 4101),
            EventView(now - timedelta(minutes=32), "Door opened", "Grant used", 4100),
            EventView(hour, "Kiosk connected", "MDI-K01"),
        ),
    )


def door_as(now: datetime, state: DoorState) -> DoorView:
    sentences = {
        DoorState.OPEN: "The person may go through.",
        DoorState.UNLOCKED: "It locks again by itself.",
        DoorState.ALARM: "Opened without a grant.",
        DoorState.UNKNOWN: "The interlock cannot be heard.",
        DoorState.LOCKED: "",
    }
    age = timedelta(minutes=31) if state == DoorState.LOCKED else timedelta(seconds=2)
    return DoorView(state, now - age, sentences[state])


def subject() -> SubjectView:
    return SubjectView("Subject A", "A1234BC", date(1990, 3, 4), "silhouette", date(2026, 2, 11))


def paper(now: datetime) -> AuthorisationView:
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


def withdraw(authorisation: str) -> ActView:
    why = InputView("reason", "Reason for withdrawing")
    return ActView("withdraw", "Withdraw the authorisation", (("authorisation", authorisation),), (why,), warning=True)
