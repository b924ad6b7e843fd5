"""The HMPPS adapter against a real HTTPS server: what it reads, and what it does when the other side misbehaves."""

import asyncio
import gc
import socket
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hmpps_server import Hmpps, flaky, serving
from sqlalchemy import Connection, Engine

from sallyport_gateway.authority.decide import decide
from sallyport_gateway.authority.hmpps import VOIDING_EVENTS
from sallyport_gateway.authority.policy import release_policy
from sallyport_gateway.authority.records import ReviewedAlias
from sallyport_gateway.authority.words import ImmigrationKind, Source
from sallyport_gateway.casebook.words import Case
from sallyport_gateway.drivers import authority_embedded as embedded
from sallyport_gateway.drivers.authority_access import By
from sallyport_gateway.drivers.authority_compose import compose
from sallyport_gateway.drivers.authority_hmpps import Fetched, fetch, keep, take_event
from sallyport_gateway.drivers.authority_records import Kind, put
from sallyport_gateway.drivers.hmpps_client import BREAK_AFTER, REST, Breaker, HmppsClient, HmppsPlace
from sallyport_gateway.store.engine import open_engines
from sallyport_gateway.store.migrate import migrate
from sallyport_protocol.checks import ADMISSION, CheckOutcome, passed
from sallyport_protocol.errors import MalformedError, RoadError

NUMBER = "A1234BC"
BY = By("r.omu", "review")
PERSON = f"/v1/persons/{NUMBER}"
ANSWERS: dict[str, Any] = {
    PERSON: {
        "prisonerNumber": NUMBER,
        "firstName": "Rowan James",
        "lastName": "Harte",
        "dateOfBirth": "1991-04-17",
        "status": "ACTIVE IN",
        "inOutStatus": "IN",
        "prisonId": "MDI",
        "legalStatus": "SENTENCED",
        "recall": False,
        "restrictedPatient": False,
        "aliases": [],
        "identifiers": [{"type": "PNC", "value": "2012/0394773H", "issuedDate": "2012-01-01"}],
        "currentFacialImageId": 2461788,
        "cellLocation": "A-1-002",
    },
    f"/person/prison/{NUMBER}": {
        "cprUUID": "6d0a2a4e-4a52-4d0f-9d9e-3a3c0f0d1c11",
        "identifiers": {"prisonNumbers": [NUMBER], "pncs": []},
        "aliases": [],
    },
    f"{PERSON}/active-alerts": {"alerts": []},
    f"/calculation/{NUMBER}/latest?checkForChange=true": {
        "calculationReference": "1f0c3a52-7d0e-4b67-9f6e-0a4b5c6d7e8f",
        "calculationStatus": "CONFIRMED",
        "calculatedByUsername": "e.fenn",
        "calculatedAt": "2026-05-27T11:00:00Z",
        "checkedByUsername": "g.hart",
        "checkedAt": "2026-05-28T09:00:00Z",
        "inputsChanged": False,
        "dates": {"CRD": "2026-06-10"},
        "warrantsIncluded": ["W-100"],
    },
    f"{PERSON}/sentences/latest-key-dates-and-adjustments": {"adjustments": []},
    f"{PERSON}/warrants": {
        "warrants": [{"warrantId": "W-100", "kind": "SENTENCING", "status": "APPLIED", "surname": "Harte"}],
        "papers": [],
    },
    "/v1/warrants/unmatched": {"warrants": []},
    f"{PERSON}/custodial-status": {
        "cases": [{"caseId": "T1", "custodialStatus": "CUSTODIAL_SENTENCE", "warrantId": "W-100"}]
    },
    f"{PERSON}/status-information": {"records": []},
    f"{PERSON}/recalls": {"recalls": []},
    f"{PERSON}/licences/conditions": {"licences": [{"licenceId": "L-1", "kind": "CRD", "status": "ACTIVE"}]},
}
ANSWERS[f"{PERSON}/warrants"]["warrants"][0]["prisonerNumber"] = NUMBER
PATIENT = httpx.Timeout(120.0)
HASTY = httpx.Timeout(0.3, connect=10.0)


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    made, reader = open_engines(tmp_path_factory.mktemp("hmpps") / "store.db")
    migrate(made)
    yield made
    made.dispose()
    reader.dispose()


@pytest.fixture
def conn(writer: Engine) -> Iterator[Connection]:
    """SQLite is enough here: the adapter's statements are those of the embedded store."""
    with writer.connect() as made:
        transaction = made.begin()
        yield made
        transaction.rollback()


@pytest.fixture
def hmpps() -> Hmpps:
    return Hmpps(deepcopy(ANSWERS))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture
def place(hmpps: Hmpps, folder: Path) -> Iterator[HmppsPlace]:
    with serving(hmpps, folder) as place:
        yield place


def ask(place: HmppsPlace, now: datetime, **how: Any) -> Fetched:
    async def run() -> Fetched:
        client = HmppsClient(place, **{"spread": lambda: 0.0, "timeout": PATIENT, "total": 240.0, **how})
        try:
            return await fetch(client, NUMBER, now)
        finally:
            await client.close()

    return asyncio.run(run())


def refused(conn: Connection, base: Case) -> set[int]:
    """The checks of a release on the base case's authorisation that do not pass on what the store holds."""
    evidence = compose(conn, NUMBER).with_ledger(base.evidence.lives, (), True)
    decision = decide([passed(n) for n in ADMISSION], base.request, evidence, release_policy(), base.now)
    return {int(check.number) for check in decision.checks if check.outcome is not CheckOutcome.PASS}


@pytest.fixture
def authorised(conn: Connection, base: Case, place: HmppsPlace) -> Connection:
    """Everything read from HMPPS, and an approved authorisation on it."""
    keep(conn, ask(place, base.now), base.now)
    embedded.create(conn, base.evidence.authorisations[0], BY, base.now)
    for officer in ("a.bell", "c.dale"):
        embedded.approve(conn, "auth-1", By(officer, "read"), base.now)
    return conn


def test_what_hmpps_says_releases(authorised: Connection, base: Case, hmpps: Hmpps) -> None:
    assert refused(authorised, base) == set()
    assert len(hmpps.asked) == len(ANSWERS)


def test_the_same_again_changes_nothing(authorised: Connection, base: Case, place: HmppsPlace) -> None:
    assert keep(authorised, ask(place, base.now), base.now).changed is False
    assert refused(authorised, base) == set()


def test_a_record_that_is_gone_upstream_is_gone_here(
    authorised: Connection, base: Case, hmpps: Hmpps, place: HmppsPlace
) -> None:
    alert = {"alertId": "a-1", "alertType": "X", "alertCode": "XNR", "active": True}
    hmpps.answers[f"{PERSON}/active-alerts"] = {"alerts": [alert]}
    done = keep(authorised, ask(place, base.now), base.now)
    assert done.paused == ("auth-1",) and refused(authorised, base) == {14, 16}
    hmpps.answers[f"{PERSON}/active-alerts"] = {"alerts": []}
    assert keep(authorised, ask(place, base.now), base.now).touched == ("auth-1",)
    assert refused(authorised, base) == {14}


@pytest.mark.parametrize("times", [1, 2])
def test_a_passing_fault_is_tried_again(base: Case, hmpps: Hmpps, place: HmppsPlace, times: int) -> None:
    hmpps.answers[f"{PERSON}/recalls"] = flaky(times, {"recalls": []})
    assert ask(place, base.now).troubles == {}
    assert hmpps.asked.count(f"{PERSON}/recalls") == times + 1


def test_a_lasting_fault_is_an_unknown_not_a_pass(
    authorised: Connection, base: Case, hmpps: Hmpps, place: HmppsPlace
) -> None:
    hmpps.answers[f"{PERSON}/recalls"] = (500, b"oops", 0)
    later = base.now + timedelta(minutes=20)
    fetched = ask(place, later)
    assert set(fetched.troubles) == {Source.RECALL} and "status 500" in fetched.troubles[Source.RECALL]
    keep(authorised, fetched, later)
    assert compose(authorised, NUMBER).as_of[Source.RECALL] == base.now, "what was known stays, and ages"
    evidence = compose(authorised, NUMBER).with_ledger(base.evidence.lives, (), True)
    decision = decide([passed(n) for n in ADMISSION], base.request, evidence, release_policy(), later)
    assert decision.numbers(CheckOutcome.UNKNOWN) == (19, 24)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((200, b"not json", 0), "something else than JSON"),
        ((200, b"[]", 0), "something else than a JSON object"),
        ((200, b"[" * 100_000, 0), "something else than JSON"),
        ((200, b'{"recalls": "none"}', 0), "The list recalls is missing"),
        ((200, b"{}", 0), "The list recalls is missing"),
        ((200, b'{"recalls": [7]}', 0), "something else than objects"),
        ((200, b'{"recalls": [{"recallId": "r", "recallType": "NEW_90", "status": "APPLIED"}]}', 0), "recallType"),
        ((200, b'{"recalls": [{"recallType": "LR", "status": "APPLIED"}]}', 0), "recallId is missing"),
        ((200, b'{"recalls": [], "asOf": "noon"}', 0), "not a time"),
        ((200, b'{"recalls": [], "asOf": "2026-06-10T09:00:00"}', 0), "no time zone"),
        ((200, b'{"recalls": ["' + b"x" * 1_100_000 + b'"]}', 0), "more than 1048576 bytes"),
        ((403, b"{}", 0), "refused with status 403"),
        ((302, b"", 0), "refused with status 302"),
        ((404, b"{}", 0), "knows no"),
    ],
)
def test_whatever_comes_is_an_answer_or_a_trouble(
    base: Case, hmpps: Hmpps, place: HmppsPlace, answer: Any, words: str
) -> None:
    hmpps.answers[f"{PERSON}/recalls"] = answer
    fetched = ask(place, base.now)
    assert set(fetched.troubles) == {Source.RECALL} and words in fetched.troubles[Source.RECALL]
    assert Source.RECALL not in fetched.as_of and len(fetched.as_of) == len(Source) - 1


def test_a_source_that_is_too_slow_is_left(base: Case, hmpps: Hmpps, place: HmppsPlace) -> None:
    hmpps.answers[f"{PERSON}/recalls"] = (200, b'{"recalls": []}', 1.0)
    assert "ReadTimeout" in ask(place, base.now, timeout=HASTY).troubles[Source.RECALL]
    assert "within 0.4 s" in ask(place, base.now, total=0.4).troubles[Source.RECALL]


def test_who_stops_waiting_in_the_middle_of_a_handshake_leaves_no_connection(place: HmppsPlace) -> None:
    """A source that takes connections and says nothing: each that was given up is closed, and at once."""
    listener = socket.create_server(("127.0.0.1", 0))
    silent = replace(place, url=f"https://127.0.0.1:{listener.getsockname()[1]}")

    async def run() -> list[bytes]:
        client = HmppsClient(silent, timeout=PATIENT, total=0.2)
        for source in ("A", "B"):
            with pytest.raises(RoadError, match="did not answer"):
                await client.get(source, "/x")
        await asyncio.sleep(0)  # what was cut is closed in the loop's next turn
        heard = []
        for _ in range(2):
            taken, _from = listener.accept()
            taken.settimeout(5)
            with taken:
                hello = taken.recv(65_536)
                heard.append(hello[:1] + taken.recv(65_536))
        await client.close()
        return heard

    gc.disable()  # the collector would hide it
    try:
        assert asyncio.run(run()) == [b"\x16", b"\x16"], "a client's hello, then the end"
    finally:
        gc.enable()
        listener.close()


def test_half_a_source_is_no_source(base: Case, hmpps: Hmpps, place: HmppsPlace) -> None:
    hmpps.answers["/v1/warrants/unmatched"] = (500, b"", 0)
    fetched = ask(place, base.now)
    assert Source.WARRANTS not in fetched.as_of
    assert not [record for source, record in fetched.records if source is Source.WARRANTS]


def test_a_feed_is_as_old_as_it_says(authorised: Connection, base: Case, hmpps: Hmpps, place: HmppsPlace) -> None:
    old = (base.now - timedelta(minutes=80)).isoformat()
    hmpps.answers[f"{PERSON}/custodial-status"]["asOf"] = old
    fetched = ask(place, base.now)
    assert fetched.as_of[Source.CROWN_COURT] == base.now - timedelta(minutes=80)


def test_an_unknown_code_holds(authorised: Connection, base: Case, hmpps: Hmpps, place: HmppsPlace) -> None:
    hmpps.answers[f"{PERSON}/status-information"] = {"records": [{"recordId": "i", "kind": "IS96", "current": True}]}
    keep(authorised, ask(place, base.now), base.now)
    assert compose(authorised, NUMBER).immigration[0].kind is ImmigrationKind.UNKNOWN
    assert refused(authorised, base) == {14, 18}


def test_sources_that_contradict_one_another_are_told(
    authorised: Connection, base: Case, hmpps: Hmpps, place: HmppsPlace
) -> None:
    hmpps.answers[f"{PERSON}/custodial-status"] = {"cases": [{"caseId": "T1", "custodialStatus": "ACQUITTED"}]}
    keep(authorised, ask(place, base.now), base.now)
    assert compose(authorised, NUMBER).conflicts == (
        "the prison says SENTENCED, the court knows no custodial sentence",
    )
    assert refused(authorised, base) == {14, 24}
    hmpps.answers[f"{PERSON}/custodial-status"] = deepcopy(ANSWERS[f"{PERSON}/custodial-status"])
    keep(authorised, ask(place, base.now), base.now)
    assert compose(authorised, NUMBER).conflicts == ()


def test_an_answer_about_somebody_else_is_no_answer(base: Case, hmpps: Hmpps, place: HmppsPlace) -> None:
    hmpps.answers[PERSON]["prisonerNumber"] = "A1234BD"
    assert "is about A1234BD" in ask(place, base.now).troubles[Source.PRISONER]


def test_nobody_under_the_number_is_an_answer(conn: Connection, base: Case, hmpps: Hmpps, place: HmppsPlace) -> None:
    del hmpps.answers[PERSON]
    fetched = ask(place, base.now)
    assert Source.PRISONER in fetched.as_of and fetched.troubles == {}
    keep(conn, fetched, base.now)
    assert compose(conn, NUMBER).prisoner is None


def test_reviews_by_our_officers_stay(authorised: Connection, base: Case, hmpps: Hmpps, place: HmppsPlace) -> None:
    hmpps.answers[f"/person/prison/{NUMBER}"]["aliases"] = [{"firstName": "Ray", "lastName": "Vance"}]
    keep(authorised, ask(place, base.now), base.now)
    identity = compose(authorised, NUMBER).identity
    assert identity is not None and 22 in refused(authorised, base)
    looked = ReviewedAlias(surname="Vance", forenames="Ray", reviewed_by="r.omu", reviewed_at=base.now)
    put(authorised, Kind.IDENTITY, NUMBER, identity.model_copy(update={"aliases": (looked,)}), BY, base.now)
    keep(authorised, ask(place, base.now), base.now)
    assert 22 not in refused(authorised, base)


def test_without_our_certificate_or_key_nothing_is_read(base: Case, place: HmppsPlace, folder: Path) -> None:
    stranger = replace(place, certificate=folder / "stranger.pem", key=folder / "stranger.key")
    assert set(ask(stranger, base.now).troubles) == set(Source)
    assert set(ask(replace(place, api_key="wrong"), base.now).troubles) == set(Source)
    untrusted = replace(place, authorities=folder / "stranger.pem")
    assert set(ask(untrusted, base.now).troubles) == set(Source)
    assert place.api_key not in repr(place)
    with pytest.raises(RoadError, match="cannot be used"):
        HmppsClient(replace(place, certificate=folder / "nothing.pem"))


def test_nobody_there_at_all(base: Case, place: HmppsPlace) -> None:
    fetched = ask(replace(place, url="https://127.0.0.1:9"), base.now)
    assert fetched.as_of == {} and fetched.records == () and set(fetched.troubles) == set(Source)


def test_only_a_well_formed_number_is_asked_about(base: Case, place: HmppsPlace, hmpps: Hmpps) -> None:
    async def run() -> None:
        client = HmppsClient(place)
        try:
            await fetch(client, "../images/1", base.now)
        finally:
            await client.close()

    with pytest.raises(MalformedError):
        asyncio.run(run())
    assert hmpps.asked == []


def test_the_breaker_opens_rests_and_tries_once() -> None:
    breaker = Breaker()
    for _ in range(BREAK_AFTER - 1):
        breaker.failed(0.0)
    assert breaker.allows(0.0)
    breaker.failed(1.0)
    assert not breaker.allows(1.0) and not breaker.allows(REST + 0.9) and breaker.allows(REST + 1.0)
    breaker.failed(40.0)
    assert not breaker.allows(41.0)
    breaker.worked()
    assert breaker.allows(41.0) and breaker.failures == 0


def test_a_broken_source_is_left_alone(base: Case, hmpps: Hmpps, place: HmppsPlace) -> None:
    hmpps.answers[f"{PERSON}/recalls"] = (503, b"", 0)

    async def run() -> list[Fetched]:
        client = HmppsClient(place, spread=lambda: 0.0, timeout=PATIENT, total=30.0)
        try:
            return [await fetch(client, NUMBER, base.now) for _ in range(BREAK_AFTER + 2)]
        finally:
            await client.close()

    rounds = asyncio.run(run())
    assert "left alone" in rounds[-1].troubles[Source.RECALL]
    assert hmpps.asked.count(f"{PERSON}/recalls") == BREAK_AFTER * 3


@pytest.mark.parametrize("event", sorted(VOIDING_EVENTS))
def test_the_fields_events_void_at_once(authorised: Connection, base: Case, event: str) -> None:
    done = take_event(authorised, {"eventType": event, "prisonerNumber": NUMBER}, base.now)
    assert done.paused == ("auth-1",) and refused(authorised, base) == {14}


def test_other_events_and_broken_ones(authorised: Connection, base: Case) -> None:
    assert not take_event(authorised, {"eventType": "prison.visit.booked", "prisonerNumber": NUMBER}, base.now).changed
    for broken in (
        {},
        {"eventType": 7},
        {"eventType": "recall.inserted"},
        {"eventType": "recall.inserted", "prisonerNumber": "x"},
    ):
        with pytest.raises(MalformedError):
            take_event(authorised, broken, base.now)
    assert refused(authorised, base) == set()
