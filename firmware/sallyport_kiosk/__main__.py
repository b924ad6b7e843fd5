"""`sallyport-kiosk`: runs a release kiosk."""

import json
import logging
import signal
import threading
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sallyport_kiosk.assembly import assemble, device_signer
from sallyport_kiosk.configuration import load_configuration
from sallyport_kiosk.screen.app import create_app
from sallyport_kiosk.selftest import run_selftest, sign_report
from sallyport_link.program import log_to_terminal, run_program
from sallyport_link.serving import PageServer, open_port
from sallyport_models.store import write_atomically

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
    listener = open_port(place.host, place.port)
    parts = assemble(configuration)
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


@app.command()
def selftest(
    config: Config = Path("kiosk.toml"),
    report: Annotated[Path, typer.Option(help="Where the signed report goes")] = Path("selftest.cose"),
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output")] = False,
) -> None:
    """Try every device and road on site and sign what was found. Exit code 1 when anything failed."""
    configuration = load_configuration(config)
    console = Console()
    found = []
    for each in run_selftest(configuration):
        found.append(each)
        if not as_json:
            mark = "[green]passed[/]" if each.passed else "[red bold]FAILED[/]"
            console.print(f"{mark}  {each.probe:22} ", end="")
            console.print(f"{each.words}  ({each.ms} ms)", markup=False, highlight=False)
    signed = sign_report(tuple(found), configuration.file.name, device_signer(configuration), datetime.now(UTC))
    write_atomically(report, signed)
    if as_json:
        typer.echo(json.dumps({"passed": all(each.passed for each in found), "findings": [asdict(f) for f in found]}))
    else:
        console.print(f"Signed report: {report}", highlight=False)
    if not all(each.passed for each in found):
        raise typer.Exit(1)


def main() -> None:
    """The console script: errors of ours end in one line and exit code 1."""
    run_program("sallyport-kiosk", app)


if __name__ == "__main__":
    main()
