"""The audit commands: what they print, and their exit codes."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Connection, text
from typer.testing import CliRunner, Result

from sallyport_gateway.audit import checkpoint, heads, log
from sallyport_gateway.audit.checkpoint import Checkpoint
from sallyport_gateway.audit.witness import FileWitness, Submission
from sallyport_gateway.commands.cli_audit import app
from sallyport_gateway.configuration import load_configuration
from sallyport_gateway.store import Store
from sallyport_provisioning.estate import Estate

LOG = "gateway-1"


@pytest.fixture
def config(own_estate: Estate) -> Iterator[Path]:
    """A gateway with 20 entries and a signed head over them."""

    def job(conn: Connection) -> None:
        for at in range(20):
            content = {"lane": "MDI-LANE-1", "session": b"s" * 16, "officer": "=1+1"}
            log.append(conn, LOG, "DECISION" if at % 2 else "OPENED", content, at * 1_000)
        note = checkpoint.sign(Checkpoint(LOG, 20, log.root(conn, LOG, 20)), own_estate.signer(LOG))
        heads.keep_note(conn, note, 1)

    with Store(load_configuration(own_estate.gateway_config).store_url) as store:
        store.write_now(job)
    yield own_estate.gateway_config


def _run(config: Path, *args: str) -> Result:
    return CliRunner().invoke(app, [*args, "--config", str(config)])


def _tamper(config: Path, *statements: str) -> None:
    with Store(load_configuration(config).store_url) as store:
        for statement in statements:
            store.write_now(lambda conn, statement=statement: conn.execute(text(statement)) and None)


def test_verify_a_sound_log(config: Path) -> None:
    told = _run(config, "verify", "--json")
    assert told.exit_code == 0, told.output
    report = json.loads(told.stdout)
    assert (report["sound"], report["size"], report["covered"], report["heads"]) == (True, 20, 20, 1)
    assert "Sound." in _run(config, "verify").stdout


def test_verify_a_log_that_was_tampered_with(config: Path) -> None:
    _tamper(config, "DROP TRIGGER audit_no_update", "UPDATE audit SET kind = 'x' WHERE \"index\" = 3")
    told = _run(config, "verify", "--json")
    assert told.exit_code == 1
    assert json.loads(told.stdout)["faults"][0]["kind"] == "ENTRY_CHANGED"
    shown = _run(config, "verify")
    assert shown.exit_code == 1 and "NOT sound" in shown.stdout


def test_the_witness_finds_what_the_store_no_longer_shows(config: Path, own_estate: Estate, tmp_path: Path) -> None:
    note = checkpoint.sign(Checkpoint(LOG, 25, b"r" * 32), own_estate.signer(LOG))
    FileWitness(tmp_path).submit(Submission(0, (), note))
    told = _run(config, "verify", "--json", "--witness", str(tmp_path))
    assert told.exit_code == 1
    assert json.loads(told.stdout)["faults"][0]["kind"] == "TRUNCATED"


def test_head_and_proof(config: Path) -> None:
    told = json.loads(_run(config, "head", "--json").stdout)
    assert told["size"] == 20 and told["agrees"] and told["note"].startswith("gateway-1\n20\n")
    assert "agree" in _run(config, "head").stdout
    proof = json.loads(_run(config, "prove", "7", "--json").stdout)
    assert proof["holds"] and proof["entry"]["index"] == 7 and len(proof["path"]) == 5
    assert "leads to the signed root" in _run(config, "prove", "7").stdout
    for index in ("20", "99"):
        assert _run(config, "prove", index).exit_code == 2


def test_show(config: Path) -> None:
    one = json.loads(_run(config, "show", "3", "--json").stdout)
    assert one["kind"] == "DECISION" and one["body"]["session"] == "73" * 16 and one["at"] == "1970-01-01T00:00:03.000Z"
    many = json.loads(_run(config, "show", "--last", "4", "--kind", "OPENED", "--json").stdout)
    assert [each["index"] for each in many] == [16, 18]
    assert "DECISION" in _run(config, "show").stdout
    assert _run(config, "show", "99").exit_code == 2


def test_export(config: Path, tmp_path: Path) -> None:
    lines = _run(config, "export", "--kind", "DECISION").stdout.splitlines()
    assert len(lines) == 10 and json.loads(lines[0])["index"] == 1
    out = tmp_path / "out.csv"
    told = _run(config, "export", "--format", "csv", "--since", "1970-01-01T00:00:10", "--out", str(out))
    assert told.exit_code == 0, told.output
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert len(rows) == 10 and rows[0]["index"] == "10" and rows[0]["lane"] == "MDI-LANE-1"
    assert rows[0]["officer"] == "'=1+1", "no cell is a formula"
    assert _run(config, "export", "--format", "xml").exit_code == 2
    assert _run(config, "export", "--out", str(tmp_path / "no" / "where")).exit_code == 2


def test_a_store_without_a_configuration(config: Path, own_estate: Estate, tmp_path: Path) -> None:
    url = load_configuration(config).store_url
    pem = tmp_path / "gateway.pem"
    pem.write_bytes(own_estate.certificate(LOG).public_bytes(Encoding.PEM))
    run = CliRunner()
    assert run.invoke(app, ["verify", "--store", url, "--log", LOG, "--certificate", str(pem)]).exit_code == 0
    assert run.invoke(app, ["verify", "--store", url, "--log", LOG]).exit_code == 1, "nobody's key, no head"
    assert run.invoke(app, ["verify", "--store", url]).exit_code == 2
    assert run.invoke(app, ["verify"]).exit_code == 2
    assert run.invoke(app, ["verify", "--store", str(tmp_path / "none.db"), "--log", LOG]).exit_code == 2
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "junk.db").write_bytes(b"junk" * 1_000)
    junk = run.invoke(app, ["verify", "--store", str(tmp_path / "junk.db"), "--log", LOG])
    assert junk.exit_code == 2 and "not a database" in junk.stderr


def test_statistics(config: Path, tmp_path: Path) -> None:
    told = _run(config, "statistics", "--plot", str(tmp_path / "plot.svg"))
    assert told.exit_code == 0, told.output
    assert list(csv.DictReader(told.stdout.splitlines())) == [
        {"month": "1970-01", "prison": "MDI", "path": "", "outcome": "DECISION", "cause": "", "count": "10"}
    ]
    assert (tmp_path / "plot.svg").read_text().startswith("<svg")
    assert _run(config, "statistics", "--out", str(tmp_path / "no" / "where")).exit_code == 2
