"""What a person cannot do at the kiosk: recorded with who, when, why and until when, and in every offer until then."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import Connection
from typer.testing import CliRunner, Result

from sallyport_gateway.commands import cli_exceptions
from sallyport_gateway.drivers.authority_access import Action as Access
from sallyport_gateway.drivers.authority_access import By, accesses_of
from sallyport_gateway.drivers.authority_needs import (
    add_need,
    end_needs,
    needs_of,
    record_exception,
    record_needs,
    recorded_of,
)
from sallyport_gateway.drivers.authority_office import EmbeddedAuthority
from sallyport_gateway.ports import Recorded
from sallyport_gateway.store import Store
from sallyport_protocol.actions import Action, Part
from sallyport_protocol.acts import Cannot
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.subject import Modality, Needs, RecordedException

NUMBER = "A1234BC"
NOW = datetime(2026, 6, 10, 9, tzinfo=UTC)
DAY = timedelta(days=1)
NURSE = By("r.nurse", "right eye lost in 2019")
PATCH = Needs(unable=(Action.CLOSE_EYES,), slow=False, no_light=False, covered=(Part.EYES,))
NOTHING = Needs(unable=(), slow=False, no_light=False, covered=())


def test_a_record_says_who_and_why_holds_until_its_end_and_is_logged(conn: Connection) -> None:
    record_needs(conn, NUMBER, PATCH, NURSE, NOW + DAY, NOW)
    found = needs_of(conn, NUMBER, NOW)
    assert found is not None
    assert (found.needs, found.officer, found.reason, found.at) == (PATCH, "r.nurse", NURSE.why, NOW)
    assert needs_of(conn, NUMBER, NOW + DAY) is None and needs_of(conn, "B2345CD", NOW) is None
    line = accesses_of(conn, NUMBER)[-1]
    assert (line.action, line.what, line.why) == (Access.COLLECTED, "needs at the kiosk", NURSE.why)


def test_a_newer_record_replaces_and_an_ended_one_is_gone(conn: Connection) -> None:
    slow = PATCH.model_copy(update={"slow": True})
    record_needs(conn, NUMBER, PATCH, NURSE, NOW + 9 * DAY, NOW)
    record_needs(conn, NUMBER, slow, NURSE, NOW + DAY, NOW)
    assert (found := needs_of(conn, NUMBER, NOW)) is not None and found.needs == slow
    assert needs_of(conn, NUMBER, NOW + 2 * DAY) is None  # the first does not come back
    assert end_needs(conn, NUMBER, NURSE, NOW) and not end_needs(conn, NUMBER, NURSE, NOW)
    assert needs_of(conn, NUMBER, NOW) is None


def test_a_record_that_says_nothing_or_is_over_is_refused(conn: Connection) -> None:
    with pytest.raises(MalformedError, match="says nothing"):
        record_needs(conn, NUMBER, NOTHING, NURSE, NOW + DAY, NOW)
    with pytest.raises(MalformedError, match="past"):
        record_needs(conn, NUMBER, PATCH, NURSE, NOW, NOW)


def test_the_lanes_port_gives_them_while_they_hold(conn: Connection) -> None:
    office = EmbeddedAuthority(b"k" * 32, ledger_current=lambda: True)
    assert office.needs(conn, NUMBER, NOW) is None
    record_needs(conn, NUMBER, PATCH, NURSE, NOW + DAY, NOW)
    assert office.needs(conn, NUMBER, NOW) == PATCH
    assert office.needs(conn, NUMBER, NOW + DAY) is None


def test_everybody_on_a_page_is_looked_up_at_once(conn: Connection) -> None:
    dressed = RecordedException(modality=Modality.FINGER, reason="dressing", officer="r.nurse")
    record_needs(conn, NUMBER, PATCH, NURSE, NOW + DAY, NOW)
    record_needs(conn, "C3456DE", PATCH, NURSE, NOW + DAY, NOW)
    for number in (NUMBER, "B2345CD"):
        record_exception(conn, number, dressed, NOW + 2 * DAY, NOW)
    asked = (NUMBER, "B2345CD", "D4567EF")
    assert recorded_of(conn, asked, NOW) == {
        NUMBER: Recorded(PATCH, (dressed,)),
        "B2345CD": Recorded(None, (dressed,)),
    }
    assert recorded_of(conn, asked, NOW + DAY)[NUMBER] == Recorded(None, (dressed,))
    assert recorded_of(conn, asked, NOW + 2 * DAY) == recorded_of(conn, (), NOW) == {}
    assert end_needs(conn, NUMBER, NURSE, NOW) and NUMBER not in recorded_of(conn, asked, NOW)


def test_what_an_officer_sees_is_added_to_what_is_recorded(conn: Connection) -> None:
    seen = By("s.patel", "neck brace")
    record_needs(conn, NUMBER, PATCH, NURSE, NOW + 9 * DAY, NOW)
    for cannot in (Cannot.TURN_LEFT, Cannot.SLOW, Cannot.NO_LIGHT, Cannot.FINGER, Cannot.FINGER):
        add_need(conn, NUMBER, cannot, seen, NOW + DAY, NOW)
    found = recorded_of(conn, (NUMBER,), NOW + 8 * DAY)[NUMBER]  # a record that lasts is not cut short
    assert found.needs == Needs(
        unable=(Action.CLOSE_EYES, Action.TURN_LEFT), slow=True, no_light=True, covered=(Part.EYES,)
    )
    assert [each.reason for each in recorded_of(conn, (NUMBER,), NOW)[NUMBER].exceptions] == ["neck brace"]
    with pytest.raises(MalformedError, match="exception for the face"):
        for cannot in (Cannot.TURN_RIGHT, Cannot.LOOK_UP):
            add_need(conn, NUMBER, cannot, seen, NOW + DAY, NOW)


def test_every_word_of_the_page_is_something_that_can_be_recorded(conn: Connection) -> None:
    for number, cannot in enumerate(Cannot):
        assert cannot.wording
        add_need(conn, f"A{number:04d}BC", cannot, By("s.patel", "seen"), NOW + DAY, NOW)
        assert recorded_of(conn, (f"A{number:04d}BC",), NOW)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    place = SimpleNamespace(
        store_url=f"sqlite:///{tmp_path / 'store.db'}",
        read=lambda _: bytes(32),
        file=SimpleNamespace(secrets=SimpleNamespace(references="references.key")),
    )
    monkeypatch.setattr(cli_exceptions, "load_configuration", lambda _: place)
    return place.store_url


def call(*args: str) -> Result:
    return CliRunner().invoke(cli_exceptions.app, [*args])


def test_the_command(store: str) -> None:
    by = ["--officer", "r.nurse", "--why", "eye patch"]
    told = call("needs", NUMBER, "--unable", "CLOSE_EYES", "--covered", "EYES", "--slow", "--until", "2099-01-01", *by)
    assert told.stdout == f"{NUMBER}: not close eyes, more time, eyes covered, until 2099-01-01\n"
    shown = call("show", NUMBER).stdout
    assert "not close eyes, more time, eyes covered" in shown and "by r.nurse: eye patch" in shown
    assert call("end", NUMBER, *by).stdout == f"{NUMBER}: ended\n"
    assert call("end", NUMBER, *by).exit_code == 1
    assert call("show", NUMBER).stdout == f"{NUMBER}: nothing is recorded\n"


def test_the_command_for_a_whole_modality(store: str) -> None:
    by = ["--officer", "r.nurse", "--why", "face bandaged"]
    assert call("modality", NUMBER, "face", "--until", "2099-01-01", *by).exit_code == 0
    with Store(store) as opened:
        kept = opened.read_now(
            lambda conn: conn.exec_driver_sql("SELECT modality, reason FROM authority_exception").all()
        )
    assert [tuple(each) for each in kept] == [("face", "face bandaged")]
    assert isinstance(call("modality", NUMBER, "face", "--until", "2020-01-01", *by).exception, MalformedError)
    assert isinstance(call("needs", NUMBER, "--slow", "--until", "soon", *by).exception, MalformedError)
