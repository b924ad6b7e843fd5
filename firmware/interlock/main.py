"""The interlock's program. Whatever goes wrong, the door is locked first, and the watchdog starts the board anew."""

import sys

from sallyport_interlock import identity
from sallyport_interlock.board import Board


def main() -> None:
    board = Board()
    try:
        from sallyport_interlock.loop import Loop

        loop = Loop(board, identity.digest(identity.pieces(sys.path)))
        while True:
            loop.step()
            board.rest()
    except Exception as error:
        board.lock()
        sys.print_exception(error)
        board.restart()
    finally:
        board.lock()


main()
