"""`sallyport-gateway`: judges releases and serves the officers' pages."""

import asyncio
import gc
import logging
import resource
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from sallyport_gateway.commands.cli_audit import app as audit_app
from sallyport_gateway.commands.cli_decide import decide_command
from sallyport_gateway.commands.cli_exceptions import app as exceptions_app
from sallyport_gateway.commands.cli_keepers import keepers_command
from sallyport_gateway.commands.cli_papers import list_papers
from sallyport_gateway.commands.cli_receipt import app as receipt_app
from sallyport_gateway.commands.cli_records import app as records_app
from sallyport_gateway.commands.cli_standing import reconcile, show_standing
from sallyport_gateway.commands.cli_watch import watch_command
from sallyport_gateway.commands.options import GATEWAY_TOML, Config
from sallyport_gateway.configuration import Configuration, load_configuration
from sallyport_link.program import ENDINGS, Version, log_to_terminal, run_program
from sallyport_protocol.actions import Part

_HELP = f"""Judge releases and serve the officers' pages.

A gateway believes a kiosk only after twelve checks, and the records after thirteen more.

{ENDINGS}"""

app = typer.Typer(help=_HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def _root(told: Version = False) -> None:
    """Options of the program itself."""


@app.command()
def run(
    config: Config = GATEWAY_TOML,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more")] = False,
) -> None:
    """Run the gateway and the officers' pages. Ctrl-C or SIGTERM ends it."""
    log_to_terminal(verbose)
    while uvloop.run(_serve(load_configuration(config))):
        logging.info("the gateway begins anew")


@app.command()
def enrol(
    prisoner: Annotated[str, typer.Argument(help="Prisoner number, such as A1234BC")],
    officer: Annotated[str, typer.Option(help="Who enrols")],
    face: Annotated[list[Path] | None, typer.Option(help="A photograph; repeat for several")] = None,
    finger: Annotated[list[str] | None, typer.Option(help="POSITION=IMAGE, such as 2=right-index.png; repeat")] = None,
    captured_on: Annotated[str | None, typer.Option(help="Day of capture, YYYY-MM-DD", show_default="today")] = None,
    covered: Annotated[list[Part] | None, typer.Option(help="What of the face stays covered; repeat")] = None,
    config: Config = GATEWAY_TOML,
    models: Annotated[Path | None, typer.Option(help="Folder of models", show_default="SALLYPORT_MODELS")] = None,
) -> None:
    """Enrol a person's references from images taken at reception; they are stored encrypted."""
    from sallyport_gateway.enrolment import enrol_person

    for line in enrol_person(
        load_configuration(config), prisoner, officer, face or [], finger or [], captured_on, models, set(covered or [])
    ):
        Console().print(line, highlight=False)


app.command(name="decide")(decide_command)
app.add_typer(exceptions_app, name="exceptions")
records_app.command("papers")(list_papers)
app.add_typer(records_app, name="records")
audit_app.command("standing")(show_standing)
audit_app.command("reconcile")(reconcile)
app.add_typer(audit_app, name="audit")
app.add_typer(receipt_app, name="receipt")
app.command(name="keepers")(keepers_command)
app.command(name="watch")(watch_command)


async def _serve(configuration: Configuration) -> bool:
    """Serves until it is told to stop; True where it must begin anew at once, with the next log."""
    from sallyport_gateway import api
    from sallyport_gateway.acts.desk import Desk
    from sallyport_gateway.page_server import address, page_server, who_is_free
    from sallyport_gateway.service import Service
    from sallyport_gateway.views.ahead_views import Ahead
    from sallyport_gateway.views.lane_views import Views
    from sallyport_gateway.views.search_views import Search
    from sallyport_gateway.web import ahead, search
    from sallyport_gateway.web.app import create_app
    from sallyport_link.serving import open_port

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # connections that say nothing must fill more than 1,024
    place = configuration.file.web
    listener = open_port(place.host, place.port)
    service = Service(configuration)
    desk = Desk(service)
    views = Views(service, desk)
    pages = create_app(views, readers=desk.reading, free=who_is_free(configuration))
    pages.include_router(api.router(views, desk.do))
    due = ahead.router(Ahead(service, views), service.clock.now, lambda: bool(pages.state.closing), desk.reading)
    pages.include_router(due)
    pages.include_router(search.router(Search(service)))
    server = page_server(pages, configuration)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: setattr(server, "should_exit", True))
    service.on_renew = lambda: setattr(server, "should_exit", True)
    await service.start()
    sys.setswitchinterval(0.001)  # the loop waits no longer for a duty's thread than a decision takes
    gc.freeze()  # what lives from here on is small: a collection does not walk the libraries again
    gc.set_threshold(10_000, 20, 50)  # a decision makes a few hundred values, and none of them in a ring
    logging.info("officers' pages at %s", address(configuration))
    try:
        await server.serve(sockets=[listener])
    finally:
        await service.stop()
    return service.renewed


def main() -> None:
    """The console script: errors of ours end in one line and exit code 1."""
    run_program("sallyport-gateway", app)


if __name__ == "__main__":
    main()
