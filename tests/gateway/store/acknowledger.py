"""Writes audit entries as fast as it can and prints the index of each one that was acknowledged as durable."""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future

from sallyport_gateway.audit import log
from sallyport_gateway.audit.log import Entry
from sallyport_gateway.store import Store


def main(where: str) -> None:
    """Runs until it is killed."""
    store, room = Store(where, window=0.002), threading.Semaphore(200)

    def acknowledged(future: "Future[Entry]") -> None:
        os.write(1, f"{future.result().index}\n".encode())
        room.release()

    for at in range(10**9):
        room.acquire()
        store.submit(_job(at)).add_done_callback(acknowledged)


def _job(at: int) -> "Callable[..., Entry]":
    return lambda conn: log.append(conn, "gateway-1", "test", {"number": at}, at)


if __name__ == "__main__":
    main(sys.argv[1])
