"""The watch: its tests stop as often as they say, drift is seen soon, and what is stopped is held until two lift it."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection
from typer.testing import CliRunner

from sallyport_gateway.__main__ import app
from sallyport_gateway.audit import log as audit
from sallyport_gateway.audit.log import Entry
from sallyport_gateway.commands.cli_watch import as_map
from sallyport_gateway.configuration import load_configuration
from sallyport_gateway.ledger import freezes
from sallyport_gateway.ledger.freezes import Lift, Scope
from sallyport_gateway.store import Store
from sallyport_gateway.watch.cusum import StopRule, make_test, sessions_to_alarm
from sallyport_gateway.watch.fold import RETRY, WEAK, Alarm, Watch
from sallyport_gateway.watch.groups import group_of
from sallyport_gateway.watch.plot import draw_watch
from sallyport_gateway.watch.policy import WatchPolicy, watch_policy
from sallyport_gateway.watch.rounds import Lookout, hold_models
from sallyport_gateway.watch.simulate import simulate
from sallyport_gateway.watch.sketch import Sketch
from sallyport_protocol import canonical
from sallyport_protocol.errors import MalformedError
from sallyport_provisioning.estate import Estate

MODELS = b"\x11" * 32
NOW = datetime(2026, 6, 10, 9, 30, tzinfo=UTC)
AT = int(NOW.timestamp() * 1_000)


@pytest.fixture(scope="module")
def policy() -> WatchPolicy:
    """The shipped measures with a small false-alarm time, so that tests are quick."""
    return watch_policy().model_copy(update={"sessions_to_false_alarm": 5_000, "learned_from": 100})


class Site:
    """Makes the audit entries of one prison's releases."""

    def __init__(self, prison: str = "MDI", seed: int = 1) -> None:
        self.prison, self.rng, self.entries = prison, np.random.default_rng(seed), list[Entry]()

    def add(self, kind: str, body: dict[str, Any]) -> None:
        self.entries.append(Entry("g", len(self.entries), kind, AT, b"", canonical.encode(body)))

    def release(
        self, *, tries: int = 1, attempts: int = 1, shift: float = 0.0, group: str = "30 to 49", path: str = "BIOMETRIC"
    ) -> None:
        number = f"auth-{len(self.entries)}"
        self.add("CHECK_STARTED", {"lane": f"{self.prison}-LANE-1", "authorisation": number, "group": group})
        for each in range(tries):
            last = each == tries - 1
            checks = [] if last else [{"number": 12, "outcome": "FAIL", "reason": "NON_MATCH"}]
            llr = [float(self.rng.normal(12 - shift, 2.0)) for _ in range(2)]
            parts = [
                {"modality": name, "attempts": attempts, "llr": value}
                for name, value in zip(("face", "finger"), llr, strict=True)
            ]
            body: dict[str, Any] = {"lane": f"{self.prison}-LANE-1", "authorisation_id": number, "checks": checks}
            body |= {"path": path if last else "BIOMETRIC", "verdict": "RELEASE" if last else "HOLD"}
            if body["path"] == "BIOMETRIC":
                body |= {"model_set": MODELS, "modalities": parts}
            self.add("DECISION", body)

    def releases(self, count: int, trouble: float, **more: Any) -> None:
        for _ in range(count):
            self.release(tries=2 if self.rng.random() < trouble else 1, **more)


def taken(watch: Watch, entries: Iterable[Entry]) -> list[Alarm]:
    return [alarm for entry in entries for alarm in watch.take(entry)]


def chart(watch: Watch, measure: str, part: str = "", group: str = "") -> Any:
    found = [each for key, each in watch.charts.items() if (key.measure, key.part, key.group) == (measure, part, group)]
    return found[0] if found else None


# -- the stop rule -----------------------------------------------------------------------------------------------------


def test_a_test_stops_for_nothing_as_seldom_as_it_says() -> None:
    test = make_test(0.1, 0.3, 1_000)
    assert 1_000 <= sessions_to_alarm(test, 0.1) <= 1_300
    found = simulate(test, 0.1, runs=300, sessions=8_000)
    assert found["stopped"] >= 295
    assert 0.6 * 1_000 <= found["median"] / np.log(2) <= 1.6 * 1_000, "times to a false alarm are about exponential"


def test_a_change_is_seen_soon() -> None:
    test = make_test(0.1, 0.3, 1_000)
    found = simulate(test, 0.3, runs=300, sessions=1_000)
    assert found["stopped"] == 300 and found["median"] < 40 and found["p95"] < 90
    assert sessions_to_alarm(test, 0.3) == pytest.approx(found["median"], rel=0.5)


def test_a_longer_time_to_a_false_alarm_is_a_higher_limit() -> None:
    limits = [make_test(0.1, 0.3, sessions).limit for sessions in (1_000, 5_000, 20_000)]
    assert limits == sorted(limits) and limits[0] < limits[2]
    assert StopRule(0.1, 0.3, 5.0).after(0.0, event=False) == 0.0


@pytest.mark.long
def test_the_shipped_policy_on_simulated_sites() -> None:
    """What docs/models/watch.md states: false alarms, and how soon a bad share is seen."""
    shipped = watch_policy()
    for measure, soon in ((shipped.retry, 400), (shipped.weak, 120)):
        test = make_test(measure.usual, measure.bad, shipped.sessions_to_false_alarm)
        assert sessions_to_alarm(test, measure.usual) >= shipped.sessions_to_false_alarm
        usual, bad = simulate(test, measure.usual), simulate(test, measure.bad, sessions=5_000)
        assert usual["stopped"] <= 0.25 * usual["runs"]
        assert bad["stopped"] == bad["runs"] and bad["p95"] < soon


# -- the fold ----------------------------------------------------------------------------------------------------------


def test_a_site_as_usual_goes_on(policy: WatchPolicy) -> None:
    site, watch = Site(), Watch(policy)
    site.releases(600, 0.03)
    assert taken(watch, site.entries) == [] and watch.stopped == {}
    assert chart(watch, RETRY).sessions == 600
    assert chart(watch, WEAK, "face").sessions == 500, "the first hundred are learned from"


def test_more_retries_than_usual_stop_the_models(policy: WatchPolicy) -> None:
    site, watch = Site(), Watch(policy)
    site.releases(200, 0.03)
    before = len(site.entries)
    site.releases(300, 0.25)
    alarms = taken(watch, site.entries)
    assert alarms and alarms[0].key.measure == RETRY and set(watch.stopped) == {"MDI"}
    stopped_at = [number for number, each in enumerate(site.entries) if each.kind == "DECISION"]
    assert chart(watch, RETRY).sessions == 500 and len(stopped_at) > before / 2
    assert "more than the usual 3%" in alarms[0].sentence


def test_weaker_scores_stop_the_models_before_anybody_is_refused(policy: WatchPolicy) -> None:
    site, watch = Site(), Watch(policy)
    site.releases(300, 0.0)
    assert taken(watch, site.entries) == []
    later = Site(seed=2)
    later.releases(100, 0.0, shift=3.0)
    alarms = taken(watch, later.entries)
    assert {each.key.measure for each in alarms} == {WEAK} and alarms[0].sessions < 270
    assert chart(watch, RETRY).events == 0


def test_one_group_that_is_treated_worse_is_seen_though_the_mean_is_not(policy: WatchPolicy) -> None:
    site, watch = Site(), Watch(policy)
    for _ in range(300):
        site.releases(9, 0.02, group="30 to 49")
        site.releases(1, 0.30, group="50 and over")
        if watch.stopped:
            break
        taken(watch, site.entries[-20:])
    assert (watch.alarms[0].key.group, watch.alarms[0].key.measure) == ("50 and over", RETRY)
    assert "of group 50 and over" in watch.alarms[0].sentence


def test_every_sign_of_trouble_counts_once_a_release(policy: WatchPolicy) -> None:
    site, watch = Site(), Watch(policy)
    site.release()
    site.release(attempts=2)
    site.release(tries=3)
    site.release(tries=2, path="MANUAL")
    site.release(path="MANUAL")
    taken(watch, site.entries)
    found = chart(watch, RETRY)
    assert (found.sessions, found.events) == (4, 3), "where no machine took part there is nothing to say of it"


def test_a_person_who_is_never_released_counts_nowhere(policy: WatchPolicy) -> None:
    site, watch = Site(), Watch(policy)
    body = {"lane": "MDI-LANE-1", "authorisation_id": "x", "path": "BIOMETRIC", "verdict": "HOLD", "model_set": MODELS}
    for _ in range(500):
        site.add("DECISION", {**body, "checks": [{"number": 12, "outcome": "FAIL"}], "modalities": []})
    assert taken(watch, site.entries) == [] and not watch.charts


def test_the_same_log_gives_the_same_watch(policy: WatchPolicy) -> None:
    site = Site()
    site.releases(300, 0.2)
    one, other = Watch(policy), Watch(policy)
    taken(one, site.entries)
    taken(other, site.entries)
    assert as_map(one) == as_map(other)


def test_old_entries_without_modalities_are_read(policy: WatchPolicy) -> None:
    site, watch = Site(), Watch(policy)
    site.add("DECISION", {"lane": "MDI-LANE-1", "authorisation_id": "x", "path": "BIOMETRIC", "verdict": "RELEASE"})
    assert taken(watch, site.entries) == []


def test_two_officers_begin_the_tests_again(policy: WatchPolicy) -> None:
    site, watch = Site(), Watch(policy)
    site.releases(200, 0.5)
    assert taken(watch, site.entries) and watch.stopped
    lifted = {"scope": "MODELS", "name": "MDI", "officer": "b", "answer": "LIFTED"}
    site.add("UNFROZEN", {**lifted, "answer": "ANOTHER_OFFICER_MUST"})
    site.add("UNFROZEN", {**lifted, "name": "WWI"})
    taken(watch, site.entries[-2:])
    assert watch.stopped
    site.add("UNFROZEN", lifted)
    taken(watch, site.entries[-1:])
    assert not watch.stopped and chart(watch, RETRY).total == 0.0


# -- the door ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("portion", [1, 3, 1_000])
def test_logs_are_taken_in_portions_whole_and_in_the_order_of_time(
    conn: Connection, policy: WatchPolicy, portion: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        name = "gateway-1" if number % 3 else "gateway-2"
        kind = "CHECK_STARTED" if number % 5 else "OTHER"
        audit.append(conn, name, kind, {"authorisation": f"A-{number}"}, AT + number)
    taken: list[int] = []

    def take(_: Watch, entry: Entry) -> None:
        taken.append(entry.at - AT)

    monkeypatch.setattr(Watch, "take", take)
    lookout = Lookout(policy, portion)
    lookout.look(conn, NOW)
    assert taken == [number for number in range(40) if number % 5]
    audit.append(conn, "gateway-2", "DECISION", {}, AT + 40)
    lookout.look(conn, NOW)
    assert taken[-1] == 40 and len(taken) == 33


def test_an_alarm_holds_the_models_once_and_a_restart_comes_to_the_same(conn: Connection, policy: WatchPolicy) -> None:
    site = Site()
    site.releases(120, 0.6)
    for entry in site.entries:
        audit.append(conn, "gateway-1", entry.kind, entry.content, AT)
    for _ in range(2):  # the second one is another gateway, or this one after a restart
        lookout = Lookout(policy)
        alarms = lookout.look(conn, NOW)
        notices = hold_models(conn, "gateway-1", alarms, NOW)
        assert lookout.look(conn, NOW) == alarms, "nothing new"
    assert notices == [] and "MDI" in (freezes.models_held(conn, "MDI") or "")
    assert freezes.models_held(conn, "WWI") is None
    assert freezes.over(conn, "MDI", "MDI-LANE-1") == [], "the manual path goes on"
    kinds = [entry.kind for entry in audit.entries(conn, "gateway-1")]
    assert kinds.count("MODELS_HELD") == 1
    assert freezes.lift(conn, Scope.MODELS, "MDI", "a", AT) is Lift.ANOTHER_OFFICER_MUST
    assert freezes.lift(conn, Scope.MODELS, "MDI", "b", AT) is Lift.LIFTED
    assert freezes.models_held(conn, "MDI") is None


# -- the words ---------------------------------------------------------------------------------------------------------


def test_age_bands() -> None:
    today = date(2026, 6, 10)
    born = {"under 21": date(2005, 6, 11), "21 to 29": date(2005, 6, 10), "50 and over": date(1976, 6, 10), "": None}
    assert {band: group_of(day, today) for band, day in born.items()} == {band: band for band in born}
    assert group_of(date(1976, 6, 11), today) == "30 to 49"


def test_a_sketch_is_bounded_and_knows_its_quantiles() -> None:
    sketch = Sketch()
    for value in (-1e6, 1e6, 3.2, 3.9, 4.1):
        sketch.add(value)
    assert (sketch.total, len(sketch.counts), sketch.quantile(0.5)) == (5, 36, 3.0)
    assert Sketch().quantile(0.5) is None


@pytest.mark.parametrize(
    ("old", "new"), [("bad = 0.10", "bad = 0.01"), ("version = 1", "version = 2"), ("[weak]", "[w")]
)
def test_a_broken_policy_is_refused(old: str, new: str) -> None:
    text = (Path(audit.__file__).parents[1] / "watch/policy.toml").read_text()
    assert old in text
    with pytest.raises(MalformedError):
        watch_policy(text.replace(old, new, 1))


def test_the_picture_is_drawn(tmp_path: Path, policy: WatchPolicy) -> None:
    site, watch = Site(), Watch(replace_learned(policy))
    site.releases(60, 0.1)
    taken(watch, site.entries)
    draw_watch(tmp_path / "watch.png", watch)
    assert (tmp_path / "watch.png").read_bytes().startswith(b"\x89PNG")


def replace_learned(policy: WatchPolicy) -> WatchPolicy:
    return policy.model_copy(update={"learned_from": 50})


def test_the_command_says_what_there_is(estate: Estate, tmp_path: Path) -> None:
    """On an empty store; then on one with releases, as a table and as JSON."""
    config = tmp_path / "gateway.toml"
    config.write_text(estate.gateway_config.read_text())
    for each in estate.gateway_config.parent.iterdir():
        if not (tmp_path / each.name).exists():
            (tmp_path / each.name).symlink_to(each)
    empty = CliRunner().invoke(app, ["watch", "--config", str(config)])
    assert empty.exit_code == 0 and "Nothing to show" in empty.stdout, empty.output
    site = Site()
    site.releases(40, 0.1)
    with Store(load_configuration(config).store_url) as store:
        at = int(datetime.now(UTC).timestamp() * 1_000)
        store.write_now(lambda conn: [audit.append(conn, "g", e.kind, e.content, at) for e in site.entries] and None)
    shown = CliRunner().invoke(app, ["watch", "--config", str(config), "--json"])
    found = json.loads(shown.stdout)
    assert {each["measure"] for each in found["charts"]} == {RETRY} and found["held"] == []
    assert sum(found["distributions"][0]["counts"]) == 40
