"""The road to HMPPS as a running gateway has it: one section of its configuration, a real server, a feed that lasts."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hmpps_answers import NUMBER, PERSON, answers
from hmpps_server import KEY, Hmpps, domain_event, serving

from sallyport_gateway.authority.words import Source
from sallyport_gateway.configuration import Configuration, HmppsSection
from sallyport_gateway.drivers import authority_embedded as embedded
from sallyport_gateway.drivers.authority_access import By
from sallyport_gateway.drivers.authority_feed import position, state
from sallyport_gateway.drivers.authority_office import EmbeddedAuthority
from sallyport_gateway.drivers.authority_records import heard_about
from sallyport_gateway.drivers.authority_upstream import HmppsAuthority, Upstream, hmpps_place, open_upstream
from sallyport_gateway.drivers.hmpps_client import HmppsPlace
from sallyport_gateway.notice import Notice
from sallyport_gateway.store import Store
from sallyport_protocol.documents import Profile
from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_rig.demonstration import records


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture
def hmpps() -> Hmpps:
    return Hmpps(answers(datetime.now(UTC)))


@pytest.fixture
def place(hmpps: Hmpps, folder: Path) -> Iterator[HmppsPlace]:
    with serving(hmpps, folder) as made:
        yield made


@pytest.fixture
def store(fast_folder: Path) -> Iterator[Store]:
    with Store(Path(tempfile.mkdtemp(dir=fast_folder)) / "store.db") as made:
        yield made


def configured(place: HmppsPlace, folder: Path, profile: Profile = Profile.PRODUCTION, **changes: Any) -> Configuration:
    """A gateway's configuration with this section; its files lie in `folder`."""
    (folder / "api.key").write_text(f"{KEY}\n")
    section = {
        "url": place.url, "authorities": "ca.pem", "certificate": "client.pem", "key": "client.key",
        "api_key": "api.key", "events": "/v1/events", "total_s": 5.0, "patience_s": 0.5,
    }  # fmt: skip
    content = {name: value for name, value in {**section, **changes}.items() if value is not None}
    file = SimpleNamespace(profile=profile, hmpps=HmppsSection.parse(content))
    return Configuration(file, folder)  # type: ignore[arg-type]


class Gateway:
    """The road of one running gateway on a store."""

    def __init__(self, configuration: Configuration, store: Store) -> None:
        self.store, self.told = store, list[Notice]()
        authority = HmppsAuthority(b"k" * 32, lambda: True)
        now: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731
        made = open_upstream(configuration, store, authority, "gateway-1", now, self.told.append)
        assert made is not None and authority.follows
        self.road: Upstream = made

    def run(self, work: Callable[["Gateway"], Awaitable[None]]) -> None:
        """Starts, works, stops."""

        async def whole() -> None:
            await self.road.start()
            try:
                await work(self)
            finally:
                await self.road.stop()
                await asyncio.sleep(0.1)  # connections that were cut in the middle close in the loop's next turns

        asyncio.run(whole())

    async def until(self, true: Callable[[], bool], within: float = 10.0) -> float:
        """Seconds until it is true."""
        began = time.monotonic()
        while not await asyncio.to_thread(true):
            assert time.monotonic() - began < within, "in vain"
            await asyncio.sleep(0.02)
        return time.monotonic() - began

    def state_of(self, paper: str) -> str:
        found = self.store.read_now(lambda conn: embedded.find(conn, paper))
        return found.state.value if found else "none"


def authorise(store: Store, paper: str = "auth-1") -> None:
    """What two officers approve at the desk, once the person has been read."""
    now = datetime.now(UTC)
    authority = EmbeddedAuthority(b"k" * 32, lambda: True)
    document = records.text(records.authorisation(paper, now))
    assert store.write_now(lambda conn: authority.create(conn, document, "omu.clerk", now)) is None
    for officer in ("a.bell", "c.dale"):
        store.write_now(lambda conn, officer=officer: embedded.approve(conn, paper, By(officer, "read"), now))


def test_an_event_voids_at_once_and_the_person_is_read_again(
    place: HmppsPlace, folder: Path, store: Store, hmpps: Hmpps
) -> None:
    gateway = Gateway(configured(place, folder), store)

    async def work(here: Gateway) -> None:
        await here.road.gather_person(NUMBER)
        await asyncio.to_thread(authorise, store)
        await here.until(lambda: store.read_now(position) is not None)
        assert here.state_of("auth-1") == "APPROVED"
        asked = len(hmpps.asked)
        hmpps.feed.say(domain_event("recall.inserted", NUMBER))
        assert await here.until(lambda: here.state_of("auth-1") == "PAUSED") < 3.0
        await here.until(lambda: sum(path.startswith(PERSON) for path in hmpps.asked[asked:]) >= 8)
        await here.until(lambda: len(store.read_now(lambda conn: heard_about(conn, [NUMBER]))) == len(Source))

    gateway.run(work)


def test_what_came_while_nobody_listened_is_taken_after_the_restart(
    place: HmppsPlace, folder: Path, store: Store, hmpps: Hmpps
) -> None:
    async def first(here: Gateway) -> None:
        await here.road.gather_person(NUMBER)
        await here.until(lambda: store.read_now(position) == 0)

    Gateway(configured(place, folder), store).run(first)
    authorise(store)
    hmpps.feed.say(domain_event("prison.visit.booked", None))
    hmpps.feed.say(domain_event("person.alert.created", NUMBER))

    async def second(here: Gateway) -> None:
        await here.until(lambda: here.state_of("auth-1") == "PAUSED")
        assert store.read_now(position) == 2 and here.told == []

    Gateway(configured(place, folder), store).run(second)


def test_a_feed_that_fails_is_told_and_heard_again_by_itself(
    place: HmppsPlace, folder: Path, store: Store, hmpps: Hmpps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sallyport_gateway.drivers.event_feed.FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr("sallyport_gateway.drivers.event_feed.LONGEST_PAUSE_S", 0.05)

    async def work(here: Gateway) -> None:
        await here.until(lambda: store.read_now(state).heard_at is not None)
        hmpps.feed.broken = (200, b'{"notifications": "none"}', 0)
        hmpps.feed.say(domain_event("prison.visit.booked", None))
        await here.until(lambda: any(each.code == "FEED_SILENT" for each in here.told))
        assert store.read_now(state).heard_at is None, "it speaks, and nobody knows what it says"
        hmpps.feed.broken = None
        await here.until(lambda: store.read_now(state).heard_at is not None)

    Gateway(configured(place, folder), store).run(work)


def test_a_step_of_an_opening_waits_no_longer_than_its_patience(
    place: HmppsPlace, folder: Path, store: Store, hmpps: Hmpps
) -> None:
    hmpps.answers[f"{PERSON}/recalls"] = (200, b'{"recalls": []}', 3.0)

    async def work(here: Gateway) -> None:
        began = time.monotonic()
        await here.road.gather_person(NUMBER, thoroughly=False)
        assert time.monotonic() - began < 2.5
        known = store.read_now(lambda conn: heard_about(conn, [NUMBER]))
        assert Source.RECALL not in known and "did not answer" in here.road.refresh.troubles[Source.RECALL]

    Gateway(configured(place, folder), store).run(work)


def test_gathering_never_raises_whatever_is_wrong(
    place: HmppsPlace, folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = Gateway(configured(place, folder), store)

    async def work(here: Gateway) -> None:
        await here.road.gather("no such paper", thoroughly=True)
        await here.road.gather_person("'; DROP TABLE x")
        for trouble in (RoadError("the disk is full"), ValueError("not foreseen")):

            async def broken(job: Any, trouble: Exception = trouble) -> None:
                raise trouble

            with monkeypatch.context() as patch:
                patch.setattr(store, "read", broken)
                await here.road.gather("auth-1", thoroughly=False)

    gateway.run(work)


# The section


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"certificate": None, "key": None, "api_key": None}, "neither a certificate nor an api_key"),
        ({"url": "http://127.0.0.1"}, "is not https"),
        ({"sources": {"EVENTS": "http://127.0.0.1"}}, "is not https"),
        ({"events": None}, "names no events"),
    ],
)
def test_a_production_gateway_does_not_start_with_less(
    place: HmppsPlace, folder: Path, store: Store, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(MalformedError, match=words):
        Gateway(configured(place, folder, **changes), store)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sources": {"RECALLS": "https://x"}}, "RECALLS is no source"),
        ({"cache_s": {"EVENTS": 1.0}}, "EVENTS is no source"),
        ({"url": "ftp://x"}, "not an http"),
        ({"key": None}, "go together"),
        ({"patience_s": 60.0}, "patience_s"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_section_that_says_something_else_is_refused_by_name(
    place: HmppsPlace, folder: Path, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(MalformedError, match=words):
        configured(place, folder, **changes)


def test_a_key_that_is_none_and_files_that_are_not_there(place: HmppsPlace, folder: Path, store: Store) -> None:
    with pytest.raises(RoadError, match=r"nothing\.key"):
        Gateway(configured(place, folder, api_key="nothing.key"), store)
    (folder / "empty.key").write_text("\n")
    with pytest.raises(MalformedError, match="holds no API key"):
        Gateway(configured(place, folder, api_key="empty.key"), store)
    with pytest.raises(RoadError, match="cannot be used"):
        Gateway(configured(place, folder, certificate="nothing.pem"), store)


def test_a_development_gateway_may_ask_over_plain_http_with_a_key(place: HmppsPlace, folder: Path) -> None:
    plain = {"url": "http://127.0.0.1:8080", "certificate": None, "key": None, "authorities": None, "events": None}
    configuration = configured(place, folder, Profile.DEVELOPMENT, **plain)
    section = configuration.file.hmpps
    assert section is not None
    made = hmpps_place(configuration, section)
    assert (made.url, made.api_key, made.certificate) == ("http://127.0.0.1:8080", KEY, None)
