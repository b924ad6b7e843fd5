"""A lane in every state that the officer can meet."""

from dataclasses import replace
from datetime import datetime, timedelta

from sallyport_gateway.web.act_view import ActView, InputView
from sallyport_gateway.web.lane_view import AlarmView, DoorState, FreezeView, KioskView, LanesView, LaneView
from sallyport_gateway.web.sample.by_hand import by_hand, stated
from sallyport_gateway.web.sample.checked import any_script, held, in_session, opened, referred, released
from sallyport_gateway.web.sample.parts import PRISON, START, door_as, lane_with, paper, withdraw


def lanes(now: datetime) -> dict[str, LaneView]:
    """Every state by name, all as of `now`."""
    lost = KioskView("MDI-K01", False, now - timedelta(minutes=2))
    found = {
        "ready": lane_with(now, acts=(START,)),
        "face": in_session(now, 1, "The person is at the camera"),
        "finger": in_session(now, 2, "The person is at the fingerprint sensor"),
        "release": released(now),
        "release-two-seconds": released(now, timedelta(seconds=2)),
        "expired": released(now, timedelta(seconds=-5)),
        "hold": held(now),
        "refer": referred(now),
        "manual-second": stated(now),
        "manual-release": by_hand(now),
        "frozen": _frozen(now),
        "unlocked": replace(opened(now), door=door_as(now, DoorState.UNLOCKED)),
        "door-open": opened(now),
        "alarm": _alarmed(now),
        "kiosk-lost": lane_with(now, kiosk=lost, door=DoorState.UNKNOWN),
        "any-script": any_script(now),
    }
    return {name: replace(lane, lane=name) for name, lane in found.items()}


def desk(now: datetime) -> LanesView:
    """The first page with all of them, and two authorisations."""
    every = lanes(now)
    pending = replace(
        paper(now),
        authorisation="auth-0002",
        subject_name="Subject B",
        prisoner_number="A5678CD",
        state="Pending: one approval of two",
        approvers=("Officer Adams",),
        acts=(
            ActView("approve", "Approve", (("authorisation", "auth-0002"),), primary=True),
            withdraw("auth-0002"),
        ),
    )
    approved = replace(paper(now), acts=(withdraw("auth-0001"),))
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


def _frozen(now: datetime) -> LaneView:
    return replace(lane_with(now, acts=(START,)), freezes=(_freeze(now),))


def _freeze(now: datetime) -> FreezeView:
    why = InputView("why", "Why?")
    lift = ActView("unfreeze", "Lift this freeze as second officer", (("scope", "prison"), ("name", "MDI")), (why,))
    words = "Somebody was let out by key at MDI-LANE-1: reconcile"
    return FreezeView(
        "Frozen: prison MDI. Nothing opens.", words, "gateway-1", now - timedelta(minutes=3), "Officer Adams", (lift,)
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
    return replace(lane_with(now, door=DoorState.ALARM), alarms=(alarm,))
