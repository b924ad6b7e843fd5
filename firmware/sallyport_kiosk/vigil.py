"""Watches the person while the finger is read: the one who answered the challenge stays before the camera meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from sallyport_biometrics.face.pipeline import FacePipeline
from sallyport_kiosk import parameters
from sallyport_kiosk.follower import Follower
from sallyport_kiosk.frames import fresh_frame
from sallyport_kiosk.ports import Camera
from sallyport_kiosk.stage import Stage
from sallyport_protocol.errors import RoadError


@contextmanager
def watched(camera: Camera, pipeline: FacePipeline, stage: Stage, follower: Follower | None) -> Iterator[None]:
    """A thread looks through the camera for as long as the context lasts; nobody else may read it meanwhile.

    A camera that fails shows nobody: the follower then knows that the person was out of view.
    """
    if follower is None:
        yield
        return
    over = Event()
    thread = Thread(target=_watch, args=(camera, pipeline, stage, follower, over), name="vigil", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _watch(camera: Camera, pipeline: FacePipeline, stage: Stage, follower: Follower, over: Event) -> None:
    known_ms = stage.clock.monotonic_ms()
    while not over.is_set() and not stage.over:
        with suppress(RoadError):  # nobody is seen meanwhile; one that failed is tried afresh
            camera.open()
            known_ms = _look(camera, pipeline, stage, follower, known_ms)
        over.wait(parameters.WATCH_S)


def _look(camera: Camera, pipeline: FacePipeline, stage: Stage, follower: Follower, known_ms: int) -> int:
    """One look; when the face was last known again by its embedding, monotonic ms."""
    if (fresh := fresh_frame(camera, stage)) is None:
        return known_ms
    frame, arrived = fresh
    analysis = pipeline.analyse(frame.image, frozenset(stage.needs.covered))
    due = arrived - known_ms >= parameters.KNOW_AGAIN_MS and analysis.usable and analysis.face is not None
    embedding = pipeline.embed(frame.image, analysis.face) if due and analysis.face is not None else None
    follower.see(frame, arrived, analysis, embedding)
    return arrived if embedding is not None else known_ms
