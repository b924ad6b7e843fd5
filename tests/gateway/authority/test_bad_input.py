"""Bad input to the authority: each gives a clear error or a HOLD with its reason, never a release or a crash.

Elsewhere: contradicting sources, drift and 10 MB answers of HMPPS (`test_upstream.py`, `test_hmpps.py`,
`tests/house/test_hmpps.py`); wrong rows of a file (`test_import.py`); missing and mistyped fields of a case
(`tests/gateway/casebook/test_files.py`); two people under one number, one person under two, duplicate authorisations,
dates a day early, late, in the future (the library's cases of these names); markup on the pages
(`tests/gateway/views/test_ahead.py`, `tests/gateway/web`).
"""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from string import ascii_uppercase, digits
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select

from sallyport_gateway import api
from sallyport_gateway.authority.calendar import london_day
from sallyport_gateway.authority.decide import decide
from sallyport_gateway.authority.json_form import MAX_BYTES
from sallyport_gateway.authority.policy import release_policy
from sallyport_gateway.authority.records import PrisonerRecord
from sallyport_gateway.casebook.files import LIBRARY, expand, merge, named_case
from sallyport_gateway.casebook.words import Case
from sallyport_gateway.drivers import authority_embedded as embedded
from sallyport_gateway.drivers.authority_access import By
from sallyport_gateway.drivers.authority_import import import_csv, import_json
from sallyport_gateway.drivers.authority_records import Kind, put
from sallyport_gateway.drivers.authority_search import search
from sallyport_gateway.drivers.authority_tables import records
from sallyport_gateway.web.ports import ActOutcome
from sallyport_protocol.checks import ADMISSION, passed
from sallyport_protocol.decision import Decision, Verdict
from sallyport_protocol.errors import MalformedError

NUMBER, BY, POLICY = "A1234BC", By("omu.clerk", "due"), release_policy()
TEN_MB = 10_000_000


def judged(case: Case) -> Decision:
    return decide([passed(number) for number in ADMISSION], case.request, case.evidence, POLICY, case.now)


def changed(change: dict[str, Any]) -> Decision:
    """The base case with a merge patch."""
    return judged(Case.parse(json.dumps(merge(expand(LIBRARY / "base-cr.json"), change))))


# A number has no check digit


def slips(number: str) -> Iterator[str]:
    """Every well-formed number that one wrong character, or two neighbours changed about, makes of it."""
    for place, right in enumerate(number):
        for wrong in ascii_uppercase if right.isalpha() else digits:
            if wrong != right:
                yield number[:place] + wrong + number[place + 1 :]
    for place in range(len(number) - 1):
        one, other = number[place], number[place + 1]
        if one != other and one.isalpha() == other.isalpha():
            yield number[:place] + other + one + number[place + 2 :]


def test_every_slip_that_hits_another_person_is_caught_by_name(base: Case) -> None:
    """Also when the officer's paper carries the wrong number all the way to the door."""
    wrong = list(slips(NUMBER))
    assert len(wrong) > 110
    for number in wrong:
        change = {
            "request": {"prisonerNumber": number},
            "evidence": {
                "prisonerNumber": number,
                "prisoner": {
                    "prisonerNumber": number, "surname": "Okafor", "forenames": "Daniel", "dateOfBirth": "1979-11-02"
                },
                "identity": {"numbers": []},
            },
        }  # fmt: skip
        whole = merge(expand(LIBRARY / "base-cr.json"), change)
        for paper in whole["evidence"]["authorisations"]:
            paper["prisonerNumber"] = number
        decision = judged(Case.parse(json.dumps(whole)))
        said = {each.reason for each in decision.refused}
        assert decision.verdict is Verdict.HOLD and {"NAME_MISMATCH", "BIRTH_DATE_MISMATCH"} <= said, number


@pytest.mark.parametrize(
    "other",
    [
        {"surname": "Okafor", "forenames": "Daniel", "date_of_birth": date(1979, 11, 2)},
        {"surname": "Harte", "forenames": "Rowan James", "date_of_birth": date(1961, 4, 17)},  # his father
        {"surname": "Hartley", "forenames": "Rowan James", "date_of_birth": date(1991, 4, 17)},
        {"surname": "Harte", "forenames": "Rory", "date_of_birth": date(1991, 4, 17)},  # his twin
    ],
    ids=["a stranger", "father and son", "a name that begins alike", "a twin"],
)
def test_who_asks_for_the_wrong_number_is_told_at_once(settled: Connection, base: Case, other: dict[str, Any]) -> None:
    prisoner, paper = base.evidence.prisoner, base.evidence.authorisations[0]
    assert prisoner is not None
    for number in list(slips(NUMBER))[::23]:
        there = prisoner.model_copy(update={"prisoner_number": number, "aliases": (), **other})
        put(settled, Kind.PRISONER, number, there, BY, base.now)
        wrong = paper.model_copy(update={"id": f"auth-{number}", "prisoner_number": number})
        refused = embedded.create(settled, wrong, BY, base.now)
        assert isinstance(refused, embedded.Refused) and refused.code == "OTHER_PERSON", (number, other)


@pytest.mark.parametrize("number", ["", "A1234B", "a1234bc", "A1234BC ", "A1234BCD", "1234ABC", "A1234Б", "A１234BC"])
def test_what_is_no_number_is_refused(settled: Connection, base: Case, number: str) -> None:
    paper = base.evidence.authorisations[0].model_copy(update={"prisoner_number": number})
    refused = embedded.create(settled, paper, BY, base.now)
    assert isinstance(refused, embedded.Refused) and refused.code == "NUMBER"
    assert "NUMBER_MALFORMED" in {each.reason for each in changed({"request": {"prisonerNumber": number}}).refused}


# Dates from the ends of the calendar

MOMENTS = ("0001-01-01T00:00:00Z", "1900-01-01T00:00:00Z", "9999-12-31T23:59:59Z")
DAYS = ("0001-01-01", "1900-02-28", "9999-12-31")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Every time and day in a case's evidence."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))
    elif isinstance(value, str) and len(value) >= 10 and value[4:5] == value[7:8] == "-" and value[:4].isdecimal():
        yield path, value


def put_at(value: Any, path: tuple[Any, ...], new: str) -> Any:
    copied = json.loads(json.dumps(value))
    place = copied
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = new
    return copied


@pytest.mark.parametrize("name", ["base-cr", "base-early-removal", "base-bail", "base-hdc", "base-post-recall"])
def test_no_time_in_any_record_crashes_and_none_that_is_to_come_releases(name: str) -> None:
    case = expand(LIBRARY / f"{name}.json")
    found = list(places(case["evidence"]))
    assert len(found) > 10
    for path, right in found:
        for wrong in DAYS if len(right) == 10 else MOMENTS:
            try:
                decision = judged(Case.parse(json.dumps({**case, "evidence": put_at(case["evidence"], path, wrong)})))
            except MalformedError:
                continue
            to_come = wrong == MOMENTS[-1]
            assert decision.verdict is not Verdict.RELEASE or not to_come, (path, wrong)


@pytest.mark.parametrize("now", MOMENTS)
def test_a_clock_that_is_wrong_opens_nothing(now: str) -> None:
    assert changed({"now": now}).verdict is not Verdict.RELEASE


@given(
    st.datetimes(datetime(2026, 3, 27), datetime(2026, 3, 31))
    | st.datetimes(datetime(2026, 10, 23), datetime(2026, 10, 27))
)
@settings(max_examples=30)
def test_a_day_begins_at_londons_midnight_also_when_the_clocks_change(moment: datetime) -> None:
    """A date that falls due later is not due; one that has passed is, whatever the hour."""
    now = moment.replace(tzinfo=UTC)
    today = london_day(now)
    for day, due in ((today + timedelta(days=3), False), (today - timedelta(days=3), True)):
        change = {"now": now.isoformat(), "evidence": {"calculation": {"dates": {"CRD": day.isoformat()}}}}
        said = {each.reason for each in changed(change).refused}
        assert ("NOT_DUE" in said) is not due, (now, day)


# Ten megabytes


def test_ten_megabytes_are_refused_with_words_everywhere(conn: Connection, base: Case, tmp_path: Any) -> None:
    huge = "x" * TEN_MB
    (tmp_path / "huge.json").write_text(json.dumps({"form": "sallyport-case/1", "name": huge}))
    with pytest.raises(MalformedError, match=f"more than {MAX_BYTES} bytes"):
        named_case(tmp_path / "huge.json")
    prisoner = base.evidence.prisoner
    assert prisoner is not None
    row = {"kind": "PRISONER", "prisonerNumber": NUMBER, "record": {**prisoner.to_map(), "surname": huge}}
    done = import_json(conn, json.dumps([row]).encode(), BY, base.now, base.now)
    assert done.errors and done.changed == 0
    done = import_csv(conn, Kind.ALERT, f"prisonerNumber,alertId\n{NUMBER},{huge}\n".encode(), BY, base.now, base.now)
    assert done.errors and done.changed == 0
    with pytest.raises(MalformedError, match="Send one person at a time"):
        PrisonerRecord.parse(json.dumps({"surname": huge}))


def test_an_act_of_ten_megabytes_is_not_even_read(base: Case) -> None:
    asked: list[bytes] = []

    async def do(message: bytes) -> ActOutcome:
        asked.append(message)
        return ActOutcome(True, ())

    async def post() -> httpx.Response:
        app = FastAPI()
        app.include_router(api.router(None, do))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk") as client:
            return await client.post("/api/acts", content=b"\x00" * TEN_MB)

    answer = asyncio.run(post())
    assert answer.status_code == 413 and "at most" in answer.json()["sentences"][0] and asked == []


# Names

NAMES = (
    "Robert'); DROP TABLE authority_record;--",
    '" OR ""="',
    "<script>alert(1)</script>",
    "{{ 7 * 7 }} ${jndi:ldap://x}",
    "Ng",
    "O’Brien-Smith",
    "Nguyễn Thị Ánh",
    "Владимир",
    "محمد عبد الله",
    "王小明",
    "שרה",
    "ಕನ್ನಡ",
    "\u202eevil\u202c",
    "e\u0301 ﬁ ß İ",
    "x" * 200,
)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_a_name_in_any_script(settled: Connection, base: Case, name: str) -> None:
    """It is stored, found, compared, put on paper and released by; and no statement is made of it."""
    prisoner, paper = base.evidence.prisoner, base.evidence.authorisations[0]
    assert prisoner is not None
    tables = select(func.count()).select_from(records)
    before = settled.execute(tables).scalar_one()
    put(settled, Kind.PRISONER, NUMBER, prisoner.model_copy(update={"surname": name, "forenames": name}), BY, base.now)
    named = paper.model_copy(update={"surname": name, "forenames": name})
    made = embedded.create(settled, named, BY, base.now)
    assert isinstance(made, embedded.Changed), made
    search(settled, name, BY, base.now)
    assert settled.execute(tables).scalar_one() == before
    change = {"evidence": {"prisoner": {"surname": name, "forenames": name}}}
    whole = merge(expand(LIBRARY / "base-cr.json"), change)
    for each in whole["evidence"]["authorisations"]:
        each |= {"surname": name, "forenames": name}
    assert judged(Case.parse(json.dumps(whole))).verdict is Verdict.RELEASE


@pytest.mark.parametrize("name", ["x" * 201, "a\x00b", "\ud800"])
def test_what_cannot_be_kept_as_a_name_is_refused_in_words(base: Case, name: str) -> None:
    prisoner = base.evidence.prisoner
    assert prisoner is not None
    with pytest.raises(MalformedError):
        PrisonerRecord.parse(json.dumps({**prisoner.to_map(), "surname": name}))
