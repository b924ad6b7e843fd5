"""Every number of the store, with its unit and its source."""

from typing import Final

COMMIT_WINDOW: Final = 0.0
"""Seconds that a batch stays open for more jobs once several callers are busy. With 0, what arrives while the disk is
busy is the next batch; measured (`bench/ledger.py`) that is both faster and sooner than waiting 2 or 5 ms. A disk
whose flush costs much more than the work of one batch may want 0.005."""

QUICK_FLUSH: Final = 0.005
"""Seconds. While commits take less than this, an event loop waits for them in place: handing one to a thread and back
takes about 0.2 ms of processor time, and no page notices 5."""

AT_ONCE_MOST: Final = 32
"""Jobs that an event loop runs in one go: some 30 ms of decisions, and then it hears what else there is."""

WRITER_PATIENCE: Final = 0.02
"""Seconds that an event loop's jobs wait for the writer's thread to have done what it has; most of its work takes less
than five milliseconds."""

COMMIT_MOST: Final = 256
"""Jobs in one commit. Source: design §8, gains flatten at hundreds."""

BUSY_TIMEOUT: Final = 5_000
"""Milliseconds that SQLite waits for another process's write before it says that the store is locked."""

PAUSE: Final = 5_000
"""Milliseconds between two statements of one transaction after which PostgreSQL takes it back; less than one is usual,
an overloaded machine needs thousands. About as long as a lease (`LEASE_MS`): a paused gateway's rows are free when its
lanes are."""

STATEMENTS: Final = 512
"""Statements that SQLite keeps compiled for each connection: more than the gateway has."""

READERS: Final = 4
"""Reading connections kept open."""

ATTEMPTS: Final = 4
"""Times that one job is tried when the database chose it as the victim of a deadlock."""
