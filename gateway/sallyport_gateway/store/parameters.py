"""Every number of the store, with its unit and its source."""

from typing import Final

COMMIT_WINDOW: Final = 0.005
"""Seconds that a batch stays open for more jobs once several callers are busy. Source: design §8, group commit of 5 to
10 ms; the disk's fdatasync was 280 to 600/s."""

COMMIT_MOST: Final = 256
"""Jobs in one commit. Source: design §8, gains flatten at hundreds."""

BUSY_TIMEOUT: Final = 5_000
"""Milliseconds that SQLite waits for another process's write before it says that the store is locked."""

READERS: Final = 4
"""Reading connections kept open."""

ATTEMPTS: Final = 4
"""Times that one job is tried when the database chose it as the victim of a deadlock."""
