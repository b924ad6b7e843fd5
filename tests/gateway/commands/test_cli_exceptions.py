"""What an officer recorded of a person is shown whole: what they cannot do, and what cannot be used."""

from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from sallyport_gateway.__main__ import app
from sallyport_provisioning.estate import Estate

NUMBER = "A1234BC"


def test_needs_and_an_exception_are_both_shown(own_estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(own_estate.gateway_config.parent)
    said = ["--officer", "k.lane", "--why", "plaster", "--until", f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"]

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["exceptions", *arguments])
        assert done.exit_code == 0, done.output
        return done.output

    assert "nothing is recorded" in run("show", NUMBER)
    run("modality", NUMBER, "finger", *said)
    assert run("show", NUMBER).splitlines() == [f"{NUMBER}: no finger, by k.lane: plaster"]
    run("needs", NUMBER, "--slow", *said)
    shown = run("show", NUMBER)
    assert "more time" in shown and "no finger" in shown
