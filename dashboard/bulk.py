"""Many rows at once: by COPY into a staging table on PostgreSQL, by one statement for many on SQLite.

Rows are written in the order of their primary key. Two writers that meet on the same rows then wait
for one another in the same order, and neither ever holds what the other waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Connection, Table, any_, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

WORTH_COPYING = 8
"""From so many rows on COPY is quicker than to send them as parameters."""

Row = dict[str, Any]
Key = tuple[Any, ...]
Change = dict[str, Any]


def insert_new(connection: Connection, table: Table, rows: Iterable[Row]) -> set[Key]:
    """Insert the rows whose primary key is not there yet; the others change nothing.

    Args:
        connection: a transaction that writes.
        table: where to.
        rows: all with the same columns; of several with the same key any may win.

    Returns:
        The primary keys of those that were new.

    Raises:
        sqlalchemy.exc.DBAPIError: the database refuses a row, or is gone; nothing is inserted.
    """
    ordered = in_order(table, rows)
    if not ordered:
        return set()
    if is_postgresql(connection) and len(ordered) >= WORTH_COPYING:
        return _copied(connection, table, ordered)
    # RETURNING tells the new rows; an executemany's rowcount is not reliable with every driver.
    statement = (
        dialect_insert(connection, table).on_conflict_do_nothing().returning(*table.primary_key.columns)
    )
    return {tuple(row) for row in connection.execute(statement, ordered)}


def upsert(
    connection: Connection, table: Table, rows: Iterable[Row], change: Callable[[Any], Change] | None = None
) -> None:
    """Insert each row, or change the one that has its primary key.

    Args:
        connection: a transaction that writes.
        table: where to.
        rows: all with the same columns.
        change: from the row that was to be inserted (`excluded`) to what the present one becomes;
            by default it becomes that row.
    """
    ordered = in_order(table, rows)
    if not ordered:
        return
    statement = dialect_insert(connection, table)
    keys = _keys(table)
    if change is None:
        changed = {name: statement.excluded[name] for name in ordered[0] if name not in keys}
    else:
        changed = change(statement.excluded)
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), ordered)


def in_order(table: Table, rows: Iterable[Row]) -> list[Row]:
    """Rows by their primary key; as they come where the database gives them their key."""
    listed = list(rows)
    keys = [name for name in _keys(table) if listed and name in listed[0]]
    return sorted(listed, key=itemgetter(*keys)) if keys else listed


def among(connection: Connection, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """`column IN values`; one parameter on PostgreSQL, however many they are."""
    if is_postgresql(connection):
        return column == any_(literal(list(values), ARRAY(column.type)))
    return column.in_(values)


def is_postgresql(connection: Connection) -> bool:
    """Whether this is PostgreSQL; SQLite otherwise."""
    return connection.dialect.name == "postgresql"


def dialect_insert(connection: Connection, table: Table) -> Any:  # Any: the two Inserts share no base
    """An INSERT that knows ON CONFLICT."""
    return postgresql.insert(table) if is_postgresql(connection) else sqlite.insert(table)


def _keys(table: Table) -> list[str]:
    return [column.name for column in table.primary_key.columns]


def _copied(connection: Connection, table: Table, rows: Sequence[Row]) -> set[Key]:
    import psycopg
    from psycopg import sql

    names = tuple(rows[0])
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    keys = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.primary_key.columns)
    staged, target = sql.Identifier(f"staged_{table.name}"), sql.Identifier(table.name)
    driver: Any = connection.connection.driver_connection  # psycopg's own, which knows COPY
    pick = itemgetter(*names)
    try:
        with driver.cursor() as cursor:
            cursor.execute(
                sql.SQL(
                    "CREATE TEMPORARY TABLE IF NOT EXISTS {} (LIKE {} INCLUDING DEFAULTS)"
                    " ON COMMIT DELETE ROWS"
                ).format(staged, target)
            )
            with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(staged, columns)) as copy:
                for row in rows:
                    copy.write_row(pick(row))
            cursor.execute(
                sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} ON CONFLICT DO NOTHING RETURNING {}").format(
                    target, columns, columns, staged, keys
                )
            )
            new = set(cursor.fetchall())
            cursor.execute(sql.SQL("TRUNCATE {}").format(staged))
    except psycopg.Error as error:
        # The driver was spoken to directly: its errors become those that everything else here raises.
        raise DBAPIError.instance(f"COPY {table.name}", None, error, psycopg.Error) from error
    return new
