"""Many rows at once: by COPY into a staging table on PostgreSQL, by one statement for many on SQLite.

Rows are written in the order of their primary key. Two writers that meet on the same rows then wait
for one another in the same order, and neither ever holds what the other waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Table,
    TableClause,
    any_,
    literal,
    select,
)
from sqlalchemy import column as sa_column
from sqlalchemy import table as sa_table
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
        columns = _columns(table, ordered[0])
        staged = stage(connection, table.name, columns, ordered)
        copied = dialect_insert(connection, table).from_select(list(ordered[0]), select(*staged.c))
        found = connection.execute(copied.on_conflict_do_nothing().returning(*table.primary_key.columns))
        return {tuple(row) for row in found}
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
    for ordered in _rounds(table, rows):
        if is_postgresql(connection) and len(ordered) >= WORTH_COPYING:
            staged = stage(connection, table.name, _columns(table, ordered[0]), ordered)
            statement = dialect_insert(connection, table).from_select(list(ordered[0]), select(*staged.c))
            connection.execute(_or_change(table, statement, list(ordered[0]), change))
        else:
            statement = dialect_insert(connection, table)
            connection.execute(_or_change(table, statement, list(ordered[0]), change), ordered)


def _or_change(
    table: Table, statement: Any, names: Sequence[str], change: Callable[[Any], Change] | None
) -> Any:
    keys = _keys(table)
    if change is None:
        changed = {name: statement.excluded[name] for name in names if name not in keys}
    else:
        changed = change(statement.excluded)
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def _rounds(table: Table, rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows in order; several with one key in rounds, for one statement changes a row once."""
    rest = in_order(table, rows)
    pick = itemgetter(*_keys(table))
    while rest:
        first: list[Row] = []
        again: list[Row] = []
        last: Any = None
        for row in rest:
            key = pick(row)
            (again if key == last else first).append(row)
            last = key
        yield first
        rest = again


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


def _columns(table: Table, row: Row) -> tuple[Column[Any], ...]:
    return tuple(table.c[name] for name in row)


def stage(
    connection: Connection, name: str, columns: Sequence[Column[Any]], rows: Sequence[Row]
) -> TableClause:
    """PostgreSQL only: put rows into a temporary table by COPY; its content is gone with the transaction.

    Args:
        connection: a transaction that writes.
        name: tells apart what is staged at the same time.
        columns: what the rows have.
        rows: at least one.

    Returns:
        The temporary table, to select from.

    Raises:
        sqlalchemy.exc.DBAPIError: the database refuses a value, or is gone.
    """
    import psycopg
    from psycopg import sql

    names = [column.name for column in columns]
    kinds = [column.type.compile(connection.dialect) for column in columns]
    target = f"staged_{name}"
    identifiers = list(map(sql.Identifier, names))
    driver: Any = connection.connection.driver_connection  # psycopg's own, which knows COPY
    pick = itemgetter(*names)
    try:
        with driver.cursor() as cursor:
            cursor.execute(
                sql.SQL("CREATE TEMPORARY TABLE IF NOT EXISTS {} ({}) ON COMMIT DELETE ROWS").format(
                    sql.Identifier(target),
                    sql.SQL(", ").join(
                        sql.SQL("{} {}").format(identifier, sql.SQL(kind))
                        for identifier, kind in zip(identifiers, kinds, strict=True)
                    ),
                )
            )
            cursor.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(target)))
            with cursor.copy(
                sql.SQL("COPY {} ({}) FROM STDIN").format(
                    sql.Identifier(target), sql.SQL(", ").join(identifiers)
                )
            ) as copy:
                for row in rows:
                    copy.write_row(pick(row))
    except psycopg.Error as error:
        # The driver was spoken to directly: its errors become those that everything else here raises.
        raise DBAPIError.instance(f"COPY {target}", None, error, psycopg.Error) from error
    return sa_table(target, *(sa_column(column.name, column.type) for column in columns))
