"""One frame of the camera for a session: recent, and from a camera that keeps up."""

from sallyport_kiosk.ports import Camera, Frame
from sallyport_kiosk.stage import Stage


def fresh_frame(camera: Camera, stage: Stage) -> tuple[Frame, int] | None:
    """The next frame, shown on the screen, and when it arrived, monotonic ms; None for one from before the offer.

    Raises RoadError when the camera fails or takes too long.
    """
    began = stage.clock.monotonic_ms()
    frame = camera.read()
    arrived = stage.clock.monotonic_ms()
    stage.pace.took(arrived - began, frame.captured_ms)
    stage.display.picture(frame.image)
    return (frame, arrived) if frame.captured_ms >= stage.started else None
