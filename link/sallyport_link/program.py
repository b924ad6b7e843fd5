"""How our programs speak on a terminal: which release they are, what they log, how they end on an expected failure."""

import logging
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.logging import RichHandler

from sallyport_protocol.errors import SallyportError

ENDINGS: Final = "An error is one line on standard error and exit code 1; a wrong call ends with 2."
"""For a program's help."""

_NOISY = ("asyncio", "alembic", "httpx")


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sallyport {version('sallyport')}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", help="Say which release this is", callback=_say_version, is_eager=True)
]
"""An option of every program."""


def log_to_terminal(verbose: bool) -> None:
    """Logs to standard error, in colours only where a person looks; libraries only when something is wrong."""
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False  # no format of ours shows them
    level = logging.DEBUG if verbose else logging.INFO
    if sys.stderr.isatty():
        handler = RichHandler(console=Console(stderr=True), show_path=False, markup=False)
        logging.basicConfig(level=level, format="%(message)s", handlers=[handler])
    else:
        logging.basicConfig(level=level, format="%(asctime)s %(levelname)-8s %(message)s")
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def run_program(name: str, command: Callable[[], None]) -> None:
    """Runs a command line: an error of ours ends in one line and exit code 1."""
    try:
        command()
    except SallyportError as error:
        complain(name, error)
        sys.exit(1)


def complain(name: str, error: SallyportError) -> None:
    """One line on standard error, that says whose it is."""
    Console(stderr=True, soft_wrap=True).print(f"{name}: {error}", style="red", markup=False, highlight=False)
