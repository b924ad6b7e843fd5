import re
from pathlib import Path
from typing import Any

import pytest

from sallyport_kiosk.screen.app import create_app
from sallyport_kiosk.screen.board import Board
from sallyport_kiosk.screen.preview import SAMPLE, sample_picture
from sallyport_kiosk.stage import Step
from sallyport_link.serving import open_port
from sallyport_protocol.errors import MalformedError, RoadError


@pytest.fixture
def sheets(tmp_path: Path) -> Path:
    (tmp_path / "govuk-frontend.min.css").write_text("/* sheet */")
    return tmp_path


def test_a_missing_style_sheet_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RoadError, match="Run `make assets`"):
        create_app(Board(), assets_folder=tmp_path)


def test_a_language_without_texts_is_refused(sheets: Path) -> None:
    with pytest.raises(MalformedError, match="not 'fr'"):
        create_app(Board(), languages=("cy", "fr"), assets_folder=sheets)


def test_a_welsh_site_starts_in_welsh(sheets: Path, calling: Any) -> None:
    call = calling(create_app(Board(), languages=("cy", "en"), assets_folder=sheets))
    assert '<html lang="cy"' in call.get("/").text
    assert '<html lang="en"' in call.get("/en").text
    assert call.get("/fr").status_code == 404


@pytest.mark.parametrize(("step", "code", "progress"), SAMPLE)
@pytest.mark.parametrize("language", ["en", "cy"])
def test_every_state_renders_safely(
    sheets: Path, calling: Any, step: Step, code: str, progress: float, language: str
) -> None:
    board = Board()
    board.show(step, code, progress)
    answer = calling(create_app(board, assets_folder=sheets)).get(f"/{language}")
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son[a-z]+=\"|\sstyle=|<style", answer.text)
    assert 'data-contact="waiting"' in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_the_picture_comes_from_memory_and_is_kept_nowhere(sheets: Path, calling: Any) -> None:
    board = Board()
    call = calling(create_app(board, assets_folder=sheets))
    assert call.get("/picture").status_code == 204
    board.show(Step.FACE, "LOOK_AT_CAMERA")
    board.picture(sample_picture())
    answer = call.get("/picture")
    assert answer.content.startswith(b"\xff\xd8")
    assert answer.headers["cache-control"] == "no-store"


def test_a_taken_port_is_said_plainly() -> None:
    with open_port("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(RoadError, match=f"127.0.0.1:{port} .*choose another port"):
            open_port("127.0.0.1", port)
