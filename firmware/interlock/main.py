"""The interlock's program. Whatever goes wrong, the door is locked first, and the watchdog starts the board anew."""

import sys

from sallyport_interlock import identity
from sallyport_interlock.board import Board


def confess(loop) -> None:
    """Leave the fault in the journal, if that still works; the gateway asks for it after the restart."""
    try:
        loop.fail()
    except Exception as error:
        sys.print_exception(error)


def main() -> None:
    board = Board()
    loop = None
    try:
        from sallyport_interlock.loop import Loop

        loop = Loop(board, identity.measure(sys.path))
        while True:
            loop.step()
            board.rest()
    except Exception as error:
        board.lock()
        sys.print_exception(error)
        confess(loop)
        board.restart()
    finally:
        board.lock()


main()
