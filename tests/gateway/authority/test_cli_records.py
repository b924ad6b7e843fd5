"""The commands on a gateway's store: import, holds, figures."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from sallyport_gateway.authority.feed import read_batch
from sallyport_gateway.authority.holding import Held
from sallyport_gateway.authority.policy import release_policy
from sallyport_gateway.authority.records import Paper, Warrant
from sallyport_gateway.casebook.words import Case
from sallyport_gateway.commands import cli_records
from sallyport_gateway.commands.cli_papers import papers_of
from sallyport_gateway.drivers import authority_embedded as embedded
from sallyport_gateway.drivers import release_outbox
from sallyport_gateway.drivers.authority_access import By, accesses_of
from sallyport_gateway.drivers.authority_feed import take
from sallyport_gateway.drivers.authority_holds import open_hold
from sallyport_gateway.drivers.authority_plot import draw
from sallyport_gateway.drivers.authority_records import Kind, put
from sallyport_gateway.drivers.authority_statistics import Figures
from sallyport_gateway.store import Store
from sallyport_protocol.causes import CauseCode, NextStep, Owner
from sallyport_protocol.decision import Verdict
from sallyport_protocol.documents import Profile
from sallyport_protocol.errors import MalformedError, RoadError

BY = ["--officer", "i.clerk", "--why", "nightly", "--as-of", "2020-06-10T06:00:00Z"]
ASKS, NUMBER = ["--officer", "a.lind", "--why", "a subject's request"], "A1234BC"
STRAY = {"kind": "REMAND", "status": "OUTSTANDING", "surname": "Hart", "forenames": "Rowan"}
OTHER = {"surname": "Kowalczyk", "forenames": "Piotr"}
SPAN = ["--since", "2020-06-01T00:00:00Z", "--until", "2020-07-01T00:00:00Z"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    where = tmp_path / "store.db"
    monkeypatch.setattr(cli_records, "load_configuration", lambda _: SimpleNamespace(store_url=f"sqlite:///{where}"))
    return where


def call(*args: str) -> Result:
    return CliRunner().invoke(cli_records.app, list(args))


def test_an_import_is_told_and_a_wrong_one_changes_nothing(place: Path, tmp_path: Path, base: Case) -> None:
    assert base.evidence.prisoner is not None
    row = {"kind": "PRISONER", "prisonerNumber": "A1234BC", "record": base.evidence.prisoner.to_map()}
    (tmp_path / "good.json").write_text(json.dumps([row]))
    (tmp_path / "bad.json").write_text(json.dumps([row, {**row, "kind": "X"}]))
    bad = call("import", str(tmp_path / "bad.json"), *BY)
    assert bad.exit_code == 1 and "row 2: kind: 'X'" in bad.stderr and "Nothing was imported" in bad.stderr
    good = call("import", str(tmp_path / "good.json"), *BY)
    assert good.exit_code == 0 and good.stdout.startswith("1 rows read, 1 records changed")


def test_an_import_that_cannot_be(place: Path, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("prisonerNumber\n")
    assert isinstance(call("import", str(tmp_path / "x.csv"), *BY).exception, MalformedError)
    assert isinstance(call("import", str(tmp_path / "none.json"), *BY).exception, RoadError)
    late = [*BY[:5], "2020-06-10T06:00:00"]
    assert isinstance(call("import", str(tmp_path / "x.csv"), *late).exception, MalformedError)


def test_a_search_finds_by_number_name_and_alias_and_is_logged(place: Path, tmp_path: Path, base: Case) -> None:
    assert base.evidence.prisoner is not None
    alias = {"surname": "O'Brien", "forenames": "Zoë"}
    person = {**base.evidence.prisoner.to_map(), "aliases": [alias]}
    (tmp_path / "good.json").write_text(json.dumps([{"kind": "PRISONER", "prisonerNumber": NUMBER, "record": person}]))
    call("import", str(tmp_path / "good.json"), *BY)
    for text, alias_found in ((NUMBER.lower(), False), ("Hatre rowan", False), ("obrien zoe", True)):
        told = [json.loads(line) for line in call("search", text, *ASKS).stdout.splitlines()]
        assert told and told[0]["prisoner_number"] == NUMBER and any(each["alias"] for each in told) >= alias_found
    assert call("search", "Harte", *ASKS, "--born", "1950-01-01").exit_code == 1
    assert isinstance(call("search", "Harte", *ASKS, "--born", "17/4/91").exception, MalformedError)
    assert isinstance(call("search", " ", *ASKS).exception, MalformedError)
    assert isinstance(call("search", "Harte", "--officer", "a", "--why", " ").exception, MalformedError)
    for _ in range(2):
        lines = [json.loads(line) for line in call("consultations", NUMBER, *ASKS).stdout.splitlines()]
    assert lines[0]["action"] == "COLLECTED" and lines[-1]["what"] == "log of consultations"
    assert sum(each["what"] == "found by search" for each in lines) == 3


def test_holds_and_figures(place: Path, tmp_path: Path, base: Case) -> None:
    step, reasons = NextStep.COURT_URGENT_QUERY, ("WARRANT_OUTSTANDING",)
    cause, owner, due = CauseCode.REMAND_WARRANT, Owner.COURT_LIAISON, date(2020, 6, 10)
    held = Held("A1234BC", "auth-1", "MDI", Verdict.HOLD, cause, owner, step, reasons, base.now.replace(year=2020), due)
    with Store(place) as store:
        store.write_now(lambda conn: open_hold(conn, held))
    told = json.loads(call("holds", "--prison", "MDI").stdout)
    assert (told["owner"], told["told"], told["over_detained"]) == ("COURT_LIAISON", "GOVERNING_GOVERNOR", True)
    assert call("holds", "--prison", "WWI").stdout == ""
    result = call("figures", *SPAN, "--plot", str(tmp_path / "figures.svg"))
    assert result.stdout.splitlines()[1] == (
        '2020-06,MDI,REMAND_WARRANT,"Remand warrant not applied, misfiled or missing",1,0,0,0'
    )
    assert "A1234BC" not in result.stdout
    assert "Remand warrant" in (tmp_path / "figures.svg").read_text()
    assert isinstance(call("figures", *SPAN, "--plot", str(tmp_path / "no" / "x.svg")).exception, RoadError)


def test_an_event_that_nobody_could_read_is_shown_and_closed(place: Path) -> None:
    unclear = {"MessageId": "m-1", "SequenceNumber": "1", "Message": "<b>not JSON"}
    with Store(place) as store:
        now = datetime(2026, 6, 10, tzinfo=UTC)
        first = read_batch({"oldest": 0, "newest": 0, "notifications": []})
        second = read_batch({"oldest": 1, "newest": 1, "notifications": [unclear]})
        store.write_now(lambda conn: take(conn, "gateway-1", first, None, now))
        store.write_now(lambda conn: take(conn, "gateway-1", second, 0, now))
    told = json.loads(call("events").stdout)
    assert (told["id"], told["why"], told["text"]) == (1, "it is not JSON", "<b>not JSON")
    assert isinstance(call("events", "--settle", "1").exception, MalformedError), "by whom?"
    who = ["--officer", "d.morgan", "--why", "a test of theirs"]
    assert call("events", "--settle", "1", *who).stdout == ""
    assert isinstance(call("events", "--settle", "1", *who).exception, MalformedError)


def test_releases_are_listed_and_told_again(place: Path, base: Case) -> None:
    paper = base.evidence.authorisations[0]
    with Store(place) as store:
        store.write_now(lambda conn: release_outbox.note(conn, paper, base.now))
    told = json.loads(call("releases", "MDI").stdout)
    assert (told["sequence"], told["prisoner"], told["said"]) == (1, "A1234BC", 0)
    assert call("releases", "MDI", "--after", "1").stdout == "" and call("releases", "WWI").stdout == ""
    assert "1 releases of MDI" in call("releases", "MDI", "--say-again").stderr


@pytest.mark.parametrize("count", [0, 1, 11])
def test_the_picture_shows_every_cause_month_and_prison(count: int) -> None:
    rows = [Figures("2026-06", "MDI", cause, 5, 3, 1, 0) for cause in list(CauseCode)[:count]]
    picture = ElementTree.fromstring(draw(rows, 'A <title> & "more"'))
    bars = [each for each in picture.iter() if each.tag.endswith("rect")]
    assert len(bars) == 1 + 4 + 3 * (count + 2 * bool(count))
    said = [each.text for each in picture.iter() if each.text]
    assert all(cause.wording in said for cause in list(CauseCode)[:count])
    assert ("June 2026" in said) == ("1 released in error" in said) == bool(count)
    assert ("Nothing in this time." in said) == (not count)
    heights = [float(each.attrib["y"]) for each in picture.iter() if each.tag.endswith("text")]
    assert max(heights) < float(picture.attrib["height"])


def test_many_prisons_are_drawn_together() -> None:
    rows = [Figures("2026-06", f"{a}{b}I", CauseCode.OTHER, 1, 0, 0, 0) for a in "ABCDE" for b in "ABCDEFGH"]
    assert "28 other prisons" in draw(rows, "Forty prisons")


def test_preflight_lists_who_is_due_and_fails_while_anything_must_be_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base: Case
) -> None:
    where = tmp_path / "store.db"
    documents = SimpleNamespace(release_policy=None)
    file = SimpleNamespace(
        secrets=SimpleNamespace(references="references.key"),
        documents=documents,
        profile=Profile.DEVELOPMENT,
        prisons=("MDI",),
    )
    configuration = SimpleNamespace(store_url=f"sqlite:///{where}", file=file, read=lambda _: bytes(range(32)))
    monkeypatch.setattr(cli_records, "load_configuration", lambda _: configuration)
    assert call("preflight", "MDI").exit_code == 0
    for wrong in ("WWI", "mdi", "MDX"):
        told = call("preflight", wrong)
        assert isinstance(told.exception, MalformedError) and "it serves MDI" in str(told.exception)
    now = datetime.now(UTC)
    shown = base.evidence.authorisations[0]
    window = {"window_opens": now - timedelta(hours=1), "window_closes": now + timedelta(hours=4)}
    paper = shown.model_copy(update=window)
    prisoner = base.evidence.prisoner
    assert prisoner is not None
    with Store(f"sqlite:///{where}") as store:
        by = By("omu.clerk", "release due")
        store.write_now(lambda conn: put(conn, Kind.PRISONER, prisoner.prisoner_number, prisoner, by, now))
        made = store.write_now(lambda conn: embedded.create(conn, paper, by, now))
        assert isinstance(made, embedded.Changed)
    told = call("preflight", "MDI", "--json")
    line = json.loads(told.stdout)
    assert told.exit_code == 1 and line["prisoner_number"] == prisoner.prisoner_number
    assert not line["ready"] and len(line["settle"]) > 2 and line["within_days"] == 2


def test_a_mistyped_prison_is_not_a_prison_without_work(place: Path) -> None:
    for command in (("holds", "--prison", "MDX"), ("releases", "mdi")):
        assert isinstance(call(*command).exception, MalformedError)


def test_warrants_of_nobody_and_unread_papers_are_listed_and_logged(place: Path, base: Case) -> None:
    stray = [Warrant.parse(json.dumps(STRAY | each)) for each in ({"warrantId": "W-1"}, {"warrantId": "W-2", **OTHER})]
    paper = Paper.parse('{"paperId": "P-1", "kind": "NEW_WARRANT", "receivedAt": "2026-06-10T08:00:00Z"}')
    by, prisoner = By("i.clerk", "nightly"), base.evidence.prisoner
    assert prisoner is not None
    with Store(f"sqlite:///{place}") as store:
        for each in stray:
            store.write_now(lambda conn, each=each: put(conn, Kind.WARRANT, None, each, by, base.now))
        store.write_now(lambda conn: put(conn, Kind.PRISONER, NUMBER, prisoner, by, base.now))
        store.write_now(lambda conn: put(conn, Kind.PAPER, NUMBER, paper, by, base.now))
        every, own = (
            store.write_now(lambda conn, number=number: papers_of(conn, number, release_policy(), by, base.now))
            for number in (None, NUMBER)
        )
        logged = store.read_now(lambda conn: accesses_of(conn, NUMBER))
    assert [each.get("prisonerNumber") or each["warrant"]["warrantId"] for each in every] == ["W-1", "W-2", NUMBER]
    assert [each.get("prisonerNumber") or each["warrant"]["warrantId"] for each in own] == ["W-1", NUMBER]
    assert [each.what for each in logged].count("warrants of nobody and unread papers") == 2
