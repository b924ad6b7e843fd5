"""`python -m sallyport_kiosk.screen.preview [PORT]`: the prisoner's screen, one step every few seconds, to look at."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import cycle
from typing import Annotated

import numpy as np
import typer
from fastapi import FastAPI

from sallyport_biometrics.face.flash import Light
from sallyport_kiosk.ports import Pixels
from sallyport_kiosk.screen.app import create_app
from sallyport_kiosk.screen.board import Board
from sallyport_kiosk.stage import Step
from sallyport_link.serving import serve

SAMPLE = (
    (Step.IDLE, "WELCOME", 0.0),
    (Step.FACE, "LOOK_AT_CAMERA", 0.0),
    (Step.FACE, "TOO_FAR", 0.0),
    (Step.FACE, "TOO_CLOSE", 0.0),
    (Step.FACE, "OFF_CENTRE", 0.0),
    (Step.FACE, "SEVERAL_FACES", 0.0),
    (Step.FACE, "KEEP_STILL", 0.6),
    (Step.FINGER, "PLACE_FINGER", 0.0),
    (Step.FINGER, "PRESS_HARDER", 0.0),
    (Step.FINGER, "LIFT_FINGER", 0.5),
    (Step.WAIT, "WAIT_FOR_OFFICER", 0.0),
    (Step.DONE, "DOOR_OPEN_GO", 0.0),
    (Step.IDLE, "STAFF_WILL_HELP", 0.0),
    (Step.IDLE, "OUT_OF_SERVICE", 0.0),
)
"""Sample states, in the order of a session."""
CHALLENGE = (
    (Step.FACE, "FACE_COVERED", 0.0),
    (Step.FACE, "EXPRESSION", 0.0),
    (Step.FACE, "WATCH_COLOURS", 0.0),
    (Step.FACE, "LOOK_STRAIGHT", 0.0),
    (Step.FACE, "TURN_LEFT", 0.0),
    (Step.FACE, "TURN_RIGHT", 0.2),
    (Step.FACE, "LOOK_UP", 0.4),
    (Step.FACE, "CLOSE_EYES", 0.6),
    (Step.FACE, "SMILE", 0.8),
    (Step.FACE, "NO_ANSWER", 0.0),
    (Step.FACE, "TOO_SOON", 0.0),
    (Step.FACE, "TOO_BRIEF", 0.0),
    (Step.FACE, "OTHER_ACTION", 0.0),
    (Step.FACE, "TRY_AGAIN", 0.0),
)
"""Those of the challenge, and complaints about a face."""
LIGHT_TICKS = 6
"""Tenths of a second for each colour."""


def sample_picture(shift: int = 0) -> Pixels:
    """A drawn head before a plain wall, 480 x 640 x 3; `shift` moves it sideways, pixels."""
    y, x = np.mgrid[0:480, 0:640]
    picture = np.full((480, 640, 3), 205, np.uint8)
    picture[((x - 320 - shift) / 200.0) ** 2 + ((y - 520) / 170.0) ** 2 < 1] = 110
    picture[((x - 320 - shift) / 92.0) ** 2 + ((y - 230) / 122.0) ** 2 < 1] = 150
    return picture


async def _play(board: Board, seconds: float) -> None:
    shifts: Iterator[int] = cycle((*range(-40, 40, 4), *range(40, -40, -4)))
    for step, instruction, progress in cycle((*SAMPLE[:6], *CHALLENGE, *SAMPLE[6:])):
        board.show(step, instruction, progress, finger=2)
        for tick in range(int(seconds * 10)):
            if instruction == "WATCH_COLOURS" and tick % LIGHT_TICKS == 0:
                number = tick // LIGHT_TICKS + 1
                board.light(str(list(Light)[number % 3]), number)
            board.picture(sample_picture(next(shifts)))
            await asyncio.sleep(0.1)


def create_preview(board: Board, seconds: float) -> FastAPI:
    """The screen with the sample states in turn, `seconds` each."""
    app = create_app(board)

    @asynccontextmanager
    async def playing(_app: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(_play(board, seconds))
        yield
        task.cancel()

    app.router.lifespan_context = playing
    return app


def main(port: Annotated[int, typer.Argument(min=1, max=65_535)] = 8702) -> None:
    """The prisoner's screen, one step every four seconds, on loopback."""
    serve(create_preview(Board(), seconds=4.0), "127.0.0.1", port)


if __name__ == "__main__":
    typer.run(main)
