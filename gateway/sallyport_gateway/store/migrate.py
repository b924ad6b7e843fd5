"""Brings the tables of a store up to date by Alembic, in one transaction, at every start."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text

from sallyport_protocol.errors import RoadError

_MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK = 0x5A11
"""PostgreSQL advisory lock: of several gateways that start at once, one migrates and the rest wait."""


def migrate(engine: Engine, revision: str = "head") -> None:
    """Upgrades to `revision`. Raises RoadError when a newer release has already been here."""
    with engine.connect() as conn, conn.begin():
        if conn.dialect.name == "postgresql":
            conn.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))  # nobody is served yet
            conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        try:
            command.upgrade(config(conn), revision)
        except CommandError as error:
            raise RoadError(
                f"The store was made by a newer release ({error}): install that release, or restore this one's backup."
            ) from error


def config(conn: Connection) -> Config:
    """Alembic's configuration for one open connection; no ini file is needed."""
    made = Config()
    made.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = conn
    return made
