"""The road to the broker, and how long things take on this machine."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Final

from sallyport_biometrics.face.pipeline import MODELS as FACE_MODELS
from sallyport_biometrics.face.pipeline import FacePipeline
from sallyport_kiosk.assembly import approved_store, load_approved, make_boot, make_link
from sallyport_kiosk.configuration import Configuration
from sallyport_kiosk.drivers.cameras import make_camera
from sallyport_link.connection import OnMessage
from sallyport_link.mqtt import MqttLink
from sallyport_protocol.errors import RoadError
from sallyport_protocol.topics import Kind, Topic

ROAD_S: Final = 8.0
"""Longest wait for the broker."""
TRIPS: Final = 5
SLOWEST_TRIP_MS: Final = 250.0
"""To the broker and back. A release takes six of them between the officer's press and the strike: 1.5 s at most."""
SLOWEST_FRAME_MS: Final = 500.0
"""One frame through the face's networks: five frames of one template within three seconds."""


@contextmanager
def linked(configuration: Configuration, on_message: OnMessage = lambda *_: None) -> Iterator[MqttLink]:
    """The kiosk's link under its own name, while the context lasts."""
    link = make_link(configuration, None, on_message)
    link.start()
    try:
        yield link
    finally:
        link.stop()


def network(configuration: Configuration) -> str:
    """The broker lets this kiosk in by its certificate and takes a message on its own topic."""
    place = configuration.file.broker
    with linked(configuration) as link:
        trip = _round_trip(configuration, link)
    return f"broker at {place.host}:{place.port}, round trip {trip:.1f} ms, mutual TLS"


def latency(configuration: Configuration) -> str:
    """The median trip to the broker, and the median frame through the face's networks."""
    with linked(configuration) as link:
        trip = median(_round_trip(configuration, link) for _ in range(TRIPS))
    frame = _frame_ms(configuration)
    words = f"broker and back {trip:.1f} ms, a frame through the face's networks {frame:.0f} ms (medians of {TRIPS})"
    if trip > SLOWEST_TRIP_MS:
        raise RoadError(f"{words}: the network is too slow, at most {SLOWEST_TRIP_MS:.0f} ms; check its cabling")
    if frame > SLOWEST_FRAME_MS:
        raise RoadError(f"{words}: this machine is too slow, at most {SLOWEST_FRAME_MS:.0f} ms; check its cooling")
    return words


def _round_trip(configuration: Configuration, link: MqttLink) -> float:
    file, before = configuration.file, link.counts
    link.publish(str(Topic(file.prison, file.name, Kind.STATUS)), b"", ROAD_S)
    until = time.monotonic() + ROAD_S
    while time.monotonic() < until:
        now = link.counts
        if now.refused > before.refused:
            raise RoadError(f"the broker at {file.broker.host}:{file.broker.port} refused this kiosk's own topic")
        if now.acknowledged > before.acknowledged:
            return now.round_trip_ms
        time.sleep(0.01)
    raise RoadError(link.last_error or f"the broker at {file.broker.host}:{file.broker.port} does not answer")


def _frame_ms(configuration: Configuration) -> float:
    boot = make_boot(configuration)
    store = approved_store(configuration, boot.model_set)
    pipeline = FacePipeline({name: load_approved(store, boot.model_set, name) for name in FACE_MODELS})
    camera = make_camera(configuration.file.devices.camera, configuration.home)
    camera.open()
    try:
        took = []
        for _ in range(TRIPS):
            image = camera.read().image
            began = time.monotonic()
            found = pipeline.analyse(image)
            if found.face is not None:
                pipeline.embed(image, found.face)
            took.append((time.monotonic() - began) * 1_000)
        return median(took)
    finally:
        camera.close()
