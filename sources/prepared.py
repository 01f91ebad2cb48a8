"""Statements that every request makes, put into SQLite's words once.

What SQLAlchemy does for each execution costs ten times what SQLite does for an indexed row.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, Insert, Select
from sqlalchemy.dialects.sqlite import dialect

SQLITE: Any = dialect()
Convert = Callable[[Any], Any]


class Prepared:
    """A statement with its words for SQLite; its values are converted as the columns' types say, on both databases."""

    def __init__(self, statement: Select[Any] | Insert) -> None:
        self.statement = statement
        compiled: Any = statement.compile(dialect=SQLITE)
        self._words = str(compiled)
        self._fixed: Mapping[str, Any] = compiled.params
        self._binds: list[tuple[str, Convert | None]] = [
            (name, compiled.binds[name].type.dialect_impl(SQLITE).bind_processor(SQLITE))
            for name in compiled.positiontup
        ]
        columns = list(statement.selected_columns) if isinstance(statement, Select) else []
        converts: list[Convert | None] = [
            each.type.dialect_impl(SQLITE).result_processor(SQLITE, None) for each in columns
        ]
        self._converts = [(place, convert) for place, convert in enumerate(converts) if convert is not None]

    def rows(self, connection: sqlite3.Connection, given: Mapping[str, Any]) -> Sequence[Any]:
        """What it gives."""
        rows = connection.execute(self._words, self._values(given)).fetchall()
        return [self._converted(row) for row in rows] if self._converts else rows

    def write(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute it with each of these."""
        if connection.dialect.name == SQLITE.name:
            connection.exec_driver_sql(self._words, [tuple(self._values(row)) for row in rows])
        else:
            connection.execute(self.statement, rows)

    def _values(self, given: Mapping[str, Any]) -> list[Any]:
        fixed, values = self._fixed, []
        for name, convert in self._binds:
            value = given[name] if name in given else fixed[name]
            values.append(value if convert is None else convert(value))
        return values

    def _converted(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for place, convert in self._converts:
            values[place] = convert(values[place])
        return values


class Rows(Protocol):
    """The rows of statements, all out of one transaction."""

    def __call__(self, statement: Prepared, **given: Any) -> Sequence[Any]: ...


def rows_of(connection: Connection) -> Rows:
    """Statements by way of SQLAlchemy."""
    return lambda statement, **given: connection.execute(statement.statement, given).all()
