"""From the audit log to the watch: every entry once, in order, and the same log gives the same state. Pure.

What is counted is a person's release. Its earlier checks that failed, its second attempts and the manual path after a
check show that the machine did not know somebody who was the right person after all: the false non-match rate as far
as it can be seen in use. Somebody who was never released counts nowhere; that may have been an impostor.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Any, Final

from sallyport_gateway.audit.log import Entry
from sallyport_gateway.watch.cusum import StopRule, make_test
from sallyport_gateway.watch.policy import Measure, WatchPolicy
from sallyport_gateway.watch.sketch import Sketch, lowest_seventh

MOST_OPEN: Final = 20_000
"""Sessions and authorisations that are remembered until their release; the oldest are forgotten."""
RETRY, WEAK, EVERYBODY = "retry", "weak", ""
MACHINE: Final = "BIOMETRIC"
TAKEN: Final = ("CHECK_STARTED", "DECISION", "UNFROZEN")
"""The kinds of entries that say something here."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a chart is about. `part` is a modality, or empty; `group` empty is everybody."""

    prison: str
    model_set: str
    measure: str
    part: str
    group: str


@dataclass(slots=True)
class Chart:
    """One sequential test as it stands."""

    test: StopRule
    total: float = 0.0
    sessions: int = 0
    events: int = 0
    stopped: bool = False

    def take(self, event: bool) -> bool:
        """One more session; True when it stops now. A stopped chart waits for the officers."""
        self.sessions += 1
        self.events += event
        if self.stopped:
            return False
        self.total = self.test.after(self.total, event)
        self.stopped = self.test.stops(self.total)
        return self.stopped


@dataclass(frozen=True, slots=True)
class Alarm:
    """A chart that stopped, and the entry that stopped it."""

    key: Key
    sessions: int
    events: int
    usual: float
    at: int

    @property
    def sentence(self) -> str:
        whom = f" of group {self.key.group}" if self.key.group else ""
        what = {RETRY: f"people{whom} who had to try again", WEAK: f"weak matches by {self.key.part}"}[self.key.measure]
        return f"{self.key.prison}: {self.events} of {self.sessions} were {what}, more than the usual {self.usual:.0%}."


@dataclass(slots=True)
class _Case:
    """What is known of an authorisation before its release."""

    prison: str = ""
    group: str = ""
    model_set: str = ""
    troubled: bool = False


@dataclass(slots=True)
class Watch:
    """The state of everything that is watched."""

    policy: WatchPolicy
    charts: dict[Key, Chart] = field(default_factory=dict)
    sketches: dict[tuple[str, str, str, str], Sketch] = field(default_factory=dict)
    """By (prison, model set, modality, group)."""
    bounds: dict[tuple[str, str, str], float] = field(default_factory=dict)
    """What a weak match is, by (prison, model set, modality), once it is learned."""
    _learning: dict[tuple[str, str, str], list[float]] = field(default_factory=dict)
    _open: OrderedDict[str, _Case] = field(default_factory=OrderedDict)
    alarms: deque[Alarm] = field(default_factory=lambda: deque(maxlen=100))

    def __post_init__(self) -> None:
        """The tests are worked out before they are needed: that takes a moment."""
        for measure in (self.policy.retry, self.policy.weak):
            make_test(measure.usual, measure.bad, self.policy.sessions_to_false_alarm)

    def take(self, entry: Entry) -> list[Alarm]:
        """One entry; the alarms that it raised."""
        if entry.kind == "CHECK_STARTED":
            self._started(entry.skimmed)
        elif entry.kind == "DECISION":
            return self._decided(entry.skimmed, entry.at)
        elif entry.kind == "UNFROZEN":
            self._lifted(entry.skimmed)
        return []

    @property
    def stopped(self) -> dict[str, Alarm]:
        """The first standing alarm of each prison that is stopped."""
        held = {key.prison for key, chart in self.charts.items() if chart.stopped}
        return {each.key.prison: each for each in reversed(self.alarms) if each.key.prison in held}

    def _case(self, authorisation: str) -> _Case:
        found = self._open.setdefault(authorisation, _Case())
        self._open.move_to_end(authorisation)
        while len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)
        return found

    def _started(self, body: dict[str, Any]) -> None:
        case = self._case(str(body.get("authorisation", "")))
        case.group = str(body.get("group") or case.group)
        case.prison = str(body.get("prison") or str(body.get("lane", "")).partition("-")[0])

    def _decided(self, body: dict[str, Any], at: int) -> list[Alarm]:
        case = self._case(str(body.get("authorisation_id", "")))
        case.prison = case.prison or str(body.get("prison") or str(body.get("lane", "")).partition("-")[0])
        machine = body.get("path") == MACHINE
        parts = body.get("modalities") or []
        if machine:
            model_set = body.get("model_set")
            case.model_set = model_set.hex()[:16] if isinstance(model_set, bytes) else case.model_set
            case.troubled |= any(part.get("attempts", 0) > 1 for part in parts)
        if body.get("verdict") != "RELEASE":
            case.troubled |= machine and _not_known(body)
            return []
        self._open.pop(str(body.get("authorisation_id", "")), None)
        if not case.model_set:
            return []  # no machine took part: nothing to say about its models
        found = self._count(Key(case.prison, case.model_set, RETRY, "", ""), self.policy.retry,
                            case.troubled or not machine, case.group, at)  # fmt: skip
        for part in parts if machine else ():
            found += self._matched(case, str(part.get("modality")), part.get("llr"), at)
        return found

    def _matched(self, case: _Case, modality: str, llr: Any, at: int) -> list[Alarm]:
        if not isinstance(llr, float):
            return []
        place = (case.prison, case.model_set, modality)
        for group in {EVERYBODY, case.group}:
            self.sketches.setdefault((*place, group), Sketch()).add(llr)
        if place not in self.bounds:
            learned = self._learning.setdefault(place, [])
            learned.append(llr)
            if len(learned) >= self.policy.learned_from:
                self.bounds[place] = lowest_seventh(self._learning.pop(place))
            return []
        key = Key(case.prison, case.model_set, WEAK, modality, "")
        return self._count(key, self.policy.weak, llr < self.bounds[place], case.group, at)

    def _count(self, key: Key, measure: Measure, event: bool, group: str, at: int) -> list[Alarm]:
        keys = [key]
        if measure.groups and group:
            keys.append(Key(key.prison, key.model_set, key.measure, key.part, group))
        raised = []
        for each in keys:
            chart = self.charts.get(each)
            if chart is None:
                test = make_test(measure.usual, measure.bad, self.policy.sessions_to_false_alarm)
                chart = self.charts[each] = Chart(test)
            if chart.take(event):
                raised.append(Alarm(each, chart.sessions, chart.events, measure.usual, at))
        self.alarms.extend(raised)
        return raised

    def _lifted(self, body: dict[str, Any]) -> None:
        """Two officers have looked: the tests of that prison begin again. What was learned stays."""
        if body.get("scope") != "MODELS" or body.get("answer") != "LIFTED":
            return
        for key, chart in self.charts.items():
            if key.prison == body.get("name"):
                chart.total, chart.stopped = 0.0, False


def _not_known(body: dict[str, Any]) -> bool:
    """Did the machine fail to know the person: check 10 or 12, and not a matter of papers?"""
    return any(check.get("number") in (10, 12) and check.get("outcome") != "PASS" for check in body.get("checks", ()))
