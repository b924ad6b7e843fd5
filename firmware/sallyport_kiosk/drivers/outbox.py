"""The durable outbox: a message leaves it only by a signed verdict or by its time, over any restart or loss of power.

No acknowledgement of a broker settles anything: brokers drop messages that they acknowledged. Times are Unix
milliseconds, since monotonic time begins afresh with each boot.
"""

import random
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sallyport_link.backoff import Backoff
from sallyport_protocol.errors import RoadError

RESEND: Final = Backoff(base_ms=1_000, cap_ms=5_000, floor_ms=500)
"""Between two sendings of one message. A result is worth 30 s, so it is sent about ten times within its life."""
LAPSED: Final = "LAPSED"
"""The verdict of a message whose time passed without one."""
KEPT_SETTLED: Final = 1_000
"""Settled messages kept, without their bytes, to answer what became of them."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    session BLOB NOT NULL, digest BLOB NOT NULL, topic TEXT NOT NULL, message BLOB,
    expires_ms INTEGER NOT NULL, next_ms INTEGER NOT NULL, attempts INTEGER NOT NULL, verdict TEXT,
    UNIQUE (session, digest)
) STRICT;
CREATE INDEX IF NOT EXISTS outbox_open ON outbox (next_ms) WHERE verdict IS NULL;
"""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One message to send now."""

    session: bytes
    digest: bytes
    topic: str
    message: bytes
    expires_ms: int
    attempts: int
    """Sendings before this one."""


class Outbox:
    """A file at `path`, for this process alone. Thread-safe. Raises RoadError that says what to do."""

    def __init__(self, path: Path, *, chance: Callable[[], float] = random.random) -> None:
        self._path, self._chance, self._lock = path, chance, threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
        except OSError as error:
            raise RoadError(
                f"cannot write the outbox {path} ({error.strerror}): "
                f"give the kiosk's user write access to {path.parent}"
            ) from error
        self._database = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
        try:
            with self._road(transaction=False):
                self._prepare()
        except BaseException:
            self._database.close()
            raise

    def put(self, session: bytes, digest: bytes, topic: str, message: bytes, expires_ms: int) -> None:
        """Durable when it returns; due at once. The same session and digest again changes nothing."""
        with self._road():
            self._database.execute(
                "INSERT INTO outbox (session, digest, topic, message, expires_ms, next_ms, attempts) "
                "VALUES (?, ?, ?, ?, ?, 0, 0) ON CONFLICT DO NOTHING",
                (session, digest, topic, message, expires_ms),
            )

    def due(self, now_ms: int) -> list[OutboxEntry]:
        """What is to be sent now, in the order of `put`; each is not due again before its back-off has passed."""
        with self._road():
            self._database.execute(
                "UPDATE outbox SET verdict = ?, message = NULL WHERE verdict IS NULL AND expires_ms <= ?",
                (LAPSED, now_ms),
            )
            rows = self._database.execute(
                "SELECT number, session, digest, topic, message, expires_ms, attempts FROM outbox "
                "WHERE verdict IS NULL AND next_ms <= ? ORDER BY number",
                (now_ms,),
            ).fetchall()
            self._database.executemany(
                "UPDATE outbox SET attempts = attempts + 1, next_ms = ? WHERE number = ?",
                [(now_ms + RESEND.wait_ms(row[-1] + 1, self._chance()), row[0]) for row in rows],
            )
        return [OutboxEntry(*row[1:]) for row in rows]

    def mark_settled(self, session: bytes, digest: bytes, verdict: str) -> bool:
        """Ends the resending. False when nothing open fits: an unknown, settled or lapsed message."""
        with self._road():
            cursor = self._database.execute(
                "UPDATE outbox SET verdict = ?, message = NULL WHERE session = ? AND digest = ? AND verdict IS NULL",
                (verdict, session, digest),
            )
            return cursor.rowcount == 1

    def verdict(self, session: bytes, digest: bytes) -> str | None:
        """What became of a message; None while it is open or unknown."""
        with self._road():
            row = self._database.execute(
                "SELECT verdict FROM outbox WHERE session = ? AND digest = ?", (session, digest)
            ).fetchone()
        return None if row is None else row[0]

    def waiting(self) -> int:
        """How many messages have no verdict yet."""
        with self._road():
            return int(self._database.execute("SELECT count(*) FROM outbox WHERE verdict IS NULL").fetchone()[0])

    def close(self) -> None:
        """Idempotent."""
        with self._lock:
            self._database.close()

    def _prepare(self) -> None:
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")  # a second kiosk program finds it busy
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute("PRAGMA secure_delete = ON")
        for statement in _SCHEMA.split(";\n"):
            self._database.execute(statement)
        self._database.execute(
            "DELETE FROM outbox WHERE verdict IS NOT NULL AND number <= "
            "(SELECT coalesce(max(number), 0) FROM outbox WHERE verdict IS NOT NULL) - ?",
            (KEPT_SETTLED,),
        )

    @contextmanager
    def _road(self, transaction: bool = True) -> Iterator[None]:
        """One transaction at a time; every failure of the file says what to do."""
        with self._lock:
            try:
                if not transaction:
                    yield
                    return
                self._database.execute("BEGIN IMMEDIATE")
                with self._database:  # commits, or rolls back
                    yield
            except sqlite3.Error as error:
                raise RoadError(f"the outbox {self._path} fails ({error}): {_advice(error, self._path)}") from error


def _advice(error: sqlite3.Error, path: Path) -> str:
    match getattr(error, "sqlite_errorname", "").split("_")[1:2]:
        case ["BUSY" | "LOCKED"]:
            return "another kiosk program uses it; stop that one"
        case ["NOTADB" | "CORRUPT"]:
            return f"it is damaged; move {path} away, report it and start again"
        case ["FULL"]:
            return "the disk is full; free some space"
        case _:
            return f"make {path.parent} writable for the kiosk's user"
