"""From view words to HTML: whole pages, and the regions that live updates replace."""

from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import Environment, PackageLoader, StrictUndefined

from sallyport_gateway.web.ahead_view import AheadView
from sallyport_gateway.web.decision_view import fmr_in_words
from sallyport_gateway.web.lane_view import DoorState, LanesView, LaneView
from sallyport_gateway.web.live import Picture
from sallyport_gateway.web.search_view import SearchView

LANE_REGIONS: Final = (
    "freezes",
    "alarms",
    "verdict",
    "door",
    "subject",
    "manual",
    "acts",
    "session",
    "reasons",
    "modalities",
    "checks",
    "events",
)
AHEAD_REGIONS: Final = ("released", "held", "due", "ended")
LANES_REGIONS: Final = ("freezes", "alarms", "lanes", "authorisations", "acts")

DOOR_WORDS: Final = {
    DoorState.LOCKED: "Locked",
    DoorState.UNLOCKED: "Unlocked",
    DoorState.OPEN: "Open",
    DoorState.ALARM: "Alarm",
    DoorState.UNKNOWN: "Not known",
}


class Pages:
    """The officer's pages. Rendering is pure: the same view at the same moment gives the same text."""

    def __init__(self) -> None:
        self._jinja = Environment(
            loader=PackageLoader("sallyport_gateway.web", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._jinja.filters |= _FILTERS
        self._jinja.globals |= {"door_words": DOOR_WORDS, "zone_name": zone_name(), "zone": str(zone())}

    def lane_page(self, view: LaneView, now: datetime) -> str:
        """The page of one lane."""
        return self._page("lane.html", f"/lanes/{view.lane}/events", self.lane_picture(view, now), view=view)

    def lanes_page(self, view: LanesView, now: datetime) -> str:
        """The first page."""
        return self._page("lanes.html", "/events", self.lanes_picture(view, now), view=view)

    def ahead_page(self, view: AheadView, now: datetime) -> str:
        """Holds, releases that may have been errors, and who is due."""
        return self._page("ahead.html", "/ahead/events", self.ahead_picture(view, now), view=view)

    def ahead_picture(self, view: AheadView, now: datetime) -> Picture:
        """That page at one moment."""
        late = sum(each.over_detained for each in view.held)
        said = [f"{len(view.released)} alarms about releases."] if view.released else []
        said += [f"{len(view.held)} open holds, {late} held too long."] if view.held else []
        return Picture(self._regions("ahead", AHEAD_REGIONS, view=view), "Holds and who is due", " ".join(said))

    def search_page(self, view: SearchView) -> str:
        """Where an officer finds a person, and what was found."""
        title = f"{'Error: ' if view.problems else ''}Find a person"
        return self._page("search.html", None, Picture({}, title, ""), view=view)

    def sign_in_page(self) -> str:
        """Where an officer loads a development key and certificate."""
        return self._page("sign-in.html", None, Picture({}, "Sign in", ""))

    def problem_page(self, heading: str, sentence: str) -> str:
        """What went wrong and what to do."""
        return self._page("problem.html", None, Picture({}, heading, ""), heading=heading, sentence=sentence)

    def lane_picture(self, view: LaneView, now: datetime) -> Picture:
        """One lane at one moment."""
        expired = view.decision is not None and view.decision.expired(now)
        return Picture(
            self._regions("lane", LANE_REGIONS, view=view, expired=expired),
            f"{'STOPPED – ' if view.freezes else ''}{_headline(view, expired)} – {view.lane}",
            _announcement(view, expired),
            view.session.session if view.session else "",
        )

    def lanes_picture(self, view: LanesView, now: datetime) -> Picture:
        """The desk at one moment."""
        expired = {lane.lane: lane.decision is not None and lane.decision.expired(now) for lane in view.lanes}
        frozen = " ".join(each.heading for each in view.freezes)
        alarms = " ".join(f"Alarm. {alarm.lane}: {alarm.sentence}" for alarm in view.alarms)
        return Picture(
            self._regions("lanes", LANES_REGIONS, view=view, expired=expired),
            f"{'STOPPED – ' if view.freezes else ''}Lanes – {view.prison}",
            f"{frozen} {alarms}".strip(),
        )

    def _regions(self, folder: str, names: tuple[str, ...], **words: Any) -> dict[str, str]:
        return {name: self._jinja.get_template(f"{folder}/{name}.html").render(**words).strip() for name in names}

    def _page(self, template: str, events: str | None, picture: Picture, **words: Any) -> str:
        return self._jinja.get_template(template).render(events=events, picture=picture, **words)


@cache
def zone() -> tzinfo:
    """The officers' time: the United Kingdom's, or UTC (and said so) where the machine lacks the time-zone data."""
    try:
        return ZoneInfo("Europe/London")
    except ZoneInfoNotFoundError:
        return UTC


def zone_name() -> str:
    """What the pages call their time."""
    return "UTC" if zone() is UTC else "UK time"


def _clock(moment: datetime) -> str:
    return moment.astimezone(zone()).strftime("%H:%M:%S")


def _moment(moment: datetime) -> str:
    local = moment.astimezone(zone())
    return f"{local:%H:%M} on {_day(local.date())}"


def _minutes(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{rest} min"


def _window(window: tuple[datetime, datetime]) -> str:
    opens, closes = (each.astimezone(zone()) for each in window)
    if opens.date() == closes.date():
        return f"{opens:%H:%M} to {closes:%H:%M} on {_day(closes.date())}"
    return f"{_moment(opens)} to {_moment(closes)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


_FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "clock": _clock,
    "moment": _moment,
    "minutes": _minutes,
    "window": _window,
    "day": _day,
    "milliseconds": _milliseconds,
    "fmr_in_words": fmr_in_words,
}


def _headline(view: LaneView, expired: bool) -> str:
    if view.decision is not None:
        return "EXPIRED" if expired else view.decision.verdict.value
    return view.session.state if view.session else "No session"


def _announcement(view: LaneView, expired: bool) -> str:
    """What a screen reader says after a change: alarms, verdict or session, door."""
    sentences = [each.heading for each in view.freezes]
    sentences += [f"Alarm. {alarm.sentence}" for alarm in view.alarms]
    if view.decision is not None and expired:
        sentences.append("The decision has run out.")
    elif view.decision is not None:
        sentences.append(f"Verdict: {view.decision.verdict}. {view.decision.summary}")
    elif view.session is not None:
        sentences.append(f"{view.session.state}.")
    sentences.append(f"Door: {DOOR_WORDS[view.door.state]}.")
    return " ".join(sentences)
