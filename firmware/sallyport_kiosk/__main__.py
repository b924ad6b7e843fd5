"""`sallyport-kiosk`: runs a release kiosk."""

import logging
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.logging import RichHandler

from sallyport_kiosk.assembly import assemble
from sallyport_kiosk.configuration import load_configuration
from sallyport_kiosk.screen.app import create_app
from sallyport_kiosk.screen.serving import PageServer, open_port
from sallyport_protocol.errors import SallyportError

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Config = Annotated[Path, typer.Option("--config", help="The kiosk's configuration file", exists=False)]


@app.callback()
def _root() -> None:
    """A kiosk verifies one person for one session that a gateway offers. It never decides, and opens nothing."""


@app.command()
def run(
    config: Config = Path("kiosk.toml"),
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more")] = False,
) -> None:
    """Run the kiosk: camera, sensor, line to the interlock, prisoner's screen. Ctrl-C or SIGTERM ends it."""
    _log(verbose)
    configuration = load_configuration(config)
    place = configuration.file.screen
    parts = assemble(configuration)
    listener = open_port(place.host, place.port)
    server = PageServer(create_app(parts.board), log_level="warning")
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    screen = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="screen", daemon=True)
    screen.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: parts.kiosk.stop())
    logging.info("screen at http://%s:%d", place.host, place.port)
    parts.kiosk.run(parts.link, parts.session)
    server.should_exit = True
    screen.join(timeout=3.0)


def main() -> None:
    """The console script: errors of ours end in one line and exit code 1."""
    try:
        app()
    except SallyportError as error:
        Console(stderr=True).print(f"sallyport-kiosk: {error}", style="red", markup=False, highlight=False)
        sys.exit(1)


def _log(verbose: bool) -> None:
    handler = RichHandler(console=Console(stderr=True), show_path=False, markup=False)
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, format="%(message)s", handlers=[handler])
    for noisy in ("asyncio", "alembic", "httpx"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


if __name__ == "__main__":
    main()
