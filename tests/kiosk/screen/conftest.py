"""The prisoner's screen over a board, served from a thread."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sallyport_kiosk.screen.app import create_app
from sallyport_kiosk.screen.board import Board
from sallyport_link.serving import PageServer, open_port


class Screen:
    """A running screen and the board that it shows."""

    def __init__(self, assets: Path) -> None:
        self.board = Board()
        listener = open_port("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._server = PageServer(create_app(self.board, assets_folder=assets), log_level="warning")
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]})
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()


@pytest.fixture
def screen(assets: Path) -> Iterator[Screen]:
    running = Screen(assets)
    yield running
    running.stop()
