import asyncio
import threading

import cv2
import numpy as np

from sallyport_kiosk.screen.board import WIDTH, Board
from sallyport_kiosk.screen.preview import sample_picture
from sallyport_kiosk.screen.words import AWAY, Instruction, ScreenState
from sallyport_kiosk.stage import Step


def test_a_new_board_is_out_of_service() -> None:
    assert Board().state() == AWAY
    assert Board().jpeg() is None


def test_the_session_writes_and_the_screen_reads() -> None:
    board = Board()
    board.show(Step.FACE, "TOO_FAR", 0.4)
    assert board.state() == ScreenState(Instruction.COME_CLOSER, Step.FACE, 0.4)
    board.show(Step.FINGER, "PLACE_FINGER", 7.0, finger=3)
    assert board.state() == ScreenState(Instruction.PLACE_FINGER, Step.FINGER, 1.0, 3)


def test_the_picture_is_a_small_jpeg_of_the_newest_frame() -> None:
    board = Board()
    board.show(Step.FACE, "LOOK_AT_CAMERA")
    board.picture(np.zeros((1080, 1920, 3), np.uint8))
    board.picture(np.full((1080, 1920, 3), 200, np.uint8))
    jpeg = board.jpeg()
    assert jpeg is not None
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (360, WIDTH, 3)
    assert abs(int(picture.mean()) - 200) <= 2
    assert board.jpeg() is jpeg


def test_no_picture_outside_the_camera_step_or_after_it_is_taken_away() -> None:
    board = Board()
    board.picture(sample_picture())
    assert board.jpeg() is None
    board.show(Step.FACE, "LOOK_AT_CAMERA")
    board.picture(sample_picture())
    assert board.jpeg() is not None
    board.show(Step.FINGER, "PLACE_FINGER")
    assert board.jpeg() is None
    board.show(Step.FACE, "LOOK_AT_CAMERA")
    assert board.jpeg() is None
    board.picture(sample_picture())
    board.picture(None)
    assert board.jpeg() is None


def test_a_change_from_another_thread_wakes_the_screen() -> None:
    board = Board()

    async def wait() -> float:
        clock = asyncio.get_running_loop().time
        ticks = board.subscribe(30.0)
        await anext(ticks)
        began = clock()
        threading.Timer(0.05, board.show, (Step.FACE, "LOOK_AT_CAMERA")).start()
        await anext(ticks)
        await ticks.aclose()  # type: ignore[attr-defined]
        return clock() - began

    assert asyncio.run(wait()) < 10
    board.show(Step.IDLE, "WELCOME")  # nobody listens any more, nothing breaks


def test_silence_is_a_tick_too() -> None:
    async def thrice() -> int:
        count = 0
        async for _ in Board().subscribe(0.01):
            count += 1
            if count == 3:
                return count
        return count

    assert asyncio.run(thrice()) == 3


def test_only_the_first_word_about_the_newest_light_counts() -> None:
    times = iter((100, 200, 300))
    board = Board(lambda: next(times))
    board.painted(0)
    assert board.lit(0) is None, "no light is none"
    board.light("RED", 1)
    board.painted(2)
    assert board.lit(1) is None
    board.painted(1)
    board.painted(1)
    assert board.lit(1) == 100
    board.light("BLUE", 2)
    board.painted(1)
    assert (board.lit(1), board.lit(2)) == (None, None), "a late word about the light before"
    board.painted(2)
    assert board.lit(2) == 200
    board.light("", 0)
    assert (board.lit(2), board.state().light) == (None, "")


def test_no_picture_is_shown_while_the_screen_is_a_colour() -> None:
    board = Board()
    board.show(Step.FACE, "WATCH_COLOURS")
    board.picture(sample_picture())
    assert board.jpeg() is not None
    board.light("RED", 1)
    board.picture(sample_picture())
    assert board.jpeg() is None
