"""Releases told to other systems: written with the release, numbered without gaps, signed, said again, never lost."""

import asyncio
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from sallyport_gateway.authority.records import Authorisation
from sallyport_gateway.casebook.words import Case
from sallyport_gateway.drivers import authority_embedded as embedded
from sallyport_gateway.drivers.authority_access import By
from sallyport_gateway.drivers.authority_office import EmbeddedAuthority
from sallyport_gateway.drivers.release_outbox import AGAIN, Announcer, claim, due, note, say_again, told
from sallyport_gateway.store import Store
from sallyport_protocol import envelope
from sallyport_protocol.releases import ReleaseEvent
from sallyport_protocol.topics import Topic
from sallyport_provisioning.estate import Estate


def paper(base: Case, number: int, prison: str = "MDI") -> Authorisation:
    changes = {"id": f"auth-{number}", "prison_id": prison}
    return base.evidence.authorisations[0].model_copy(update=changes)


def test_each_prison_counts_for_itself_without_gaps_and_once(conn: Connection, base: Case) -> None:
    assert [note(conn, paper(base, number), base.now) for number in (1, 2)] == [1, 2]
    assert note(conn, paper(base, 3, "WWI"), base.now) == 1
    assert note(conn, paper(base, 2), base.now) is None
    assert [each["sequence"] for each in told(conn, "MDI", 0)] == [1, 2]
    assert [each["sequence"] for each in told(conn, "MDI", 1)] == [2]


def test_it_is_written_in_the_transaction_of_the_release(settled: Connection, base: Case) -> None:
    authority = EmbeddedAuthority(b"k" * 32, lambda: True)
    embedded.create(settled, base.evidence.authorisations[0], By("omu.clerk", "due"), base.now)
    authority.released(settled, "auth-1", base.now)
    (found,) = told(settled, "MDI", 0)
    assert (found["prisoner"], found["movement"], found["reason"], found["said"]) == ("A1234BC", "REL", "CR", 0)


def test_it_is_said_again_and_then_no_more(conn: Connection, base: Case) -> None:
    note(conn, paper(base, 1), base.now)
    now, said = base.now, 0
    for pause in (timedelta(0), *AGAIN):
        assert said == 0 or due(conn, ["MDI"], now + pause - timedelta(seconds=1)) == []
        now += pause
        (each,) = due(conn, ["MDI"], now)
        assert claim(conn, each, now) and not claim(conn, each, now), "one gateway says it"
        said += 1
    assert said == 6 and due(conn, ["MDI"], now + timedelta(days=365)) == []
    assert say_again(conn, "MDI", 0) == 1 and len(due(conn, ["MDI"], now)) == 1
    assert due(conn, ["WWI"], now) == [], "only its own prisons"


class Ear:
    """The other end of the link."""

    def __init__(self) -> None:
        self.heard: list[tuple[Topic, bytes]] = []
        self.connected = True

    def send(self, topic: Topic, message: bytes, expiry: float) -> None:
        self.heard.append((topic, message))


@pytest.fixture
def store(fast_folder: Path) -> Iterator[Store]:
    with Store(Path(tempfile.mkdtemp(dir=fast_folder)) / "store.db") as made:
        yield made


def announcer(store: Store, estate: Estate, ear: Ear, now: datetime) -> Announcer:
    signer = estate.signer("gateway-1")
    return Announcer(store, "gateway-1", ["MDI"], signer, lambda: now, ear.send, lambda: ear.connected)


def test_what_is_said_is_signed_for_its_topic(store: Store, estate: Estate, base: Case) -> None:
    ear = Ear()
    store.write_now(lambda conn: note(conn, paper(base, 1), base.now))
    ear.connected = False
    assert asyncio.run(announcer(store, estate, ear, base.now).once()) == 0, "nothing is claimed while it cannot leave"
    ear.connected = True
    assert asyncio.run(announcer(store, estate, ear, base.now).once()) == 1
    ((topic, message),) = ear.heard
    assert str(topic) == "sallyport/v1/MDI/RELEASES/release"
    content = envelope.verify(message, str(topic), estate.registry().resolve).content
    event = ReleaseEvent.parse(content)
    assert (event.prisoner, event.sequence, event.repeat, event.gateway) == ("A1234BC", 1, 0, "gateway-1")
    assert event.released_at == int(base.now.timestamp() * 1_000)
    with pytest.raises(Exception, match=r"."):
        envelope.verify(message, "sallyport/v1/WWI/RELEASES/release", estate.registry().resolve)


def test_a_crash_between_turn_and_saying_loses_nothing(store: Store, estate: Estate, base: Case) -> None:
    store.write_now(lambda conn: note(conn, paper(base, 1), base.now))
    (each,) = store.read_now(lambda conn: due(conn, ["MDI"], base.now))
    assert store.write_now(lambda conn: claim(conn, each, base.now))  # and the process is gone
    ear = Ear()
    assert asyncio.run(announcer(store, estate, ear, base.now).once()) == 0
    assert asyncio.run(announcer(store, estate, ear, base.now + AGAIN[0]).once()) == 1
