"""Statements of the hot path, compiled once and run on the driver's own cursor.

SQLAlchemy asks 60 to 100 µs for each execution of a statement that SQLite answers in 10; a decision makes fourteen.
The statement is written with SQLAlchemy as every other, so both databases get their own SQL from it; rows and errors
are of the same kind too. Parameters are plain values for the columns' types; lists (`IN`) are not for here.
"""

from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import UpdateBase

_Processor = Callable[[Any], Any]


class _Compiled:
    """One statement for one kind of database."""

    def __init__(self, statement: Select[Any] | UpdateBase, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.dialect, self.text = dialect, compiled.string
        self.names: Sequence[str] | None = compiled.positiontup
        self.fixed: dict[str, Any] = {
            name: getattr(value, "value", value)
            for name, value in compiled.params.items()
            if not compiled.binds[name].required
        }
        columns = list(statement.selected_columns) if isinstance(statement, Select) else []
        names = [each.name for each in columns]
        self.row: Any = namedtuple("Row", names)  # type: ignore[misc]
        made = [each.type.dialect_impl(dialect).result_processor(dialect, None) for each in columns]
        self.processors: tuple[tuple[int, _Processor], ...] = tuple(
            (place, each) for place, each in enumerate(made) if each is not None
        )

    def values(self, given: dict[str, Any]) -> Any:
        """The parameters as the driver takes them."""
        whole = self.fixed | given if self.fixed else given
        return whole if self.names is None else [whole[name] for name in self.names]

    def shaped(self, raw: Sequence[Any]) -> Any:
        """A row with names, its values of Python's types."""
        if self.processors:
            changed = list(raw)
            for place, process in self.processors:
                changed[place] = process(changed[place])
            raw = changed
        return self.row(*raw)


class Prepared:
    """A statement that may be run on any connection of the store, inside the caller's transaction."""

    def __init__(self, statement: Select[Any] | UpdateBase) -> None:
        self._statement: Final = statement
        self._compiled: _Compiled | None = None

    def all(self, conn: Connection, **values: Any) -> list[Any]:
        """Every row, with the columns' names as attributes."""
        compiled = self._for(conn)
        return [compiled.shaped(row) for row in self._run(conn, compiled, values).fetchall()]

    def first(self, conn: Connection, **values: Any) -> Any:
        """The first row, or None."""
        compiled = self._for(conn)
        row = self._run(conn, compiled, values).fetchone()
        return None if row is None else compiled.shaped(row)

    def scalar(self, conn: Connection, **values: Any) -> Any:
        """The first column of the first row, or None."""
        row = self.first(conn, **values)
        return None if row is None else row[0]

    def run(self, conn: Connection, **values: Any) -> int:
        """Runs what changes rows; how many it changed."""
        return self._run(conn, self._for(conn), values).rowcount

    def _for(self, conn: Connection) -> _Compiled:
        compiled = self._compiled
        if compiled is None or compiled.dialect.name != conn.dialect.name:
            compiled = self._compiled = _Compiled(self._statement, conn.dialect)
        return compiled

    def _run(self, conn: Connection, compiled: _Compiled, values: dict[str, Any]) -> DBAPICursor:
        if not conn.in_transaction():
            conn.begin()
        cursor = conn.connection.cursor()
        try:
            cursor.execute(compiled.text, compiled.values(values))
        except Exception as error:
            raise _as_sqlalchemy_does(error, compiled.text, conn) from error
        return cursor


def _as_sqlalchemy_does(error: Exception, statement: str, conn: Connection) -> BaseException:
    """A driver's error in the tree that the store knows; any other as it is."""
    base = conn.dialect.loaded_dbapi.Error
    if not isinstance(error, base):
        return error
    lost = conn.dialect.is_disconnect(error, conn.connection.dbapi_connection, None)
    return DBAPIError.instance(
        statement, None, error, base, hide_parameters=True, connection_invalidated=lost, dialect=conn.dialect
    )
