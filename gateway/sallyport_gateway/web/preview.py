"""`python -m sallyport_gateway.web.preview [PORT]`: the officer's pages over sample data, to look at."""

from typing import Annotated

import typer

from sallyport_gateway.web.app import create_app
from sallyport_gateway.web.sample.views import SampleViews
from sallyport_link.serving import serve


def main(port: Annotated[int, typer.Argument(min=1, max=65_535)] = 8701) -> None:
    """The officer's pages over sample data, on loopback."""
    serve(create_app(SampleViews()), "127.0.0.1", port)


if __name__ == "__main__":
    typer.run(main)
