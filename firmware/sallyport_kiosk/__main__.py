"""`sallyport-kiosk`: verifies one person for one session."""

from pathlib import Path
from typing import Annotated

import typer

from sallyport_link.program import ENDINGS, Version, log_to_terminal, run_program

_HELP = f"""Verify one person for one session that a gateway offers; a kiosk never decides, and opens nothing.

On site, try `selftest` first.

{ENDINGS}"""

app = typer.Typer(help=_HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Config = Annotated[Path, typer.Option("--config", help="The kiosk's configuration file", exists=False)]

# Each command imports what it runs: help and mistakes are answered before numpy, OpenCV and ONNX Runtime are loaded.


@app.callback()
def _root(told: Version = False) -> None:
    """Options of the program itself."""


@app.command()
def run(
    config: Config = Path("kiosk.toml"),
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more")] = False,
) -> None:
    """Run the kiosk: camera, sensor, line to the interlock, prisoner's screen. Ctrl-C or SIGTERM ends it."""
    from sallyport_kiosk.running import run_kiosk

    log_to_terminal(verbose)
    run_kiosk(config)


@app.command()
def selftest(
    config: Config = Path("kiosk.toml"),
    report: Annotated[Path, typer.Option("--report", help="The signed report's file")] = Path("selftest.cose"),
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output")] = False,
) -> None:
    """Try every device and road on site and sign what was found. Exit code 1: something failed."""
    from sallyport_kiosk.accepting import accept

    if not accept(config, report, as_json):
        raise typer.Exit(1)


def main() -> None:
    """The console script: errors of ours end in one line and exit code 1."""
    run_program("sallyport-kiosk", app)


if __name__ == "__main__":
    main()
