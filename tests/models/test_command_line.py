"""`sallyport-models`: what it says and how it ends."""

import pytest
from typer.testing import CliRunner

from sallyport_models import __main__
from sallyport_models.manifest import Manifest


def run(*arguments: str) -> str:
    result = CliRunner().invoke(__main__.app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


def test_a_card_says_what_matters():
    card = run("card", "leader")
    entry = Manifest.read().model("leader")
    for fact in (entry.sha256, entry.licence, entry.operating_point, entry.approved_by):
        assert fact in card


def test_the_list_names_every_model(tmp_path):
    output = run("list", "--store", str(tmp_path))
    assert all(entry.name[:6] in output for entry in Manifest.read().models)


@pytest.mark.parametrize("arguments", [["verify", "--store", "{}"], ["card", "unknown"]])
def test_a_failure_is_one_line_and_exit_code_1(monkeypatch, capsys, tmp_path, arguments):
    monkeypatch.setattr("sys.argv", ["sallyport-models", *(word.format(tmp_path) for word in arguments)])
    with pytest.raises(SystemExit) as ended:
        __main__.main()
    assert ended.value.code == 1
    said = capsys.readouterr().err.strip()
    assert said.startswith("sallyport-models:")
    assert "Traceback" not in said
