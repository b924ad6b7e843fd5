"""`sallyport-kiosk`: runs a release kiosk."""

import logging
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from sallyport_kiosk.assembly import assemble
from sallyport_kiosk.configuration import load_configuration
from sallyport_kiosk.screen.app import create_app
from sallyport_link.program import log_to_terminal, run_program
from sallyport_link.serving import PageServer, open_port

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
    log_to_terminal(verbose)
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
    run_program("sallyport-kiosk", app)


if __name__ == "__main__":
    main()
