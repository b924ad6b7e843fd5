"""Doors to the database: SQLite in WAL with full synchronisation, or PostgreSQL by psycopg. Nothing above knows which.

The writer's connections take the write lock when they begin (SQLite: BEGIN IMMEDIATE), so what a job reads stays true
until its commit. The readers' connections cannot write.
"""

import sqlite3
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from sallyport_gateway.store.parameters import BUSY_TIMEOUT, PAUSE, READERS, STATEMENTS
from sallyport_protocol.errors import RoadError

WRITER = "IMMEDIATE"
READER = "DEFERRED"
_BROKEN = ("OperationalError", "InternalError", "InterfaceError", "DatabaseError")
"""What drivers raise when the database, not the statement, is at fault. Constraint errors have names of their own."""


def open_reader(where: str | Path) -> Engine:
    """Opens a store that is there, to look at it only. Raises RoadError when there is none."""
    url = _url(where)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise RoadError(f"There is no store at {url.database}: name the gateway's store or its configuration.")
    return open_engines(where)[1]


def open_engines(where: str | Path) -> tuple[Engine, Engine]:
    """Opens `where` (a path, or a URL such as postgresql+psycopg://...): the writer's engine and the readers'.

    Raises RoadError when the place cannot be used.
    """
    url = _url(where)
    if url.get_backend_name() == "sqlite":
        _usable(Path(url.database or ""))
        return _sqlite(url, WRITER), _sqlite(url, READER)
    if url.get_backend_name() != "postgresql":
        raise RoadError(f"No store speaks {url.get_backend_name()}: use a file's path or postgresql+psycopg://…")
    try:
        writer = create_engine(url, pool_size=1, max_overflow=1, pool_pre_ping=True)
        reader = create_engine(url, pool_size=READERS, max_overflow=READERS, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise RoadError("PostgreSQL needs the extra 'postgres': pip install 'sallyport[gateway,postgres]'") from error
    event.listen(writer, "connect", _bound_pauses)
    return writer, reader.execution_options(postgresql_readonly=True)


def open_at_once(url: URL) -> Engine:
    """A writer's engine for a file that is open already: it says at once when somebody else writes."""
    return _sqlite(url, WRITER, patience=0)


def _bound_pauses(raw: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """A gateway that stands still in a transaction loses it, and the rows that others wait for are free."""
    raw.cursor().execute(f"SET idle_in_transaction_session_timeout = {PAUSE}")
    raw.commit()


def _url(where: str | Path) -> URL:
    return make_url(where if isinstance(where, str) and "://" in where else f"sqlite:///{Path(where)}")


def _usable(path: Path) -> None:
    if not path.parent.is_dir():
        raise RoadError(f"The directory {path.parent} does not exist: create it, or name another place for the store.")
    try:
        with path.open("ab"):
            pass
    except OSError as error:
        raise RoadError(
            f"The store {path} cannot be written ({error.strerror}): give this user write access to it and to its"
            " directory."
        ) from error


def _sqlite(url: URL, begin: str, patience: int = BUSY_TIMEOUT) -> Engine:
    engine = create_engine(
        url,
        pool_size=1 if begin == WRITER else READERS,
        max_overflow=1 if begin == WRITER else READERS,
        connect_args={"check_same_thread": False, "timeout": patience / 1000, "cached_statements": STATEMENTS},
    )

    @event.listens_for(engine, "connect")
    def prepare(raw: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        assert isinstance(raw, sqlite3.Connection)
        raw.isolation_level = None  # we say BEGIN ourselves, see below
        pragmas = ["journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"]
        for pragma in [*pragmas, "query_only=ON"] if begin == READER else pragmas:
            raw.execute(f"PRAGMA {pragma}")

    def start(raw: PoolProxiedConnection) -> None:
        raw.cursor().execute(f"BEGIN {begin}")

    # Not by the engine's event "begin": an engine with events asks for listeners at every statement.
    engine.dialect.do_begin = start  # type: ignore[method-assign, assignment]
    return engine


def is_road(error: BaseException) -> bool:
    """Whether the database or the way to it failed, rather than the statement being wrong."""
    return isinstance(error, DBAPIError) and (error.connection_invalidated or type(error).__name__ in _BROKEN)


def road_error(error: BaseException, where: str) -> RoadError:
    """What the operator must do about a failed database."""
    cause = getattr(error, "orig", None)
    name = getattr(cause, "sqlite_errorname", None) or type(cause or error).__name__
    if "idle-in-transaction" in str(cause):
        name = "IdleInTransaction"
    for start, advice in _ADVICE.items():
        if name.startswith(start):
            return RoadError(f"The store {where} {advice} [{name}]")
    return RoadError(f"The store {where} failed: {cause or error}. Check the database and its disk. [{name}]")


_ADVICE = {
    "SQLITE_FULL": "is full: free space on its disk. Nothing that was acknowledged is lost; no door opens until then.",
    "SQLITE_BUSY": "is locked by another process: stop that process (one gateway writes one SQLite file).",
    "SQLITE_LOCKED": "is locked by another process: stop that process (one gateway writes one SQLite file).",
    "SQLITE_READONLY": "cannot be written: give this user write access to the file and its directory.",
    "SQLITE_CANTOPEN": "cannot be opened: check that its directory exists and that this user may write there.",
    "SQLITE_IOERR": "has a failing disk: check the disk, then restore to another one and reconcile.",
    "SQLITE_CORRUPT": "is damaged: stop the gateway, restore the last backup and reconcile against the witness.",
    "SQLITE_NOTADB": "is not a database: name the right file.",
    "DiskFull": "is full: free space on the database server's disk.",
    "ReadOnlySqlTransaction": "may only be read: this PostgreSQL is a standby; point the gateway at the primary.",
    "IdleInTransaction": "took back a transaction in which this process stood still: is its machine overloaded?",
    "OperationalError": "does not answer: start PostgreSQL, check the address and the network.",
    "AdminShutdown": "was shut down by its administrator: start PostgreSQL again.",
    "ConnectionTimeout": "does not answer: start PostgreSQL, check the address and the network.",
}
