"""One gateway writes one SQLite file: a second one is refused. The kernel takes the lock back from whoever dies."""

import fcntl
from pathlib import Path
from typing import IO

from sqlalchemy import make_url

from sallyport_protocol.errors import RoadError


def hold_alone(url: str) -> IO[bytes] | None:
    """Holds an SQLite store for this process until what is returned is closed; None for a store that may be shared.

    Commands that look at the store or add a record beside a running gateway do not ask: SQLite orders their writes.
    Raises RoadError when another gateway runs on it.
    """
    place = make_url(url)
    if place.get_backend_name() != "sqlite":
        return None
    path = Path(f"{Path(place.database or '').resolve()}.gateway")  # a link to the file is the same file
    try:
        held = path.open("ab")
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        held.close()
        raise RoadError(
            f"Another gateway runs on {place.database}: stop it, or let several share a PostgreSQL store."
        ) from error
    except OSError as error:
        raise RoadError(f"{path}: {error.strerror}; give this user write access to the store's directory") from error
    return held
