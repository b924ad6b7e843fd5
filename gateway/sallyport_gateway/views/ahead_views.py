"""From the store to the page of holds and of who is due. Reads; changes nothing."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from sallyport_gateway.authority.holding import ESCALATION, SAID_BY_OFFICERS, Ending, Level
from sallyport_gateway.drivers.authority_feed import unclear
from sallyport_gateway.drivers.authority_holds import EndedHold, OpenHold, ended_holds, open_holds
from sallyport_gateway.drivers.authority_nights import Look, latest
from sallyport_gateway.drivers.authority_sweep import OpenAlarm, open_alarms
from sallyport_gateway.service import Service
from sallyport_gateway.views.lane_views import Views
from sallyport_gateway.views.standing import words
from sallyport_gateway.web.act_view import ActView, InputKind, InputView
from sallyport_gateway.web.ahead_view import (
    AheadView,
    DueView,
    EndedView,
    HeldView,
    LookView,
    ReleasedView,
    SettleView,
)
from sallyport_gateway.web.ports import Reader
from sallyport_protocol.causes import CauseCode, NextStep

SHOWN_BACK: Final = timedelta(days=7)
"""How long a hold that ended stays on the page."""

_ENDINGS: Final = {
    Ending.ERROR_PREVENTED: "The release would have been an error",
    Ending.SETTLED: "It was put right; the person may leave",
    Ending.ATTEMPT_REPEATED: "A later attempt let the person out",
    Ending.WITHDRAWN: "The authorisation was withdrawn",
}


class Ahead:
    """Implements `AheadViews` over a running service."""

    def __init__(self, service: Service, views: Views) -> None:
        self._service, self._views = service, views

    async def ahead(self) -> AheadView:
        """Everything about this gateway's prisons."""
        file = self._service.configuration.file
        prisons, now = tuple(str(each) for each in file.prisons), self._service.clock.now()
        return await self._service.store.read(lambda conn: self._ahead(conn, prisons, file.preflight, now))

    async def consulted(self, reader: Reader, people: Iterable[str], what: str) -> None:
        await self._views.consulted(reader, people, what)

    def subscribe(self, lane: str | None) -> AsyncIterator[None]:
        return self._views.subscribe(lane)

    def _ahead(self, conn: Connection, prisons: tuple[str, ...], preflight: str, now: datetime) -> AheadView:
        released = [each for prison in prisons for each in open_alarms(conn, prison)]
        held = [each for prison in prisons for each in open_holds(conn, prison, now)]
        ended = [each for prison in prisons for each in ended_holds(conn, prison, now - SHOWN_BACK)]
        looks = [look for prison in prisons if (look := latest(conn, prison)) is not None]
        shown = AheadView(
            prisons,
            tuple(map(_released, released)),
            tuple(_held(each, self._name(conn, each)) for each in _urgent_first(held)),
            tuple(map(_ended, ended)),
            tuple(map(_look, looks)),
            preflight,
            unclear(conn),
        )
        named = [each.prisoner_number for each in shown.released]
        named += [each.prisoner_number for each in shown.held]
        named += [each.prisoner_number for each in shown.ended]
        named += [due.prisoner_number for look in shown.looks for due in (*look.within_2, *look.within_14)]
        return replace(shown, people=tuple(dict.fromkeys(named)))

    def _name(self, conn: Connection, hold: OpenHold) -> str:
        case = self._service.authority.case(conn, hold.held.authorisation)
        return case.name if case is not None else ""


def _urgent_first(held: list[OpenHold]) -> list[OpenHold]:
    """Who is over-detained, then who has waited longest."""
    return sorted(held, key=lambda each: (not each.clock.over_detained, each.held.opened_at, each.id))


def _held(hold: OpenHold, name: str) -> HeldView:
    held, clock = hold.held, hold.clock
    later = [level for after, level in ESCALATION if after > clock.running]
    choices = tuple((ending.value, _ENDINGS[ending]) for ending in SAID_BY_OFFICERS)
    inputs = (
        InputView("ending", "How did it end?", kind=InputKind.CHOICE, choices=choices),
        InputView("why", "What was found, and by whom?"),
    )
    return HeldView(
        held.prisoner_number,
        name,
        held.authorisation,
        held.verdict.value,
        held.cause.wording,
        tuple(map(_person, held.reasons)),
        _person(held.owner.value),
        held.next_step.wording,
        held.opened_at,
        int(clock.running.total_seconds() // 60),
        "the owner" if clock.level is Level.OWNER else words(clock.level.value),
        words(later[0].value) if later else "",
        clock.next_at,
        clock.over_detained,
        (ActView("settle", "This hold has ended", (("hold", str(hold.id)),), inputs),),
    )


def _ended(hold: EndedHold) -> EndedView:
    held = hold.held
    return EndedView(
        held.prisoner_number,
        held.cause.wording,
        held.opened_at,
        hold.ended_at,
        _ENDINGS[hold.ending],
        hold.ended_by,
        hold.note,
    )


def _released(alarm: OpenAlarm) -> ReleasedView:
    fields = (("authorisation", alarm.authorisation), ("reason", alarm.reason))
    inputs = (
        InputView(
            "error",
            "Was this a release in error?",
            kind=InputKind.CHOICE,
            choices=(("yes", "Yes, it was"), ("no", "No, the release was right")),
        ),
        InputView("why", "How is that known, and who was told?"),
    )
    return ReleasedView(
        alarm.prisoner_number,
        alarm.authorisation,
        alarm.sentence,
        CauseCode(alarm.cause).wording,
        tuple(_person(each) for each in alarm.tell),
        alarm.raised_at,
        (ActView("answer", "Answer this alarm", fields, inputs, warning=True),),
    )


def _look(look: Look) -> LookView:
    rows = [(row["withinDays"], _due(row)) for row in look.rows]
    near, far = (tuple(due for band, due in rows if band == wanted) for wanted in (2, 14))
    return LookView(look.prison, look.day, look.ended_at, near, far)


def _due(row: dict[str, Any]) -> DueView:
    settle = tuple(
        SettleView(each["sentence"], _person(each["owner"]), NextStep(each["nextStep"]).wording)
        for each in row["settle"]
    )
    day, number, name = date.fromisoformat(row["day"]), row["prisonerNumber"], row["name"]
    return DueView(day, number, name, row["authorisation"], settle, tuple(row["references"]))


def _person(code: str) -> str:
    text = words(code)
    return text[:1].upper() + text[1:]
