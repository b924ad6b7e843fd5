"""A kiosk as a running program: its screen in one thread, its main loop in this one, until it is told to stop."""

import logging
import signal
import threading
from pathlib import Path

from sallyport_kiosk.assembly import assemble
from sallyport_kiosk.configuration import load_configuration
from sallyport_kiosk.drivers.service_manager import ServiceManager
from sallyport_kiosk.drivers.speech import speech_missing
from sallyport_kiosk.screen.app import create_app
from sallyport_link.serving import PageServer, open_port


def run_kiosk(config: Path) -> None:
    """Runs until SIGTERM or SIGINT. Raises RoadError or MalformedError when it cannot begin."""
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
    if silent := speech_missing():
        logging.warning("screen: %s", silent)
    parts.kiosk.run(parts.link, parts.session, ServiceManager().alive)
    server.should_exit = True
    screen.join(timeout=3.0)
