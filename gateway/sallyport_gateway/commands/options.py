"""What several commands share: their options, and how those end whose exit code 1 is a finding and no trouble."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from sallyport_link.program import complain
from sallyport_protocol.errors import SallyportError

Config = Annotated[Path, typer.Option("--config", help="The gateway's configuration file")]
GATEWAY_TOML: Final = Path("gateway.toml")
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output")]


@contextmanager
def trouble_is_2() -> Iterator[None]:
    """An error of ours is one line on standard error and exit code 2."""
    try:
        yield
    except SallyportError as error:
        complain("sallyport-gateway", error)
        raise typer.Exit(2) from error
